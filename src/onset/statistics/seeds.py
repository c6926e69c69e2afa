"""Many seeds in three numbers: mean and interval."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

from onset.statistics.rows import at_last_step, full_name

CONFIDENCE = 0.95
_PROPORTIONS = (
    "accuracy",
    "top1",
    "follows",
    "keeps",
)  # ends of names of what lies between 0 and 1


def interval(
    values: np.ndarray | list[float], proportion: bool = False
) -> tuple[float, float, float]:
    """Mean over seeds and its 95 % confidence interval by Student's t: (mean, low, high).

    Args:
        values: one per seed, shape (seeds,).
        proportion: cut the interval at 0 and 1.

    Returns:
        The bounds are NaN for fewer than two seeds, the mean, too, for none.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return np.nan, np.nan, np.nan
    mean = values.mean()
    if len(values) < 2:
        return mean, np.nan, np.nan
    half = (
        stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)
        * values.std(ddof=1)
        / np.sqrt(len(values))
    )
    low, high = mean - half, mean + half
    return (mean, max(low, 0.0), min(high, 1.0)) if proportion else (mean, low, high)


def is_proportion(measure: str) -> bool:
    name = measure.split(".")[0]
    return name == "attention" or name.endswith(_PROPORTIONS)


def summarise(measures: pd.DataFrame) -> pd.DataFrame:
    """Mean and interval over seeds at each run's last checkpoint.

    Args:
        measures: of all runs of a study, with the columns condition and seed (`Study.measures`).

    Returns:
        One row per condition, split and measure: condition, split, measure, n_seeds, mean, low, high.
    """
    last = at_last_step(measures)
    final = last.assign(measure=full_name(last))
    rows = []
    keys = ["condition", "split", "measure"]
    for key, group in final.groupby(keys, sort=False, dropna=False, observed=True):
        numbers = interval(group["value"].to_numpy(), is_proportion(key[2]))
        rows.append((*key, len(group), *numbers))
    columns = [*keys, "n_seeds", "mean", "low", "high"]
    return type(measures)(rows, columns=columns)


def over_seeds(measures: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean and interval over seeds per combination of the columns `by`, and each seed's value.

    Args:
        measures: one measure or several, with the columns measure, seed, value and `by`.
        by: what to keep apart.

    Returns:
        One row per combination, with the columns `by`, n_seeds, mean, low, high, seed_0, seed_1, …
    """
    rows = []
    for key, group in measures.groupby(by, sort=False):
        numbers = interval(group["value"].to_numpy(), is_proportion(group["measure"].iloc[0]))
        rows.append((*key, len(group), *numbers))
    means = type(measures)(rows, columns=[*by, "n_seeds", "mean", "low", "high"])
    seeds = measures.pivot_table("value", index=by, columns="seed", observed=True)
    return means.merge(seeds.add_prefix("seed_").reset_index(), on=by)


def from_logarithms(curves: pd.DataFrame) -> pd.DataFrame:
    """What `over_seeds` says of common logarithms, as the numbers themselves: means are geometric."""
    drawn = ["mean", "low", "high", *curves.filter(regex=r"^seed_\d+$")]
    return curves.assign(**{column: 10 ** curves[column] for column in drawn})


class Summary(NamedTuple):
    """Many seeds in three numbers."""

    mean: float
    low: float
    high: float


def summary_of_seeds(values: pd.Series) -> Summary:
    """Mean and interval of one value per seed."""
    return Summary(*interval(values.to_numpy(dtype=float)))


def geometric_mean(values: Iterable[float]) -> Summary:
    """Of what varies by factors, such as steps: the mean of logarithms and its interval."""
    return Summary(*(10 ** np.array(interval(np.log10(list(values))))))
