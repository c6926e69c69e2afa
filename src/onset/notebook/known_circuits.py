"""Circuits that are known, put to the test on a study's models: what they recover, what matters of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.notebook.study import NotebookStudy
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds
from onset.statistics.wording import format_interval

HYPOTHESES = {
    "circuit": "the circuit",
    "exchanged": "roles exchanged",
    "other task": "another task's circuit",
    "everything": "everything matters",
}
KNOWN = {
    "known_precision": "of what matters, in the circuit",
    "known_recall": "of the circuit, what matters",
}
"""how well a declared circuit and the edges that matter by themselves agree"""
_OF_PROGRAM = r"(?P<which>known|wrong)_(?P<program>[a-z]+)"


@dataclass(frozen=True)
class KnownCircuits:
    """Those of the comparisons `known_PROGRAM`, with the program's own circuit, and `wrong_PROGRAM`."""

    study: NotebookStudy

    @cached_property
    def scrubbed(self) -> pd.DataFrame:
        """What each hypothesis recovers of the loss in the end: condition, seed, hypothesis, value, …"""
        rows = self._in_the_end
        own, other = (where(rows, which=its) for its in ("known", "wrong"))
        names = {
            "scrubbed_recovered": "circuit",
            "exchanged_recovered": "exchanged",
            "everything_recovered": "everything",
        }
        its = where(own, measure=list(names))
        its = its.assign(hypothesis=its["measure"].map(names))
        wrong = where(other, measure="scrubbed_recovered").assign(hypothesis="other task")
        return pd.concat([its, wrong], ignore_index=True)

    @cached_property
    def _in_the_end(self) -> pd.DataFrame:
        """What was found at each run's last step, with the columns `which` and `program`."""
        rows = named_parts(self.study.comparisons, "comparison", _OF_PROGRAM)
        last = rows.groupby(["condition", "seed"], observed=True)["step"].transform("max")
        return rows[rows["step"] == last]

    def recovered(self) -> pd.DataFrame:
        """The same over seeds: condition, hypothesis, mean, low, high, …"""
        return over_seeds(self.scrubbed, ["condition", "hypothesis"])

    def recovered_by(self, hypothesis: str, condition: str) -> pd.DataFrame:
        """The same of one hypothesis and one condition, a row per seed."""
        return where(self.scrubbed, hypothesis=hypothesis, condition=condition)

    def known_edges(self) -> pd.DataFrame:
        """How far the edges that matter by themselves are the circuit's: condition, quantity, mean, …"""
        rows = where(self._in_the_end, which="known", measure=list(KNOWN))
        return over_seeds(rows.assign(quantity=rows["measure"]), ["condition", "quantity"])

    def recovered_table(self, labels: Mapping[str, str]) -> pd.DataFrame:
        """Texts: a row per model, a column per hypothesis; and how well edges that matter agree with the
        circuit."""
        found = [(self.recovered(), "hypothesis"), (self.known_edges(), "quantity")]
        said = {
            (row.condition, getattr(row, by)): format_interval(row, 2)
            for rows, by in found
            for row in rows.itertuples(index=False)
        }
        columns = HYPOTHESES | KNOWN
        rows = [
            [labels[name], *(said.get((name, its), "") for its in columns)]
            for name in dict.fromkeys(name for name, _ in said)
        ]
        return pd.DataFrame(rows, columns=["model", *columns.values()])
