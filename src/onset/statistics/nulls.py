"""What a condition has beyond its null control."""

from __future__ import annotations

import pandas as pd


def beyond(rows: pd.DataFrame, condition: str, null: str) -> pd.Series:
    """One condition's value minus the null control's, within each seed.

    Args:
        rows: of one measure at one checkpoint of each run: condition, seed, value.
        condition: the one that is claimed to be more.
        null: its control.

    Returns:
        By seed, of those that both were run with; none if one of the conditions wasn't run.

    Raises:
        ValueError: there are several values of one run.
    """
    if rows.duplicated(["condition", "seed"]).any():
        raise ValueError(
            "there are several values of one run: choose a measure, a split and a step"
        )
    values = rows.pivot_table("value", "seed", "condition", observed=True)
    both = values.reindex(columns=[condition, null]).astype(float)
    return (both[condition] - both[null]).dropna()
