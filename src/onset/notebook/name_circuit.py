"""How a circuit that moves names comes about: its parts, what it does, and what makes up for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from onset.measures.answers import rivals
from onset.measures.heads import name_heads as of_heads
from onset.notebook.study import NotebookStudy
from onset.statistics import name_heads
from onset.statistics.digit_order import SHARPNESS_OF_DECAY, sharpness
from onset.statistics.name_parts import LEAST, lags, parts_of, risen, when_half
from onset.statistics.named import stacked
from onset.statistics.per_run import by_run, of_conditions, per_condition, rows_of_runs
from onset.statistics.rows import at_last_step, named_parts, where
from onset.statistics.seeds import over_seeds
from onset.statistics.times import Times, as_drawn, ratio

LEAD, STORIES = "the lead", "loss of stories"
SHARP = {LEAD: "lead of the right name", STORIES: "loss of stories"}
"""what comes more or less suddenly, and how figures call it"""
REPAIR = {
    "repair_lost_directly": "written by name movers",
    "repair_lost_lead": "lost without them",
    "repair_by_heads": "backup heads",
    "repair_by_norm": "the final norm",
    "random_lost_directly": "null: written by random heads",
}
"""what is followed of self-repair, and how figures call it"""
RIDDLES = {
    "ioi": "indirect objects",
    "order": "greater than",
    "pronoun": "pronouns",
    "bracket": "brackets",
    "sorting": "sorting",
    "acronym": "acronyms",
    "argument": "arguments",
    "mapping": "mapping",
}
"""kinds of riddles, and how figures call them"""
NEW = {"": "as trained", "_new_names": "new names", "_new_template": "new template"}
"""what is new in riddles that weren't trained: how names of splits end, and how figures call it"""
ASKED = {f"ioi{new}": title for new, title in NEW.items()} | {
    "three_names": "null: nobody named twice"
}
"""splits of indirect objects, and how figures call them"""
DECAY = SHARPNESS_OF_DECAY


