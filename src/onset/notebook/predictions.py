"""What was predicted of an intervention, beside what it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from onset.statistics.wording import format_interval


class Predicted(NamedTuple):
    """How often the answer was said to become the donor's."""

    condition: str
    kind: str
    """of replacement"""
    share: float | str | None
    """a number, a column of the rows that holds it, or None: nothing was said"""


def predictions_table(
    rows: pd.DataFrame,
    predicted: Iterable[Predicted],
    splits: Iterable[str],
    labels: Mapping[str, str],
    replacements: Mapping[str, str],
) -> pd.DataFrame:
    """Texts, a row per prediction and split; none where a condition wasn't run.

    Args:
        rows: of `mechanism.follows_donor`, with the columns that predictions name.
        predicted: the predictions, in the order of the rows.
        splits: of the questions.
        labels: of the conditions.
        replacements: what each kind is called.
    """
    found = {(its.condition, its.kind, its.split): its for its in rows.itertuples()}
    cells = [
        (
            labels[its.condition],
            split,
            replacements[its.kind],
            _said(its.share, row),
            format_interval(row),
        )
        for its in predicted
        for split in splits
        if (row := found.get((its.condition, its.kind, split)))
    ]
    columns = ["model", "questions", "state at the first relation", "predicted", "observed"]
    return pd.DataFrame(cells, columns=columns)


def _said(share: float | str | None, row: object) -> str:
    if share is None:
        return ""
    return f"{getattr(row, share) if isinstance(share, str) else share:.2f}"
