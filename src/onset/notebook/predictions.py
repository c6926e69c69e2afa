"""Predictions for an intervention, compared with its effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from onset.figures.mechanism import REPLACEMENTS
from onset.statistics.wording import format_interval


class Predicted(NamedTuple):
    """How often the answer was said to become the donor's."""

    condition: str
    replacement: str
    """of the state, one of `REPLACEMENTS`"""
    share: float | str | None
    """a number, a column of the rows that holds it, or None: nothing was said"""


def predictions_cells(
    rows: pd.DataFrame,
    splits: Iterable[str],
    predicted: Iterable[Predicted],
    labels: Mapping[str, str],
) -> pd.DataFrame:
    """Texts, a row per prediction and split; none where a condition wasn't run.

    Args:
        rows: of `mechanism.follows_donor`, with the columns that predictions name.
        splits: of the questions.
        predicted: the predictions, in the order of the rows.
        labels: of the conditions.
    """
    splits = list(splits)
    found = {(its.condition, its.replacement, its.split): its for its in rows.itertuples()}
    cells = [
        (
            labels[its.condition],
            split,
            REPLACEMENTS[its.replacement],
            _said(its.share, row),
            format_interval(row),
        )
        for its in predicted
        for split in splits
        if (row := found.get((its.condition, its.replacement, split)))
    ]
    columns = ["model", "questions", "state at the first relation", "predicted", "observed"]
    return pd.DataFrame(cells, columns=columns)


def _said(share: float | str | None, row: object) -> str:
    if share is None:
        return ""
    return f"{getattr(row, share) if isinstance(share, str) else share:.2f}"
