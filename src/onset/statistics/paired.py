"""What differs within a seed: one number taken from another of the same run, or of two runs."""

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


def by_seed(rows: pd.DataFrame, minuend: object, subtrahend: object, of: str) -> pd.Series:
    """The same where the two numbers are of different runs, e.g. of two conditions with the same seed.

    Args:
        rows: a row per number and seed: seed, value and the column `of`.
        minuend: what is taken from, as the column `of` calls it.
        subtrahend: what is taken away.
        of: the column that says which number it is.

    Returns:
        A value per seed, NaN where a seed has only one of the numbers; none if there is no such number.
    """
    numbers = rows.pivot_table("value", "seed", of, observed=True)
    there = {minuend, subtrahend} <= set(numbers)
    return numbers[minuend] - numbers[subtrahend] if there else pd.Series(dtype=float)
