"""A number per run, such as the step at which it gets somewhere: over the runs of each condition.

Such numbers are a series by condition and seed, as `onset.statistics.milestones` makes them; NaN says that
a run has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from onset.statistics.named import stacked
from onset.statistics.seeds import geometric_mean, summary_of_seeds


def per_condition(
    values: pd.Series, kind: str = "real", *, geometric: bool = False
) -> pd.DataFrame:
    """What the runs of each condition have in common.

    Args:
        values: a number per run.
        kind: of quantity (`onset.statistics.kinds`).
        geometric: whether the mean is that of logarithms, as of steps and factors.

    Returns:
        condition, n_runs, n_there, mean, low, high: over those runs that have a number.
    """
    rows = []
    for condition, its in values.groupby(level="condition", sort=False):
        there = its.dropna()
        summary = geometric_mean(there) if geometric else summary_of_seeds(there, kind)
        rows.append((condition, len(its), len(there), *summary))
    return pd.DataFrame(rows, columns=["condition", "n_runs", "n_there", "mean", "low", "high"])


def of_columns(
    values: pd.DataFrame, column: str, kind: str = "real", *, geometric: bool = False
) -> pd.DataFrame:
    """`per_condition` of several numbers per run, a column each, with their names in this column."""
    return stacked(
        {name: per_condition(its, kind, geometric=geometric) for name, its in values.items()},
        column,
    )


def middle(values: pd.Series) -> pd.DataFrame:
    """condition, median, lowest, highest: where a mean would say little."""
    by = values.groupby(level="condition", sort=False)
    return by.agg(median="median", lowest="min", highest="max").reset_index()


def relative(values: pd.Series, to: str, of: Iterable[str]) -> pd.Series:
    """Each run's number over that of the run with the same seed of another condition.

    Args:
        values: a number per run.
        to: the other condition.
        of: whose runs; those conditions that aren't there are left out.

    Returns:
        By condition and seed; NaN where one of the two is.
    """
    seeds = values.index.get_level_values("seed")
    base = values[values.index.get_level_values("condition") == to].droplevel("condition")
    factors = values / base.reindex(seeds).to_numpy()
    there = [name for name in of if name in values.index.get_level_values("condition")]
    parts = [factors.loc[[name]] for name in there]
    return pd.concat(parts) if parts else factors.iloc[:0]


def factors(values: pd.Series, to: str, of: Iterable[str]) -> pd.DataFrame:
    """`relative` over the runs of each condition (`per_condition`), as factors are."""
    return per_condition(relative(values, to, of), geometric=True)


def over_nulls(values: pd.Series, nulls: Mapping[str, str]) -> pd.DataFrame:
    """`factors` of conditions, each over its null.

    Args:
        values: a number per run.
        nulls: condition → its null.
    """
    return pd.concat([factors(values, null, [name]) for name, null in nulls.items()])


def as_rows(values: pd.Series, kind: str = "real") -> pd.DataFrame:
    """condition, seed, kind, value of those runs that have a number, as `over_seeds` takes them."""
    return values.dropna().rename("value").reset_index().assign(kind=kind)


def logarithms(values: pd.Series) -> pd.DataFrame:
    """The same of common logarithms."""
    return as_rows(np.log10(values))


def of_conditions(
    values: pd.Series | pd.DataFrame, names: Iterable[str]
) -> pd.Series | pd.DataFrame:
    """Those of the runs of some conditions."""
    return values[values.index.get_level_values("condition").isin(list(names))]


def rows_of_runs(rows: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """The rows (with columns condition and seed) of those runs that have a number."""
    runs = pd.MultiIndex.from_frame(rows[["condition", "seed"]])
    return rows[runs.isin(values.dropna().index)]
