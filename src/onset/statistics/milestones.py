"""When a run or a curve reaches a milestone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from onset.statistics.kinds import of_differences
from onset.statistics.per_run import by_run
from onset.statistics.times import Bracket, Times, difference, of_several, times_of

_RUN = ["condition", "seed"]


def reached(curves: pd.DataFrame, level: float) -> Times:
    """When each run's value is first at the level or above.

    Args:
        curves: one measure of one split: condition, seed, step, value.
        level: to be reached.
    """
    return _per_run(curves, lambda steps, values: crossing(steps, values, level))


def down_to(curves: pd.DataFrame, level: float) -> Times:
    """When each run's value is first at the level or below; args as of `reached`."""
    return reached(curves.assign(value=-curves["value"]), -level)


def levels(curves: pd.DataFrame, wanted: Sequence[float]) -> dict[float | str, Times]:
    """When each run first reaches several levels, and how many steps are between the outer ones.

    Args:
        curves: as of `reached`.
        wanted: the levels, the lowest first.

    Returns:
        By level, and `width`.
    """
    times = {level: reached(curves, level) for level in wanted}
    width = difference(times[wanted[-1]], times[wanted[0]])
    # The higher of two levels isn't reached before the lower one.
    return {**times, "width": width.assign(after=width["after"].clip(lower=0))}


def fallen(curves: pd.DataFrame, fraction: float) -> Times:
    """When each run's value has fallen to a fraction of its maximum, after that maximum.

    Args as in `reached`.
    """

    def of_run(steps: np.ndarray, values: np.ndarray) -> Bracket:
        peak = int(values.argmax())
        return crossing(steps[peak:], -values[peak:], -fraction * values[peak])

    return _per_run(curves, of_run)


def highest(curves: pd.DataFrame) -> Times:
    """When each run's value is largest: between the neighbours of the checkpoint at which it is.

    Args as in `reached`; no value is NaN.
    """

    def of_run(steps: np.ndarray, values: np.ndarray) -> Bracket:
        best = int(values.argmax())
        return steps[max(best - 1, 0)], steps[best], steps[min(best + 1, len(steps) - 1)]

    return _per_run(curves, of_run)


def half(curves: pd.DataFrame, level: float = 0.5) -> pd.DataFrame:
    """When runs first have the level or more, by condition and split.

    Args:
        curves: one measure: condition, split, seed, step, value.
        level: to be reached.

    Returns:
        split and the columns of `times.per_condition`.
    """
    by_split = curves.groupby("split", sort=False, observed=True)
    return of_several({split: reached(its, level) for split, its in by_split}, "split")


def value_at(curves: pd.DataFrame, steps: pd.Series) -> pd.Series:
    """Each run's value at a step of its own, on the straight line between checkpoints; NaN at step NaN."""
    at = {
        run: np.interp(steps[run], *its.sort_values("step")[["step", "value"]].to_numpy(float).T)
        if np.isfinite(steps.get(run, np.nan))
        else np.nan
        for run, its in curves.groupby(_RUN, sort=False, observed=True)
    }
    return by_run(at)


def least_after(curves: pd.DataFrame, since: Mapping[str, int]) -> pd.Series:
    """Each run's lowest value after a step.

    Args:
        curves: one measure of one split: condition, seed, step, value.
        since: condition → the step; of those conditions alone.
    """
    runs = _steps_since(curves, since).groupby(_RUN, observed=True)
    return runs["value"].min()


def again(curves: pd.DataFrame, since: Mapping[str, int], level: float) -> Times:
    """How many steps after one of its own each run's value is at a level; args as of `least_after`."""
    return reached(_steps_since(curves, since), level)


def _steps_since(curves: pd.DataFrame, since: Mapping[str, int]) -> pd.DataFrame:
    later = curves.assign(step=curves["step"] - curves["condition"].map(since).astype(float))
    return later[later["step"] > 0]


def locked_in(strengths: pd.DataFrame, chosen: Collection[int]) -> Bracket:
    """The step from which on the chosen ones are the strongest, to the end.

    Args:
        strengths: a row per step, a column per thing.
        chosen: some of the columns.
    """
    wanted = set(chosen)
    same = [set(row.nlargest(len(wanted)).index) == wanted for _, row in strengths.iterrows()]
    steps = strengths.index.to_numpy(float)
    if not same[-1]:
        return steps[-1], np.nan, np.inf
    return by_checkpoint(steps, steps[len(same) - int(np.argmin([*same[::-1], False]))])


def _per_run(curves: pd.DataFrame, of_run: Callable[[np.ndarray, np.ndarray], Bracket]) -> Times:
    return times_of(
        {
            run: of_run(*its.sort_values("step")[["step", "value"]].to_numpy(float).T)
            for run, its in curves.groupby(_RUN, sort=False, observed=True)
        }
    )


def crossing(steps: np.ndarray, values: np.ndarray, level: float) -> Bracket:
    """When a curve first has the level or more.

    Args:
        steps: of the checkpoints, in order.
        values: at them.
        level: to be reached.
    """
    above = values >= level
    if not above.any():
        return float(steps[-1]), np.nan, np.inf
    place = int(above.argmax())
    around = slice(place - 1, place + 1)
    at = np.interp(level, values[around], steps[around]) if place else steps[0]
    return _between(steps, place, float(at))


def by_checkpoint(steps: np.ndarray, step: float) -> Bracket:
    """When what is so at a checkpoint, and wasn't at the one before, came to be so.

    Args:
        steps: of the checkpoints, in order.
        step: one of them.
    """
    place = int(np.flatnonzero(steps == step)[0])
    return _between(steps, place, float(np.mean(steps[max(place - 1, 0) : place + 1])))


def _between(steps: np.ndarray, place: int, at: float) -> Bracket:
    """Up to one checkpoint and after the one before it; what is there from the start, within a step."""
    before = float(steps[place])
    return (float(steps[place - 1]), at, before) if place else (0.0, at, max(before, 1.0))


def half_its_end(curves: Mapping[str, pd.DataFrame]) -> dict[str, Times]:
    """When each curve of each run first reaches half its final value.

    Args:
        curves: name → condition, seed, step, value. Each may have steps of its own: what is known of a
            lag follows from what is known of both.
    """
    return {
        name: _per_run(curve, lambda steps, values: crossing(steps, values, values[-1] / 2))
        for name, curve in curves.items()
    }


def value_when_first(curve: pd.DataFrame, signal: pd.DataFrame, level: float) -> pd.Series:
    """What each run's curve is at the checkpoint at which another of its curves first has a level.

    Args:
        curve: one measure of one split: condition, seed, step, value.
        signal: the same of the other.
        level: that the other is to have, or more.

    Returns:
        By condition and seed; NaN where it never has it.
    """
    first = signal[signal["value"] >= level].groupby(_RUN, observed=True)["step"].min()
    return by_run(
        {
            run: its.set_index("step")["value"][first[run]] if run in first else np.nan
            for run, its in curve.groupby(_RUN, sort=False, observed=True)
        }
    )


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
