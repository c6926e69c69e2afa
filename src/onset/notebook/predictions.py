"""What was predicted, and what is found: for interventions, and for means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd

from onset.figures.mechanism import REPLACEMENTS
from onset.latex import escape
from onset.statistics.rows import where
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


NEAR = 0.1
"""how far from 0 or 1 what is said to be near it may be"""


def means_near(
    means: pd.DataFrame, predicted: Mapping[int, Mapping[str, Iterable[str]]]
) -> pd.DataFrame:
    """Of shares that were said to be near 1 or near 0, which are.

    Args:
        means: condition, measure, mean, of one split (rows of `Study.summary`).
        predicted: 1 or 0 → condition → measures. What wasn't run is left out.

    Returns:
        condition, measure, predicted (`near 1`, `near 0`), mean, held: a row per prediction.
    """
    rows = [
        (row.condition, row.measure, f"near {end}", row.mean, bool(abs(row.mean - end) <= NEAR))
        for end, conditions in predicted.items()
        for condition, measures in conditions.items()
        for measure in measures
        for row in where(means, condition=condition, measure=measure).itertuples()
    ]
    return pd.DataFrame(rows, columns=["condition", "measure", "predicted", "mean", "held"])


def failures(outcome: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """What of `means_near` didn't hold, in words that can be typeset."""
    failed = [
        f"{labels[row.condition]}: {row.measure.replace('_', ' ')} {row.predicted}, "
        f"found {row.mean:.2f}"
        for row in outcome.itertuples()
        if not row.held
    ]
    return escape("; ".join(failed) or "none")
