"""Times at which runs get somewhere, known to lie between two checkpoints; and the estimate from them.

`Times` have a row per run, by condition and seed (of one condition's runs, by seed), with the columns

- `after`: the last checkpoint at which the run isn't there yet;
- `at`: where it gets there on the straight line between the two checkpoints, or half way if nothing is
  known of how it goes there; NaN where it doesn't;
- `before`: the first checkpoint at which it is there; ∞ if it isn't by its last, which is `after`.

The time lies above `after` and up to `before`; `at` is where it is drawn. Differences and ratios of times
have the same columns: what is known of them follows from what is known of both, whether or not a run gets
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from onset.statistics.censored import interval_of_mean, kaplan_meier_median
from onset.statistics.named import stacked
from onset.statistics.seeds import Summary

Times = pd.DataFrame
Bracket = tuple[float, float, float]
"""after, at, before"""

_COLUMNS = ["after", "at", "before"]


def times_of(brackets: Mapping[tuple[str, int], Bracket]) -> Times:
    """Of runs, by condition and seed."""
    index = pd.MultiIndex.from_tuples(list(brackets), names=["condition", "seed"])
    return pd.DataFrame(list(brackets.values()), index, _COLUMNS, dtype=float)


class Estimate(NamedTuple):
    """When runs get there."""

    n_runs: int
    n_there: int
    """how many are known to, and when"""
    mean: float
    """geometric, of times and ratios; where not all runs get there, the Kaplan-Meier median; −∞ or ∞ where
    that lies below or beyond what is known"""
    low: float
    high: float
    """−∞ and ∞ where nothing is known so far out"""
    below: float
    """below which the runs are that are known to be below something, and no more; NaN: there are none"""
    beyond: float
    """beyond which the runs are that are known to be beyond something, and no more"""

    @property
    def summary(self) -> Summary:
        """Of times or of their ratios, which aren't below 0: that is all that is known of the earliest."""
        return Summary(*np.maximum((self.mean, self.low, self.high), 0.0).tolist())


def estimate(times: Times, *, signed: bool = False) -> Estimate:
    """When the runs get there, those that don't included.

    The mean is that of `at`, which supposes a straight line between checkpoints. The interval supposes
    nothing of the kind: it is that of brackets (`interval_of_mean`), so that it is never finer than the
    checkpoints; it is widened to hold the mean. Its scale is logarithmic, or linear where a run may be
    there from the start. A run of which nothing is known, such as the ratio of two times neither of which
    was reached, is counted and no more.

    Args:
        times: of the runs of one condition.
        signed: of differences, which can be negative: their mean and scale are linear.
    """
    after, at, before = times[_COLUMNS].to_numpy(float).T
    lowest = -np.inf if signed else 0.0
    there = ~np.isnan(at)
    left, right = ~there & np.isfinite(before), ~there & (after > lowest)
    below = before[left].max() if left.any() else np.nan
    beyond = after[right].min() if right.any() else np.nan
    told = there | left | right
    if not told.any():
        return Estimate(len(times), 0, np.nan, np.nan, np.nan, below, beyond)
    if there.all():
        mean = float(at.mean()) if signed else _geometric(at)
    else:
        known = np.where(there, at, -np.inf)[there | left]
        mean = kaplan_meier_median(known, after[right & ~left])
    low, high = _interval(after[told], before[told], linear=signed)
    if left.any() and low < before.min():
        low = lowest
    if right.any() and high > after.max():
        high = np.inf
    return Estimate(
        len(times), int(there.sum()), mean,
        float(np.minimum(low, mean)), float(np.maximum(high, mean)), below, beyond,
    )  # fmt: skip


def _interval(after: np.ndarray, before: np.ndarray, *, linear: bool) -> tuple[float, float]:
    if linear:
        return interval_of_mean(after, before)
    if (after > 0).all():
        low, high = np.exp(interval_of_mean(np.log(after), np.log(before)))
        return float(low), float(high)
    low, high = interval_of_mean(after, before)
    return max(low, 0.0), high


def _geometric(at: np.ndarray) -> float:
    """The median where some run is there from the start: a geometric mean would be 0."""
    return float(np.exp(np.log(at).mean()) if (at > 0).all() else np.median(at))


