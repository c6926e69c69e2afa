"""When a run or a curve reaches a milestone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from onset.statistics.kinds import of_differences

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


def levels(curves: pd.DataFrame, wanted: Sequence[float]) -> pd.DataFrame:
    """The steps at which each run first reaches several levels, and how many are between the outer ones.

    Args:
        curves: as of `reached`.
        wanted: the levels, the lowest first.

    Returns:
        By condition and seed, a column per level, and `width`.
    """
    steps = type(curves)({level: reached(curves, level) for level in wanted})
    return steps.assign(width=steps[wanted[-1]] - steps[wanted[0]])


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


def recovery(curves: pd.DataFrame, since: Mapping[str, int], level: float) -> pd.DataFrame:
    """How low each run's value is after a step, and how long until it reaches a level again.

    Args:
        curves: one measure of one split: condition, seed, step, value.
        since: condition → the step; of those conditions alone.
        level: to be reached.

    Returns:
        By condition and seed: least (the lowest value), again (steps, with one update to the first
        checkpoint after; NaN where it isn't reached).
    """
    after = curves[curves["step"] > curves["condition"].map(since)]
    runs = after.groupby(_RUN, observed=True)
    again = reached(after, level) - runs["step"].min() + 1
    return type(curves)({"least": runs["value"].min(), "again": again})


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


def first_half(curves: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """When each curve first reaches half its final value, on straight lines between shared steps.

    Args:
        curves: name → step, seed, value.

    Returns:
        A row per seed, a column per curve: the step.
    """
    common = set.intersection(*(set(curve["step"]) for curve in curves.values()))
    columns: dict[str, pd.Series] = {}
    for name, curve in curves.items():
        its = curve[curve["step"].isin(common)].sort_values("step")
        by_seed = its.groupby("seed")[["step", "value"]]
        columns[name] = by_seed.apply(
            lambda of_seed: _first_reached(
                *of_seed.to_numpy(float).T, wanted=of_seed["value"].iloc[-1] / 2
            )
        )
    return type(next(iter(curves.values())))(columns)


def _first_reached(steps: np.ndarray, values: np.ndarray, wanted: float) -> float:
    place = int(np.argmax(values >= wanted))
    if place == 0:
        return steps[0]
    last = slice(place - 1, place + 1)
    return float(np.interp(wanted, values[last], steps[last]))


def first_checkpoints(curves: pd.DataFrame, level: float, seeds: Collection[int]) -> pd.DataFrame:
    """Between which checkpoints all seeds of a curve first have the level or more.

    Args:
        curves: one measure: condition, split, seed, step, value.
        level: to be reached.
        seeds: that count.

    Returns:
        condition, split, first, last: the checkpoints of the quickest and of the slowest seed; NaN for
        both where a seed never has it.
    """
    ours = curves[curves["seed"].isin(seeds)]
    rows = []
    for place, its in ours.groupby(["condition", "split"], sort=False, observed=True):
        steps = its[its["value"] >= level].groupby("seed")["step"].min()
        ends = (steps.min(), steps.max()) if len(steps) == len(seeds) else (np.nan, np.nan)
        rows.append((*place, *ends))
    return type(curves)(rows, columns=["condition", "split", "first", "last"])


def value_when_first(curve: pd.DataFrame, signal: pd.DataFrame, level: float) -> pd.Series:
    """What a curve is at the checkpoint at which another first has a level, by seed.

    Args:
        curve: one measure, split and condition: seed, step, value.
        signal: the same of the other.
        level: that the other is to have, or more.

    Returns:
        NaN where it never has it.
    """
    first = signal[signal["value"] >= level].groupby("seed")["step"].min()
    at = curve.set_index(["seed", "step"])["value"]
    values = {
        seed: at[seed, first[seed]] if seed in first else np.nan for seed in at.index.levels[0]
    }
    return type(first)(values, dtype=float)


def last_changes(curves: pd.DataFrame) -> pd.DataFrame:
    """By how much each run's value changes from its last checkpoint but one to its last.

    Args:
        curves: one measure: condition, split, seed, step, kind, value.

    Returns:
        The rows of the last checkpoints, with the change as their value, and `change` as their measure.
    """
    in_order = curves.sort_values("step", kind="stable")
    runs = in_order.groupby(["condition", "split", "seed"], observed=True, sort=False)
    kinds = in_order["kind"].map(of_differences)
    changes = in_order.assign(measure="change", kind=kinds, value=runs["value"].diff())
    return changes.loc[runs.tail(1).index.sort_values()].dropna(subset="value")


def at_best_step(curves: pd.DataFrame, chosen_on: pd.DataFrame) -> pd.DataFrame:
    """Each condition's rows at the checkpoint at which other rows are best in the mean over seeds.

    Args:
        curves: condition, step, …
        chosen_on: one measure of the split that the checkpoint is chosen on: condition, seed, step, value.

    Returns:
        Of checkpoints that are equally good, those of the first.
    """
    means = chosen_on.groupby(["condition", "step"], observed=True)["value"].mean().unstack("step")
    best = means.idxmax(axis=1)
    return curves[curves["step"] == curves["condition"].map(best)]
