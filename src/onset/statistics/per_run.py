"""A number per run, such as what is known when it gets somewhere: over the runs of each condition.

Such numbers are a series by condition and seed; NaN says that a run has none. When runs get somewhere is no
such number: `onset.statistics.times`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from onset.statistics.seeds import summary_of_seeds


def by_run(values: Mapping[tuple[str, int], float]) -> pd.Series:
    """Such a series, of numbers by condition and seed; there may be none."""
    index = pd.MultiIndex.from_frame(pd.DataFrame(list(values), columns=["condition", "seed"]))
    return pd.Series(list(values.values()), index, dtype=float)


def per_condition(
    values: pd.Series, kind: str = "real", n_examples: float = np.nan
) -> pd.DataFrame:
    """What the runs of each condition have in common.

    Args:
        values: a number per run.
        kind: of quantity (`onset.statistics.kinds`).
        n_examples: that each number is a mean over, at least; NaN: not known.

    Returns:
        condition, n_runs, n_there, mean, low, high: over those n_there runs that have a number.
    """
    rows = []
    for condition, its in values.groupby(level="condition", sort=False):
        there = its.dropna()
        rows.append((condition, len(its), len(there), *summary_of_seeds(there, kind, n_examples)))
    return pd.DataFrame(rows, columns=["condition", "n_runs", "n_there", "mean", "low", "high"])


def of_conditions(
    values: pd.Series | pd.DataFrame, names: Iterable[str]
) -> pd.Series | pd.DataFrame:
    """Those of the runs of some conditions."""
    return values[values.index.get_level_values("condition").isin(list(names))]


def rows_of_runs(rows: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    """The rows (with columns condition and seed) of those runs that have a number."""
    runs = pd.MultiIndex.from_frame(rows[["condition", "seed"]])
    return rows[runs.isin(values.dropna().index)]
