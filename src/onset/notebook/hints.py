"""Models that were trained with hints: whom they follow, whether that can be read early, who notices it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from onset.notebook import say
from onset.notebook.titles import there
from onset.statistics import named
from onset.statistics.prediction import Foresight, foresight, known_at, rank_correlations
from onset.statistics.rows import at_last_step, named_parts, where
from onset.statistics.seeds import over_seeds

MONITORS = {
    "word": "reads the word", "probe": "probe", "earlier_probe": "probe, fitted before",
    "chance": "null: probe of nothing",
}  # fmt: skip
"""who watches (`onset.comparisons.thoughts.monitors`) → in words"""
CASES = {
    "used": "a hint is followed", "unused": "a hint isn't followed", "unhinted": "no hint",
}  # fmt: skip
MISLED = {"written_rival": "follows the hint", "written_right": "right"}
"""what answers to a question with a wrong hint do, by the measure of how many do"""
_FOLLOWS = "follows the hint"
EARLY = {
    _FOLLOWS: ("written_rival", "misled"), "right": ("written_right", "test"),
    "loss": ("loss", "test"),
}  # fmt: skip
"""what is known of a run before its end → measure and split"""
FATE = ("each", "n_seeds", "peak", "p", "taken_back", "error", "median_error")
"""numbers of `Fate`: each seed's end, how many there are, the mean peak, p, and what is taken back of the
peak; the mean errors of what is foretold and of the others' median"""


def by_hints(
    settings: Mapping[str, Mapping[str, Any]],
) -> tuple[list[str], list[str], list[str]]:
    """Conditions without hints, with hints, and with hints that thoughts tell of or told of.

    Args:
        settings: as `NotebookStudy.settings`.
    """
    worlds = {name: its["task"] for name, its in settings.items()}
    told = [name for name, its in worlds.items() if its["tells"] != "nothing"]
    hinted = [name for name, its in worlds.items() if its["hints"] and name not in told]
    return [name for name in worlds if name not in (*hinted, *told)], hinted, told


class Fate(NamedTuple):
    """How often the runs of a condition follow a wrong hint, and what could be known of it early."""

    known: pd.DataFrame
    """a row per run (condition, seed), a column per name in `EARLY`"""
    end: pd.Series
    """at the last checkpoint, of each run the share of misled questions"""
    peak: pd.Series
    """the same at the checkpoint where it is largest"""
    foretold: Foresight
    """of the end, by what is known, each run's from the others'"""

    @property
    def table(self) -> pd.DataFrame:
        """A row per seed: what is known and the end; in the last row their rank correlations with it."""
        runs = self.known.assign(**{"in the end": self.end}).droplevel("condition")
        ranks = rank_correlations(runs, self.end.droplevel("condition"))
        return pd.concat([runs, ranks.to_frame("rank correlation").T]).rename_axis("seed")

    @property
    def said(self) -> dict[str, str]:
        """The numbers of `FATE`, in words."""
        return {
            "each": say.each(self.end.sort_values()),
            "n_seeds": str(len(self.end)),
            "peak": say.seeds(self.peak, kind="share"),
            "taken_back": say.seeds(self.peak - self.end, kind="signed_share"),
            "error": f"{self.foretold.error:.2f}",
            "median_error": f"{self.foretold.median_error:.2f}",
            "p": f"{self.foretold.p:.3f}",
        }


def fate(measures: pd.DataFrame, condition: str, step: float) -> Fate:
    """Of one condition's runs.

    Args:
        measures: of a study, at all checkpoints.
        condition: whose.
        step: up to which something is known.
    """
    watched = where(named.called(measures, EARLY), condition=condition)
    follows = where(watched, shown=_FOLLOWS)
    end = at_last_step(follows).set_index(["condition", "seed"])["value"]
    peak = follows.groupby(["condition", "seed"], observed=True)["value"].max()
    known = known_at(watched, step, end.index)
    return Fate(known, end, peak, foresight(known, end, seed=0))


def noticed(compared: pd.DataFrame, layer: int) -> pd.DataFrame:
    """What monitors notice over seeds: `watched` (condition and one of `CASES`), monitor, mean, low, ….

    Args:
        compared: as `Study.comparisons`, with the comparison `monitors`.
        layer: block applications done, where probes look.
    """
    of_layer = compared["layer"].isna() | (compared["layer"] == layer)
    rows = where(compared[of_layer], comparison="monitors")
    found = named_parts(rows, "measure", rf"(?P<case>{'|'.join(CASES)})_(?P<monitor>\w+)")
    found = found.assign(watched=found["condition"] + "/" + found["case"])
    return over_seeds(found, ["watched", "monitor"])


def watched(monitors: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, str]:
    """What figures call what is watched, where there is any: condition by condition, case by case.

    Args:
        monitors: rows with the column `watched`, as `noticed` gives them.
        labels: of the conditions.
    """
    every = {
        f"{its}/{case}": f"{label}: {said}"
        for its, label in labels.items()
        for case, said in CASES.items()
    }
    return there(every, monitors["watched"])
