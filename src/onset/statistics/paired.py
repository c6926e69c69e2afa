"""Differences paired by seed: one number minus another of the same run, or of two runs."""

from __future__ import annotations

import pandas as pd

from onset.statistics.kinds import of_differences

_RUN = ("condition", "seed")


def difference(
    rows: pd.DataFrame,
    minuend: str,
    subtrahend: str,
    of: str = "measure",
    called: str = "difference",
) -> pd.DataFrame:
    """One number of each run minus another of the same run.

    Args:
        rows: a row per run and number: condition, seed, kind, value and the column `of`; n_examples
            where it is known.
        minuend: what is taken from, as the column `of` calls it.
        subtrahend: what is taken away.
        of: the column that says which number it is; of conditions, what is paired is the seed.
        called: the measure that it is.

    Returns:
        condition, seed, measure, kind, value: a row per run that has both numbers.
    """
    both = _numbers(rows, minuend, subtrahend, of)
    found = (both[minuend] - both[subtrahend]).rename("value").reset_index()
    kinds = set(rows.loc[rows[of].isin([minuend, subtrahend]), "kind"])
    kind = of_differences(kinds.pop()) if len(kinds) == 1 else "real"
    return _with_examples(found.assign(measure=called, kind=kind), rows)


def ratio(
    rows: pd.DataFrame, numerator: str, denominator: str, of: str = "measure"
) -> pd.DataFrame:
    """One number of each run over another of the same run.

    Args:
        rows: as of `difference`.
        numerator: what is divided, as the column `of` calls it.
        denominator: by what.
        of: the column that says which number it is.

    Returns:
        condition, seed, measure (`ratio`), kind, value: a row per run that has both numbers.
    """
    both = _numbers(rows, numerator, denominator, of)
    found = (both[numerator] / both[denominator]).rename("value").reset_index()
    return found.assign(measure="ratio", kind="ratio")


def part(rows: pd.DataFrame, one: str, other: str, of: str = "measure") -> pd.DataFrame:
    """One number of each run over the sum of it and another of the same run.

    Args:
        rows: as of `difference`; both numbers are positive, or 0.
        one: the part that is asked for, as the column `of` calls it.
        other: the rest.
        of: the column that says which number it is.

    Returns:
        condition, seed, measure (`part`), kind, value: a row per run that has both numbers.
    """
    both = _numbers(rows, one, other, of)
    found = (both[one] / (both[one] + both[other])).rename("value").reset_index()
    return found.assign(measure="part", kind="share")


def _numbers(rows: pd.DataFrame, one: str, other: str, of: str) -> pd.DataFrame:
    """Two numbers, a row per run that has both."""
    runs = rows.pivot_table("value", [its for its in _RUN if its != of], of, observed=True)
    return runs.reindex(columns=[one, other]).dropna().astype(float)


def _with_examples(found: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """A difference is known as well as the number that is a mean over fewer examples."""
    if "n_examples" not in rows:
        return found
    by = [its for its in _RUN if its in found]
    fewest = rows.groupby(by, observed=True)["n_examples"].min().reset_index()
    return found.merge(fewest, on=by, how="left")


def beside(**columns: pd.DataFrame) -> pd.DataFrame:
    """Several numbers of each run, a column per number.

    Args:
        columns: by the name of each: a row per run, with condition, seed and value.

    Returns:
        condition, seed and the columns: a row per run that has all of them.
    """
    values = {name: rows.set_index(list(_RUN))["value"] for name, rows in columns.items()}
    return pd.concat(values, axis=1, join="inner").reset_index()
