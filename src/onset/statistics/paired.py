"""What differs within a seed: two numbers of the same run, one taken from the other."""

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
    runs = _numbers(rows, minuend, subtrahend, of)
    return _named(runs[minuend] - runs[subtrahend], "difference", "real")


def ratio(
    rows: pd.DataFrame, numerator: str, denominator: str, of: str = "measure"
) -> pd.DataFrame:
    """One number of each run over another of the same run.

    Args:
        rows: a row per run and number: condition, seed, value and the column `of`.
        numerator: what is divided, as the column `of` calls it.
        denominator: by what.
        of: the column that says which number it is.

    Returns:
        condition, seed, measure (`ratio`), kind, value: a row per run that has both numbers.
    """
    runs = _numbers(rows, numerator, denominator, of)
    return _named(runs[numerator] / runs[denominator], "ratio", "ratio")


def _numbers(rows: pd.DataFrame, one: str, other: str, of: str) -> pd.DataFrame:
    """A row per run that has both numbers."""
    runs = rows.pivot_table("value", ["condition", "seed"], of, observed=True)
    return runs.reindex(columns=[one, other]).dropna()


def _named(values: pd.Series, measure: str, kind: str) -> pd.DataFrame:
    found = values.astype(float).rename("value").reset_index()
    return found.assign(measure=measure, kind=kind)
