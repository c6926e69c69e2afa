"""Predictions from early numbers and from other runs: leave-one-out lines, ranks, their worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from onset.statistics.milestones import value_at

_SMALLEST = 1e-12  # nats: a loss can be 0
_FEWEST = 4
"""different outcomes: of fewer there is nothing to be predicted"""


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


def known_at(
    watched: pd.DataFrame, step: float, runs: pd.MultiIndex, by_factors: Iterable[str] = ()
) -> pd.DataFrame:
    """What is known of runs at a step, on straight lines between checkpoints.

    Args:
        watched: shown (its name), condition, seed, step, value.
        step: the same for all runs.
        runs: condition and seed.
        by_factors: names of what varies by factors, such as losses: of those, the common logarithm.

    Returns:
        A row per run, a column per name.
    """
    then = pd.Series(float(step), runs)
    known = {
        name: value_at(its, then).loc[runs] for name, its in watched.groupby("shown", sort=False)
    }
    logarithms = {name: np.log10(known[name].clip(lower=_SMALLEST)) for name in by_factors}
    return pd.DataFrame(known | logarithms, runs)


def rank_correlations(features: pd.DataFrame, outcome: pd.Series) -> pd.Series:
    """Spearman's correlation of each column with an outcome; NaN where one of the two doesn't vary."""
    if outcome.nunique() < 2:
        return pd.Series(np.nan, features.columns)
    return features.apply(lambda its: its.corr(outcome, method="spearman"))


def foretold(features: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    """Each run's outcome, predicted by the other runs from what was known early.

    For each run, the other runs choose one feature: the one for which a line, fitted to all but one of
    them, best predicts the one left out. The line through all of them then predicts the run, which takes
    no part in either step.

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
    """How much better outcomes are predicted than by the median of others."""

    table: pd.DataFrame
    """of `foretold`, with the column `found`, which stands alone where nothing can be predicted"""
    error: float
    """mean absolute error of what is predicted"""
    median_error: float
    """that of the median"""
    p: float
    """share of permutations of the outcomes among runs with as large a gain"""

    def in_percent(self) -> dict[str, str]:
        """Both errors of common logarithms as percent of what they are of, and p, in words."""
        off = {"error": self.error, "median_error": self.median_error}
        said = {name: f"{100 * (10**its - 1):.0f}" for name, its in off.items()}
        return said | {"p": f"{self.p:.3f}"}


def foresight(
    features: pd.DataFrame, outcome: pd.Series, seed: int, permutations: int = 200
) -> Foresight:
    """What `foretold` says, and whether it says more than it would of shuffled outcomes.

    Errors and p are NaN where fewer than four outcomes differ.
    """
    if outcome.nunique() < _FEWEST:
        return Foresight(outcome.rename("found").to_frame(), np.nan, np.nan, np.nan)

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


def predicted_from_other_groups(
    x: np.ndarray, y: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the other groups (e.g. seeds) predict for y: from a line in x, and without x.

    Args:
        x: known before, shape (points,); or several numbers, each with a line of its own, shape (points,
            numbers).
        y: found out later, shape (points,).
        groups: which group each point is of, shape (points,).

    Returns:
        Per point: the least-squares line of the other groups' points at its x, shaped like x, and their
        mean y. NaN where there is no other group.
    """
    line, mean = np.full(x.shape, np.nan), np.full(len(y), np.nan)
    for its in (groups == group for group in np.unique(groups)):
        if its.all():
            continue
        centre, middle = x[~its].mean(0), y[~its].mean()
        away = x[~its] - centre
        squares = np.square(away).sum(0)
        slope = y[~its] @ away / np.where(squares > 0, squares, np.inf)
        line[its], mean[its] = middle + slope * (x[its] - centre), middle
    return line, mean


def as_powers(shares: pd.DataFrame, base: str, exponents: Mapping[str, int]) -> pd.DataFrame:
    """What each run's share on one split, raised to a power, lets expect on others, and what is missing.

    If every step of several goes well as often as that of one split, all of them do so as often as the
    power of its share says.

    Args:
        shares: of one checkpoint of each run: condition, seed, split, value.
        base: the split that is known.
        exponents: by the splits that are foretold.

    Returns:
        condition, seed, split, measure (`predicted`, and `shortfall`: what is predicted less what is
        found), kind, value; of runs that have both splits.
    """
    runs = shares.pivot_table("value", ["condition", "seed"], "split", observed=True)
    parts = []
    for split, exponent in exponents.items():
        both = runs[[base, split]].dropna()
        predicted = both[base] ** exponent
        of_split = pd.DataFrame(
            {"predicted": predicted, "shortfall": predicted - both[split]}
        ).melt(var_name="measure", ignore_index=False)
        parts.append(of_split.reset_index().assign(split=split))
    kinds = {"predicted": "share", "shortfall": "signed_share"}
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(kind=rows["measure"].map(kinds))