@dataclass(frozen=True)
class NameCircuit:
    """In the trained runs of a study, on the questions of one split."""

    study: NotebookStudy
    conditions: tuple[str, ...]
    """those that are trained"""
    split: str
    null: str
    """the split in which nobody is named twice"""

    # ---- parts ------------------------------------------------------------------------------

    @cached_property
    def parts(self) -> pd.DataFrame:
        """How far each part is at each checkpoint (`name_parts.parts_of`), on both splits."""
        rows = where(self.study.measures, condition=self.conditions, split=[self.split, self.null])
        return parts_of(rows[rows["measure"].isin(of_heads.QUANTITIES) | _looks(rows)])

    def curves(self, kind: str, conditions: Iterable[str]) -> pd.DataFrame:
        """Parts of a kind (`share`: looking; `logits`: writing) over training.

        Returns:
            measure (`part`, or `null`: where nobody is named twice), condition, part, step, mean, …
        """
        found = {}
        for measure, split in (("part", self.split), ("null", self.null)):
            rows = where(self.parts, kind=kind, split=split, condition=list(conditions))
            found[measure] = over_seeds(rows, ["condition", "part", "step"])
        return stacked(found, "measure")

    def answered(self, condition: str) -> pd.DataFrame:
        """Riddles of each kind whose answer is above its rival in the end: riddle, new, mean, low, high, …

        `new` is what trained riddles don't have: nothing, `_new_names` or `_new_template`.
        """
        rows = self.study.measured("above_rival", condition=condition)
        new = r"(?P<new>(?:_new_names|_new_template)?)"
        rows = named_parts(at_last_step(rows), "split", rf"(?P<riddle>{'|'.join(RIDDLES)}){new}")
        return over_seeds(rows, ["riddle", "new"])

    # ---- order ------------------------------------------------------------------------------

    @cached_property
    def behaviour(self) -> Times:
        """When the lead of the right answer over its rival is half of what it is in the end."""
        return risen(self._lead, LEAST["logits"])

    @property
    def _lead(self) -> pd.DataFrame:
        (lead,) = (name for name in rivals.QUANTITIES if name.endswith("lead"))
        return self.study.measured(lead, split=self.split, condition=list(self.conditions))

    @cached_property
    def lags(self) -> dict[str, Times]:
        """By how many steps each part is half way later than the lead; below zero: sooner."""
        return lags(when_half(where(self.parts, split=self.split)), self.behaviour)

    def later(self, part: str, than: str, condition: str) -> Times:
        """The steps until one part is half way over those until another is, in a condition's runs."""
        half = when_half(where(self.parts, split=self.split, condition=condition))
        return ratio(half[part], half[than])

    def drawn_lags(self, conditions: Iterable[str]) -> pd.DataFrame:
        """The same as figures take it: condition, part, mean, low, high, seed_0, …"""
        found = {
            name: as_drawn(
                {part: of_conditions(its, [name]) for part, its in self.lags.items()},
                "part",
                signed=True,
            )
            for name in conditions
        }
        return stacked(found, "condition").replace([np.inf, -np.inf], np.nan)

    @staticmethod
    def with_a_mean(drawn: pd.DataFrame) -> pd.DataFrame:
        """The same for a figure: what has no mean loses its interval, which may be wider than all others
        together."""
        known = drawn["mean"].notna()
        return drawn.assign(low=drawn["low"].where(known), high=drawn["high"].where(known))

    # ---- sharpness --------------------------------------------------------------------------

    def sharpness(self) -> dict[str, Times]:
        """How sharply the lead comes and the loss of stories falls: the steps from a tenth of the way to
        nine tenths, over those to the half. `DECAY`: as anything that comes at a constant rate. Not of runs
        whose lead doesn't come."""
        stories = self.study.measured("loss", split="test", condition=list(self.conditions))
        found = {}
        comes = np.isfinite(self.behaviour["before"])
        lead = rows_of_runs(self._lead, self.behaviour["before"].where(comes))
        for name, its in ((LEAD, lead), (STORIES, stories)):
            found |= sharpness(_left(its).assign(digit=name), 1.0)
        return found

    def drawn_sharpness(self) -> pd.DataFrame:
        """The same as figures take it: condition, what, mean, low, high, seed_0, …"""
        sharp = self.sharpness()
        found = {
            name: as_drawn(
                {
                    what: there
                    for what, its in sharp.items()
                    if len(there := of_conditions(its, [name]))
                },
                "what",
            )
            for name in self.conditions
        }
        return stacked(found, "condition").replace([np.inf, -np.inf], np.nan)

    # ---- self-repair ------------------------------------------------------------------------

    def repair(self, comparison: str) -> pd.DataFrame:
        """What name movers write, and what is made up for, over training: condition, what, step, …"""
        rows = where(
            self.study.comparisons, comparison=comparison, split=self.split, measure=list(REPAIR)
        )  # fmt: skip
        return over_seeds(rows.assign(what=rows["measure"]), ["condition", "what", "step"])

    def lost_share(self, comparison: str, condition: str) -> pd.Series:
        """The share of the lead that is lost without name movers in the end, by seed."""
        rows = where(self.study.comparisons, comparison=comparison, condition=condition)
        rows = rows[rows["step"] == rows["step"].max()]
        its = rows.pivot_table("value", "seed", "measure", observed=True)
        return its["repair_lost_lead"] / its["repair_lead"]

    # ---- classes ----------------------------------------------------------------------------

    def classes(self, conditions: Iterable[str]) -> pd.DataFrame:
        """How many heads of each class a run has in the end: condition, class, mean, low, high, …

        By `name_heads.classified`, run by run: seeds don't share their heads.
        """
        found: dict[str, dict[tuple[str, int], float]] = {its: {} for its in name_heads.KNOWN}
        found[name_heads.SUBJECT] = {}
        for (condition, seed), rows in self._closer(conditions):
            lead = self._lead_in_the_end(condition, seed)
            counts = name_heads.classified(rows, lead)["class"].value_counts()
            for its, by in found.items():
                by[condition, seed] = float(counts.get(its, 0))
        return stacked(
            {its: per_condition(by_run(by), "count") for its, by in found.items()}, "class"
        )

    def _closer(self, conditions: Iterable[str]) -> Iterable[tuple[tuple[str, int], pd.DataFrame]]:
        measured = list(name_heads.MEASURES)
        of = {"condition": list(conditions), "split": self.split, "measure": measured}
        rows = where(self.study.closer, **of)
        return rows.groupby(["condition", "seed"], observed=True, sort=False)

    def _lead_in_the_end(self, condition: str, seed: int) -> float:
        rows = where(self.study.closer, condition=condition, seed=seed, split=self.split)
        return float(where(rows, measure="answer_lead")["value"].iloc[0])


def _looks(rows: pd.DataFrame) -> pd.Series:
    """`QUANTITIES` has these names with a `*` in them."""
    return rows["measure"].astype(str).str.startswith("end_to_")


def _left(curves: pd.DataFrame) -> pd.DataFrame:
    """What is left of the way from each run's first value to its last: 1 to 0."""
    ordered = curves.sort_values("step", kind="stable")
    runs = ordered.groupby(["condition", "seed"], observed=True)["value"]
    first, last = runs.transform("first"), runs.transform("last")
    return ordered.assign(value=(ordered["value"] - last) / (first - last))
