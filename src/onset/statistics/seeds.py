"""Many seeds in three numbers: mean and interval."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

from onset.statistics.kinds import KINDS
from onset.statistics.rows import at_last_step, full_name

CONFIDENCE = 0.95


def interval(values: np.ndarray | list[float], kind: str = "real") -> tuple[float, float, float]:
    """Mean over seeds and its 95 % confidence interval by Student's t: (mean, low, high).

    Args:
        values: one per seed, shape (seeds,).
        kind: of quantity (`onset.statistics.kinds`); the interval is cut to its range.

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
    return mean, *KINDS[kind].cut(mean - half, mean + half)


def summarise(measures: pd.DataFrame) -> pd.DataFrame:
    """Mean and interval over seeds at each run's last checkpoint.

    Args:
        measures: of all runs of a study, with the columns condition, seed, kind and digits.

    Returns:
        One row per condition, split and measure: condition, split, measure, kind, digits, n_seeds, mean,
        low, high.
    """
    last = at_last_step(measures)
    final = last.assign(measure=full_name(last))
    rows = []
    keys = ["condition", "split", "measure", "kind", "digits"]
    for key, group in final.groupby(keys, sort=False, dropna=False, observed=True):
        rows.append((*key, len(group), *interval(group["value"].to_numpy(), key[3])))
    return type(measures)(rows, columns=[*keys, "n_seeds", "mean", "low", "high"])


def over_seeds(measures: pd.DataFrame, by: list[str], kind: str | None = None) -> pd.DataFrame:
    """Mean and interval over seeds per combination of the columns `by`, and each seed's value.

    Args:
        measures: one measure or several, with the columns seed, value, `by`, and the kind of each value.
        by: what to keep apart.
        kind: of all values, in place of the column: for what isn't what was measured any more, such as its
            logarithm or a difference.

    Returns:
        One row per combination, with the columns `by`, n_seeds, mean, low, high, seed_0, seed_1, …

    Raises:
        ValueError: it isn't said of which kind values are, or those to be averaged are of several.
    """
    if kind is None and "kind" not in measures:
        raise ValueError(f"say of which kind the values are: one of {', '.join(KINDS)}")
    rows = []
    for key, group in measures.groupby(by, sort=False):
        its = kind or _only(group["kind"])
        rows.append((*key, len(group), *interval(group["value"].to_numpy(), its)))
    means = type(measures)(rows, columns=[*by, "n_seeds", "mean", "low", "high"])
    if not rows:
        return means
    seeds = measures.pivot_table("value", index=by, columns="seed", observed=True)
    return means.merge(seeds.add_prefix("seed_").reset_index(), on=by)


def _only(kinds: pd.Series) -> str:
    there = kinds.unique().tolist()
    if len(there) > 1:
        raise ValueError(f"values of several kinds can't be averaged: {', '.join(there)}")
    if there[0] not in KINDS:
        raise ValueError(f"{there[0]!r} is no kind of quantity (allowed: {', '.join(KINDS)})")
    return there[0]


def from_logarithms(curves: pd.DataFrame) -> pd.DataFrame:
    """What `over_seeds` says of common logarithms, as the numbers themselves: means are geometric."""
    drawn = ["mean", "low", "high", *curves.filter(regex=r"^seed_\d+$")]
    return curves.assign(**{column: 10 ** curves[column] for column in drawn})


class Summary(NamedTuple):
    """Many seeds in three numbers."""

    mean: float
    low: float
    high: float


def summary_of_seeds(values: pd.Series, kind: str = "real") -> Summary:
    """Mean and interval of one value per seed, of this kind."""
    return Summary(*interval(values.to_numpy(dtype=float), kind))


def geometric_mean(values: Iterable[float]) -> Summary:
    """Of what varies by factors, such as steps: the mean of logarithms and its interval."""
    return Summary(*(10 ** np.array(interval(np.log10(list(values))))))
