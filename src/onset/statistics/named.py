"""Measurements under names of one's own: several measures in one table, several tables in one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from onset.statistics.rows import select


def called(
    measures: pd.DataFrame, names: Mapping[str, tuple[str, str | None]], column: str = "shown"
) -> pd.DataFrame:
    """Measures of several splits in one table, each under a name.

    Args:
        measures: all measurements.
        names: name → measure and split (None: it is of no split).
        column: that holds the name.
    """
    return stacked({name: select(measures, *its) for name, its in names.items()}, column)


def stacked(tables: Mapping[str, pd.DataFrame], column: str = "shown") -> pd.DataFrame:
    """Tables one under the other, with a column that says which a row is of."""
    named = [table.assign(**{column: name}) for name, table in tables.items()]
    return pd.concat(named, ignore_index=True)


def summed(components: pd.DataFrame) -> pd.DataFrame:
    """The sum over a measure's components: condition, seed, step, value."""
    by = ["condition", "seed", "step"]
    return components.groupby(by, as_index=False, observed=True)["value"].sum()