def per_condition(times: Times, *, signed: bool = False) -> pd.DataFrame:
    """`estimate` of each condition's runs: condition, n_runs, n_there, mean, low, high, below, beyond."""
    rows = [
        (condition, *estimate(its, signed=signed))
        for condition, its in times.groupby(level="condition", sort=False)
    ]
    return pd.DataFrame(rows, columns=["condition", *Estimate._fields])


def of_several(times: Mapping[str, Times], column: str, *, signed: bool = False) -> pd.DataFrame:
    """`per_condition` of several times of each run, with their names in this column."""
    return stacked({name: per_condition(its, signed=signed) for name, its in times.items()}, column)


def as_drawn(times: Mapping[str, Times], column: str, *, signed: bool = False) -> pd.DataFrame:
    """`estimate` of several times of one condition's runs, as figures with a row each take it.

    Returns:
        the column with their names, those of `Estimate`, and a column `seed_N` per run: `at`.
    """
    rows = [
        {column: name, **estimate(its, signed=signed)._asdict()}
        | {f"seed_{seed}": at for seed, at in its["at"].droplevel("condition").items()}
        for name, its in times.items()
    ]
    return pd.DataFrame(rows)


def side_by_side(times: Mapping[str, Times]) -> pd.DataFrame:
    """Several times of each run: a column with where each is drawn, and with both ends of its bracket."""
    columns = {
        name if part == "at" else f"{name}_{part}": its[part]
        for name, its in times.items()
        for part in _COLUMNS
    }
    return pd.DataFrame(columns)


def difference(one: Times, other: Times) -> Times:
    """By how much later one time of each run is than another."""
    other = other.reindex(one.index)
    return pd.DataFrame(
        {
            "after": (one["after"] - other["before"]).fillna(-np.inf),
            "at": one["at"] - other["at"],
            "before": (one["before"] - other["after"]).fillna(np.inf),
        }
    )


def ratio(one: Times, other: Times) -> Times:
    """One time of each run over another."""
    other = other.reindex(one.index)
    return pd.DataFrame(
        {
            "after": (one["after"] / other["before"]).fillna(0.0),
            "at": one["at"] / other["at"],
            "before": (one["before"] / other["after"]).fillna(np.inf),
        }
    )


def relative(times: Times, to: str, of: Iterable[str]) -> Times:
    """Each run's time over that of the run with the same seed of another condition.

    Args:
        times: of all runs.
        to: the other condition.
        of: whose runs; those conditions that aren't there are left out.
    """
    conditions = times.index.unique("condition")
    base = _of(times, to)
    parts = {name: ratio(_of(times, name), base) for name in of if name in conditions}
    return pd.concat(parts, names=["condition"]) if parts else times.iloc[:0]


def factors(times: Times, to: str, of: Iterable[str]) -> pd.DataFrame:
    """`relative` over the runs of each condition (`per_condition`)."""
    return per_condition(relative(times, to, of))


def over_nulls(times: Times, nulls: Mapping[str, str]) -> Times:
    """The times of conditions, each over its null's with the same seed.

    Args:
        times: of all runs.
        nulls: condition → its null.
    """
    return pd.concat([relative(times, null, [name]) for name, null in nulls.items()])


def _of(times: Times, condition: str) -> Times:
    """By seed."""
    return times[times.index.get_level_values("condition") == condition].droplevel("condition")


class Sooner(NamedTuple):
    """In how many seeds one condition gets there before another."""

    n_sooner: int
    n_later: int
    n_seeds: int
    """that both have; in the others, brackets overlap or neither gets there"""
    p: float
    """two-sided, of an exact sign test of those that are decided"""


def sooner(times: Times, one: str, other: str) -> Sooner:
    """Whether one condition's runs get there before those of another with the same seeds.

    A run that isn't there by its end is later than one that is by then.
    """
    ones, others = _of(times, one), _of(times, other)
    lag = difference(ones.loc[ones.index.isin(others.index)], others)
    n_sooner, n_later = int((lag["before"] <= 0).sum()), int((lag["after"] >= 0).sum())
    decided = n_sooner + n_later
    p = stats.binomtest(n_sooner, decided).pvalue if decided else 1.0
    return Sooner(n_sooner, n_later, len(lag), float(p))
