"""Whether a curve changes in a step or little by little, and between which checkpoints it changes most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from onset.statistics.per_run import by_run
from onset.statistics.times import Times, times_of

_RUN = ["condition", "seed"]


def steepest(curves: pd.DataFrame) -> Times:
    """Between which neighbouring checkpoints each run's value changes most, up or down.

    Args:
        curves: one measure: condition, seed, step, value.
    """
    brackets = {}
    for run, steps, values in _runs(curves):
        place = int(np.abs(np.diff(values)).argmax())
        after, before = float(steps[place]), float(steps[place + 1])
        brackets[run] = (after, (after + before) / 2, before)
    return times_of(brackets)


def largest_share(curves: pd.DataFrame) -> pd.Series:
    """Which part of each run's ups and downs lies between those checkpoints: 1, it changes in one step.

    Args as of `steepest`. What changes by as much between any two of n checkpoints has 1 / (n − 1); what
    never changes, NaN.
    """
    shares = {}
    for run, _, values in _runs(curves):
        changes = np.abs(np.diff(values))
        shares[run] = changes.max() / changes.sum() if changes.any() else np.nan
    return by_run(shares)


def share_between(curves: pd.DataFrame, when: Times) -> pd.Series:
    """Which part of each run's ups and downs lies between two checkpoints: below zero, it falls there.

    Args:
        curves: as of `steepest`.
        when: the two checkpoints, `after` and `before`, both among those of the curves.
    """
    shares = {}
    for run, steps, values in _runs(curves):
        at = dict(zip(steps.tolist(), values.tolist(), strict=True))
        total = np.abs(np.diff(values)).sum()
        change = at[when.loc[run, "before"]] - at[when.loc[run, "after"]]
        shares[run] = change / total if total else np.nan
    return by_run(shares)


def _runs(curves: pd.DataFrame) -> Iterator[tuple[tuple[str, int], np.ndarray, np.ndarray]]:
    """Each run with its steps, in order, and its values."""
    for run, its in curves.groupby(_RUN, sort=False, observed=True):
        yield run, *its.sort_values("step")[["step", "value"]].to_numpy(float).T
