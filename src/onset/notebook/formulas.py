"""Parts of a network replaced by formulas: a table of what is left of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from onset.statistics.wording import format_interval

_SAID = {"explained": "{:.3f}", "accuracy": "{:.3f}", "loss": "{:.1e}"}

Formulas = Mapping[str, tuple[str, str | None]]
"""what is replaced by what, in words → the names of the formula and of its null"""


def formula_cells(
    means: pd.DataFrame,
    formulas: Formulas,
    labels: Mapping[str, str],
    telling_nothing: Collection[str] = (),
) -> pd.DataFrame:
    """Texts: a row per condition and formula; a cell is empty where nothing was measured.

    Args:
        means: condition, measure, mean.
        formulas: in the order of the rows.
        labels: of the conditions, in the order of the rows.
        telling_nothing: measures that are left out, because they say nothing.
    """
    found = {(its.condition, its.measure): its.mean for its in means.itertuples()}

    def cell(condition: str, kind: str | None, what: str) -> str:
        mean = found.get((condition, f"{kind}_{what}"))
        nothing = mean is None or f"{kind}_{what}" in telling_nothing
        return "" if nothing else _SAID[what].format(mean)

    rows = [
        [label, replaced, *(cell(name, kind, what) for kind in kinds for what in _SAID)]
        for name, label in labels.items()
        for replaced, kinds in formulas.items()
    ]
    return pd.DataFrame(rows, columns=["model", "replaced", *_SAID, *(f"null: {w}" for w in _SAID)])


def in_words(means: pd.DataFrame, formulas: Formulas, conditions: Collection[str]) -> pd.DataFrame:
    """condition, measure, said: every mean in words, and `none` of what the table would ask for in vain.

    Args:
        means: over seeds: condition, measure, mean, low, high.
        formulas: as of `formula_cells`.
        conditions: that the table is of.
    """
    asked = [
        f"{kind}_{what}" for kinds in formulas.values() for kind in kinds if kind for what in _SAID
    ]
    said = {(condition, measure): "none" for condition in conditions for measure in asked}
    for row in means.itertuples():
        is_loss = row.measure.endswith("loss")
        words = _SAID["loss"].format(row.mean) if is_loss else format_interval(row, 3)
        said[row.condition, row.measure] = words
    rows = [(*of, its) for of, its in said.items()]
    return pd.DataFrame(rows, columns=["condition", "measure", "said"])
