"""Differences paired by seed: two numbers of the same run, one minus the other."""

from __future__ import annotations

import pandas as pd


def difference(
    rows: pd.DataFrame, minuend: str, subtrahend: str, of: str = "measure"
) -> pd.DataFrame:
    """One number of each run minus another of the same run.

    Args:
        rows: a row per run and number: condition, seed, value and the column `of`.
        minuend: what is taken from, as the column `of` calls it.
        subtrahend: what is taken away.
        of: the column that says which number it is.

    Returns:
        condition, seed, measure (`difference`), kind, value: a row per run that has both numbers.
    """
    runs = rows.pivot_table("value", ["condition", "seed"], of, observed=True)
    there = {minuend, subtrahend} <= set(runs)
    values = (
        (runs[minuend] - runs[subtrahend]).dropna() if there else pd.Series(index=runs.index[:0])
    )
    found = values.astype(float).rename("value").reset_index()
    return found.assign(measure="difference", kind="real")
