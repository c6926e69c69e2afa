"""When a run gets somewhere, and whether that could have been foreseen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from onset.summary import predicted_from_other_groups

_RUN = ["condition", "seed"]


def reached(curves: pd.DataFrame, level: float) -> pd.Series:
    """The step at which each run's value is first at the level or above.

    Args:
        curves: one measure of one split: condition, seed, step, value.
        level: to be reached.

    Returns:
        By condition and seed; on the straight line between checkpoints; NaN where it never is.
    """
    return _per_run(curves, lambda steps, values: _crossing(steps, values, level))


def fallen(curves: pd.DataFrame, fraction: float) -> pd.Series:
    """The step at which each run's value has fallen to a fraction of its maximum, after that maximum.

    Args and returns as in `reached`.
    """

    def of_run(steps: np.ndarray, values: np.ndarray) -> float:
        peak = int(values.argmax())
        return _crossing(steps[peak:], -values[peak:], -fraction * values[peak])

    return _per_run(curves, of_run)


def value_at(curves: pd.DataFrame, steps: pd.Series) -> pd.Series:
    """Each run's value at a step of its own, on the straight line between checkpoints; NaN at step NaN."""
    at = {
        run: np.interp(steps[run], *its.sort_values("step")[["step", "value"]].to_numpy(float).T)
        if np.isfinite(steps.get(run, np.nan))
        else np.nan
        for run, its in curves.groupby(_RUN, sort=False, observed=True)
    }
    return _by_run(at)


def locked_in(strengths: pd.DataFrame, chosen: Collection[int]) -> float:
    """The step from which on the chosen ones are the strongest, to the end; NaN if not even there.

    Args:
        strengths: a row per step, a column per thing.
        chosen: some of the columns.
    """
    wanted = set(chosen)
    same = [set(row.nlargest(len(wanted)).index) == wanted for _, row in strengths.iterrows()]
    if not same[-1]:
        return np.nan
    return float(strengths.index[len(same) - np.argmin([*same[::-1], False])])


def auc(values: np.ndarray | pd.Series, chosen: np.ndarray) -> float:
    """Area under the ROC curve: how well values tell the chosen ones from the others.

    Args:
        values: shape (things,).
        chosen: which of them are, shape (things,).

    Returns:
        NaN if all or none are chosen.
    """
    n, m = chosen.sum(), (~chosen).sum()
    above = rankdata(values)[chosen].sum() - n * (n + 1) / 2  # pairs in the right order
    return above / (n * m) if n and m else np.nan


def _per_run(curves: pd.DataFrame, of_run: Callable[[np.ndarray, np.ndarray], float]) -> pd.Series:
    return _by_run(
        {
            run: of_run(*its.sort_values("step")[["step", "value"]].to_numpy(float).T)
            for run, its in curves.groupby(_RUN, sort=False, observed=True)
        }
    )


def _by_run(values: dict[Hashable, float]) -> pd.Series:
    index = pd.MultiIndex.from_tuples(list(values), names=_RUN)
    return pd.Series(list(values.values()), index, dtype=float)


def _crossing(steps: np.ndarray, values: np.ndarray, level: float) -> float:
    above = values >= level
    if not above.any():
        return np.nan
    place = int(above.argmax())
    if place == 0:
        return float(steps[0])
    before, after = values[place - 1], values[place]
    return float(np.interp(level, [before, after], steps[place - 1 : place + 1]))


def foretold(features: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    """Each run's outcome as the other runs let expect it from what was known early.

    For each run, the other runs choose one feature, that of which a line foretells each of them best
    from the rest of them; the line through all of them then foretells the run. It has no say in either.

    Args:
        features: a row per run, a column per number that is known early.
        outcome: of each run, found out later.

    Returns:
        A row per run: `foretold`; `median`, of the others' outcomes; `feature`, the name of the chosen one.
    """
    y, x = outcome.loc[features.index].to_numpy(float), features.to_numpy(float)
    runs, rows = np.arange(len(y)), []
    lines, _ = predicted_from_other_groups(x, y, runs)
    for run in runs:
        their_x, their_y = np.delete(x, run, axis=0), np.delete(y, run)
        their_lines, _ = predicted_from_other_groups(their_x, their_y, runs[:-1])
        errors = np.abs(their_lines - their_y[:, None]).mean(0)
        best = int(errors.argmin())
        rows.append((lines[run, best], np.median(their_y), features.columns[best]))
    return pd.DataFrame(rows, features.index, columns=["foretold", "median", "feature"])


class Foresight(NamedTuple):
    """How much better outcomes are foretold than by the median of others."""

    table: pd.DataFrame
    """of `foretold`, with the column `found`"""
    error: float
    """mean absolute error of what is foretold"""
    median_error: float
    """that of the median"""
    p: float
    """share of permutations of the outcomes among runs with as large a gain"""


def foresight(
    features: pd.DataFrame, outcome: pd.Series, seed: int, permutations: int = 200
) -> Foresight:
    """What `foretold` says, and whether it says more than it would of shuffled outcomes."""

    def errors(table: pd.DataFrame, of: pd.Series) -> tuple[float, float]:
        off = table[["foretold", "median"]].sub(of, axis=0).abs().mean()
        return off["foretold"], off["median"]

    table = foretold(features, outcome)
    error, median_error = errors(table, outcome)
    rng = np.random.default_rng(seed)
    gains = []
    for _ in range(permutations):
        shuffled = pd.Series(rng.permutation(outcome.to_numpy(copy=True)), outcome.index)
        its_error, its_median_error = errors(foretold(features, shuffled), shuffled)
        gains.append(its_median_error - its_error)
    p = (1 + sum(gain >= median_error - error for gain in gains)) / (1 + permutations)
    return Foresight(table.assign(found=outcome), error, median_error, p)
