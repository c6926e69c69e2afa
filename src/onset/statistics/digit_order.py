"""When each digit of a sum is learnt in a run, how sharply, in which order, and what tells the order.

Of each digit there is a curve; what is asked of one is asked of all, and kept by digit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import rankdata

from onset.statistics.milestones import down_to
from onset.statistics.per_run import by_run, of_conditions
from onset.statistics.prediction import rank_correlations
from onset.statistics.times import Times, difference, ratio

SHARPNESS_OF_DECAY = math.log(9) / math.log(2)
"""`sharpness` of what decays exponentially from the start, to zero"""
_RUN = ["condition", "seed"]
_MANY = 1e4  # draws from a null distribution

ByDigit = Mapping[str, Times]


def falls(curves: pd.DataFrame, level: float) -> dict[str, Times]:
    """When each digit's loss is first at a level or below.

    Args:
        curves: one measure of one split: condition, seed, step, digit, value.
        level: in the measure's unit.
    """
    by_digit = curves.groupby("digit", sort=False, observed=True)
    return {digit: down_to(its, level) for digit, its in by_digit}


def sharpness(curves: pd.DataFrame, start: float) -> dict[str, Times]:
    """Over how long each digit's loss falls, relative to when it has fallen by half.

    The steps from nine tenths of where it starts to a tenth, over the step at which it is half: 0, it falls
    at once; `SHARPNESS_OF_DECAY`, it decays like anything that falls at a constant rate.

    Args:
        curves: as of `falls`.
        start: the loss of a model that knows nothing.
    """
    begun, half, over = (falls(curves, part * start) for part in (0.9, 0.5, 0.1))
    found = {}
    for digit, at in half.items():
        took = difference(over[digit], begun[digit])
        found[digit] = ratio(took.assign(after=took["after"].clip(lower=0)), at)
    return found


def ranked(times: ByDigit) -> pd.DataFrame:
    """When each run's digits get there, a row per run, a column per digit.

    Those that don't get there are the last, at infinity; NaN where a run has no such digit.
    """
    at = {
        digit: its["at"].where(np.isfinite(its["before"]), np.inf) for digit, its in times.items()
    }
    return pd.DataFrame(at)


def agreement(at: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Whether the runs of each condition learn their digits in the same order.

    Args:
        at: of `ranked`.
        rng: of the null distribution, in which each run has an order of its own.

    Returns:
        condition, mean (Spearman's correlation, over pairs of its runs), p (share of random orders with one
        as large), n_runs. Nothing of conditions with fewer than two runs.
    """
    rows = []
    for condition, its in at.groupby(level="condition", sort=False):
        orders = _ranks(its.dropna(axis=1, how="all"))
        if len(orders) < 2:
            continue
        found = _mean_correlation(orders)
        null = [_mean_correlation(rng.permuted(orders, axis=1)) for _ in range(int(_MANY) // 10)]
        p = (1 + sum(its >= found - 1e-9 for its in null)) / (1 + len(null))
        rows.append((condition, found, p, len(orders)))
    return pd.DataFrame(rows, columns=["condition", "mean", "p", "n_runs"])


def _ranks(at: pd.DataFrame) -> Float[np.ndarray, "runs digits"]:
    return np.array([rankdata(row) for row in at.to_numpy(float)])


def _mean_correlation(orders: Float[np.ndarray, "runs digits"]) -> float:
    """0 of a run all whose digits come at once: its order says nothing."""
    found = []
    for one, other in combinations(orders - orders.mean(1, keepdims=True), 2):
        lengths = math.sqrt((one @ one) * (other @ other))
        found.append(one @ other / lengths if lengths else 0.0)
    return float(np.mean(found))


def explained(at: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """How well each thing that is known of digits tells the order in which a run learns them.

    Args:
        at: of `ranked`.
        features: by condition, seed and digit: a column per explanation; NaN where it says nothing.

    Returns:
        condition, seed, explanation, value (Spearman's correlation over the run's digits), kind. Missing
        where it doesn't vary over digits.
    """
    rows = []
    features = features.sort_index()
    runs = features.index.droplevel("digit").unique()
    for run, its in at[at.index.isin(runs)].iterrows():
        digits = its.dropna()
        known = features.loc[run].reindex(digits.index)
        varies = known.loc[:, known.nunique() > 1]
        found = rank_correlations(varies, pd.Series(rankdata(digits), digits.index)).dropna()
        rows += [(*run, name, value) for name, value in found.items()]
    columns = [*_RUN, "explanation", "value"]
    return pd.DataFrame(rows, columns=columns).assign(kind="signed_share")


def chance(n_digits: int, n_runs: int, rng: np.random.Generator) -> tuple[float, float]:
    """Between what the mean over runs of `explained` lies in 95 % of cases, if orders are random."""
    orders = rng.permuted(np.tile(np.arange(n_digits), (int(_MANY) * n_runs, 1)), axis=1)
    centred = np.arange(n_digits) - (n_digits - 1) / 2
    of_runs = (orders @ centred / (centred @ centred)).reshape(-1, n_runs)
    low, high = np.quantile(of_runs.mean(1), [0.025, 0.975])
    return float(low), float(high)


def on_the_plateau(signal: pd.DataFrame, times: ByDigit, digits: Iterable[str]) -> pd.DataFrame:
    """What a measure says of each digit at a run's last checkpoint at which none of them is there yet.

    Args:
        signal: condition, seed, step, digit, value.
        times: when digits get somewhere.
        digits: that count, and are asked for.

    Returns:
        The rows of that checkpoint of each run.
    """
    there = {digit: times[digit]["after"] for digit in digits}
    plateau = pd.DataFrame(there).min(axis=1).rename("plateau").reset_index()
    its = signal[signal["digit"].isin(list(there))].merge(plateau, on=_RUN)
    return its[its["step"] == its["plateau"]].drop(columns="plateau")


def first_of(times: ByDigit, digits: Iterable[str], conditions: Iterable[str]) -> pd.Series:
    """Which of some digits comes first in each run, by run; none where none comes."""
    its = of_conditions(ranked({digit: times[digit] for digit in digits}), conditions)
    there = its[np.isfinite(its).any(axis=1)].fillna(np.inf)
    first = there.columns.to_numpy()[there.to_numpy(float).argmin(axis=1)]
    return pd.Series(first, there.index, dtype=object)


def spread(times: ByDigit, digits: Iterable[str]) -> pd.Series:
    """By which factor the last of some digits comes later than the first; NaN where not all come."""
    at = ranked({digit: times[digit] for digit in digits})
    found = (at.max(axis=1) / at.min(axis=1)).where(np.isfinite(at).all(axis=1))
    return by_run(found.to_dict())
