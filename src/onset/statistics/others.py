"""What one number of a run says of another, judged on runs that had no say in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from onset.statistics.prediction import predicted_from_other_groups
from onset.statistics.seeds import summary_of_seeds


def by_others(points: pd.DataFrame, known: str, found: str) -> pd.DataFrame:
    """What others let expect of each run.

    Args:
        points: condition, seed, and two numbers, a row per run.
        known: the column of what is known before.
        found: the column of what is found out later.

    Returns:
        The points, with line_of_other_conditions, mean_of_other_conditions, line_of_other_seeds,
        mean_of_other_seeds (the least-squares line in what is known, and the mean, of the runs with
        another condition or seed) and same_condition (the mean of the condition's other seeds). NaN where
        there are no others.
    """
    points = points.copy()
    x, y = (points[column].to_numpy(float) for column in (known, found))
    for group in ("condition", "seed"):
        line, mean = predicted_from_other_groups(x, y, points[group].to_numpy())
        points[f"line_of_other_{group}s"], points[f"mean_of_other_{group}s"] = line, mean
    of_condition = points.groupby("condition", observed=True)[found]
    n_others = of_condition.transform("size") - 1
    others = of_condition.transform("sum") - points[found]
    return points.assign(same_condition=others / n_others.where(n_others > 0))


def errors(points: pd.DataFrame, found: str, predictions: Iterable[str]) -> pd.DataFrame:
    """The mean absolute error of predictions, over each seed's runs, then over seeds.

    Args:
        points: seed, what was found, and the predictions, a row per run.
        found: its column.
        predictions: their columns.

    Returns:
        prediction, mean, low, high.
    """
    off = points[list(predictions)].sub(points[found], axis=0).abs()
    of_seed = off.groupby(points["seed"]).mean()
    rows = [(name, *summary_of_seeds(its, "size")) for name, its in of_seed.items()]
    return pd.DataFrame(rows, columns=["prediction", "mean", "low", "high"])


class Agreement(NamedTuple):
    """How two numbers of the same runs go together."""

    n: int
    """runs"""
    same_sign: int
    """in how many both are above 0, both below, or both 0"""
    correlation: float
    within: float
    """the correlation of what differs among the runs of a condition"""


def agreement(points: pd.DataFrame, one: str, other: str) -> Agreement:
    """Of two columns of runs, with the column condition; a correlation is NaN where nothing varies."""
    both = points[[one, other]]
    within = both - both.groupby(points["condition"], observed=True).transform("mean")
    same_sign = int((np.sign(both[one]) == np.sign(both[other])).sum())
    correlations = (float(its[one].corr(its[other])) for its in (both, within))
    return Agreement(len(both), same_sign, *correlations)


def line_through(points: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """The ends of the least-squares line, in the columns x and y; without rows if x doesn't vary."""
    if points[x].nunique() < 2:
        return points[[x, y]].iloc[:0]
    ends = np.array([points[x].min(), points[x].max()])
    slope, intercept = np.polyfit(points[x], points[y], 1)
    return pd.DataFrame({x: ends, y: intercept + slope * ends})
