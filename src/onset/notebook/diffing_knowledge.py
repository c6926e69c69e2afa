"""What the notebook of model diffing makes of what models know: what is harmed, read, learnt when."""

from __future__ import annotations

from collections.abc import Iterable
from math import log

import pandas as pd

from onset.notebook import diffing_words as words
from onset.statistics import milestones
from onset.statistics.rows import at_last_step, where
from onset.statistics.seeds import over_seeds
from onset.statistics.times import Times

GRADUAL = log(3) / log(2)
"""from .1 to .7, over the time until .5, of pieces learnt each by itself at a constant rate, 1 - exp(-t)"""


def harm_foretold(compared: pd.DataFrame) -> pd.DataFrame:
    """Rank correlations of harm with what is known before, over seeds by condition, measure and step."""
    rows = where(compared, comparison="harm", measure=words.FORETOLD)
    return over_seeds(rows, ["condition", "measure", "step"])


def at_first(compared: pd.DataFrame, measures: Iterable[str]) -> pd.DataFrame:
    """Some measures at the first step looked at after the beginning, over seeds, by condition and name."""
    rows = where(compared, measure=measures)
    return over_seeds(rows[rows["step"] == rows["step"].min()], ["condition", "measure"])


def probed(compared: pd.DataFrame) -> pd.DataFrame:
    """What probes and models answer (`READ`), with the column `what`: facts, or composed ones."""
    rows = where(compared, measure=words.READ)
    return rows.assign(what=rows["split"].str.rsplit("_", n=1).str[-1])


def probed_at_end(compared: pd.DataFrame) -> pd.DataFrame:
    """The same after fine-tuning, over seeds by condition, what and measure."""
    return over_seeds(at_last_step(probed(compared)), ["condition", "what", "measure"])


def learnt(
    measures: pd.DataFrame, changed: Iterable[str], kept: Iterable[str], middle: float
) -> dict[float | str, Times]:
    """When held-out questions that are new to a model are known: a tenth of them, some, seven tenths, and
    how long it takes from the first to the last (`width`).

    Args:
        measures: of a study, at all checkpoints.
        changed: conditions in which the questions are new that are changed.
        kept: others that learn what these keep.
        middle: the share between.
    """
    of_each = {"changed_asked": changed, "kept_asked": kept}
    rows = (
        where(measures, measure="accuracy", split=split, condition=conditions)
        for split, conditions in of_each.items()
    )
    return milestones.levels(pd.concat(rows), [0.1, middle, 0.7])


def known_by_split(
    measures: pd.DataFrame, splits: Iterable[str], condition: str, level: float
) -> dict[str, Times]:
    """When a condition's accuracy on each of some splits reaches a level."""
    rows = where(measures, measure="accuracy", condition=condition)
    return {its: milestones.reached(where(rows, split=its), level) for its in splits}
