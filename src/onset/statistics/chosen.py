"""Which of many things, such as frequencies, runs come to use: when, how alike, and how it could be told.

The chosen things are a mapping from runs (condition, seed) to the components that each has chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import rankdata

from onset.statistics.milestones import locked_in
from onset.statistics.prediction import auc
from onset.statistics.seeds import over_seeds, within_seeds
from onset.statistics.times import Times, times_of

Run = tuple[str, int]
Chosen = Mapping[Run, Sequence[int]]

_RUN = ["condition", "seed"]


def chosen_of(final: pd.DataFrame) -> dict[Run, list[int]]:
    """What each run has chosen at its last checkpoint.

    Args:
        final: a row per chosen thing: condition, seed, component.
    """
    by_run = final.groupby(_RUN, observed=True)["component"]
    return {run: sorted(its.astype(int)) for run, its in by_run}


def n_chosen(chosen: Chosen) -> pd.Series:
    """How many, by condition and seed."""
    index = pd.MultiIndex.from_tuples(list(chosen), names=_RUN)
    return pd.Series([len(its) for its in chosen.values()], index, dtype=float)


def locked(strengths: pd.DataFrame, chosen: Chosen) -> Times:
    """From when on the chosen things are the strongest.

    Args:
        strengths: one measure of components: condition, seed, step, component, value.
        chosen: by run; of these runs alone.
    """
    tables = _by_run(strengths)
    return times_of(
        {run: locked_in(table, chosen[run]) for run, table in tables.items() if run in chosen}
    )


def n_passing(strengths: pd.DataFrame, chosen: Chosen, since: pd.Series, above: float) -> pd.Series:
    """How many other things are strong at some checkpoint.

    Args:
        strengths: as of `locked`.
        chosen: by run; of these runs alone.
        since: the step of each run from which on it counts; NaN: never.
        above: what is strong.

    Returns:
        By condition and seed; NaN where it never counts.
    """
    found = {}
    for run, table in _by_run(strengths).items():
        if run in chosen:
            strong = (table[table.index >= since[run]] > above).any()
            passing = set(table.columns[strong].astype(int)) - set(chosen[run])
            found[run] = len(passing) if np.isfinite(since[run]) else np.nan
    index = pd.MultiIndex.from_tuples(list(found), names=_RUN)
    return pd.Series(list(found.values()), index, dtype=float)


def overlap(chosen: Chosen, ones: Iterable[Run], others: Iterable[Run]) -> pd.DataFrame:
    """How alike the choices of runs are: the Jaccard index, mean over pairs of the same other seed.

    Args:
        chosen: by run.
        ones: runs that are compared
        others: with these, each with each.

    Returns:
        same (whether both have one seed), seed (of the others), value.
    """
    ones = [run for run in ones if run in chosen]
    rows = [
        (one[1] == other[1], other[1], _jaccard(set(chosen[one]), set(chosen[other])))
        for other in others
        if other in chosen
        for one in ones
    ]
    pairs = pd.DataFrame(rows, columns=["same", "seed", "value"])
    return within_seeds(pairs, ["same"])


def _jaccard(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other)


def areas(strengths: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    """How well a strength tells the chosen things from the others: the area under the ROC curve.

    Args:
        strengths: one measure of components: condition, seed, step, component, value.
        chosen: by run; runs that have chosen nothing are left out.

    Returns:
        condition, seed, measure (`area`), step, kind, value.
    """
    rows = [
        (*run, "area", step, "share", area)
        for run, table in _by_run(strengths).items()
        for is_chosen in [np.isin(table.columns, chosen.get(run, []))]
        for step, row in table.iterrows()
        if np.isfinite(area := auc(row, is_chosen))
    ]
    return pd.DataFrame(rows, columns=[*_RUN, "measure", "step", "kind", "value"])


def over_runs(its: pd.DataFrame) -> pd.DataFrame:
    """`areas` over seeds: condition, step, n_seeds, mean, low, high, seed_0, …"""
    return over_seeds(its, ["condition", "step"])


def areas_by_chance(
    strengths: pd.DataFrame, chosen: Chosen, seed: int = 0, draws: int = 500
) -> Float[np.ndarray, " draws"]:
    """The mean of `areas` over runs if as many things had been chosen at random: a permutation null.

    Args:
        strengths: as of `areas`, of one step.
        chosen: by run.
        seed: of the draws.
        draws: how many; NaN each, if no run has chosen anything.
    """
    rng = np.random.default_rng(seed)
    of_runs = [
        (table.iloc[0], is_chosen)
        for run, table in _by_run(strengths).items()
        if (is_chosen := np.isin(table.columns, chosen.get(run, []))).any()
    ]
    if not of_runs:
        return np.full(draws, np.nan)
    return np.array(
        [np.mean([auc(row, rng.permutation(its)) for row, its in of_runs]) for _ in range(draws)]
    )


class OneOfMany(NamedTuple):
    """How well numbers tell the one thing that each run has chosen."""

    areas: pd.Series
    """under the ROC curve, by run"""
    by_chance: Float[np.ndarray, " draws"]
    """their mean, were the thing drawn at random in each run"""

    @property
    def p(self) -> float:
        return p_value(self.areas.mean(), self.by_chance)

    @property
    def band(self) -> tuple[float, float]:
        """What holds 95 % of the draws."""
        low, high = np.quantile(self.by_chance, [0.025, 0.975])
        return float(low), float(high)

    def rows(self) -> pd.DataFrame:
        """The areas as `over_seeds` takes them: seed, kind, value."""
        return self.areas.rename("value").rename_axis("seed").reset_index().assign(kind="share")


def one_of_many(
    numbers: pd.DataFrame, chosen: Sequence[int], seed: int = 0, draws: int = 10_000
) -> OneOfMany:
    """How well numbers tell which one of many things each run has chosen.

    Args:
        numbers: a row per run, a column per thing.
        chosen: the place of the column, per run.
        seed: of the draws.
        draws: how many.
    """
    # The area of one thing among others is the share of the others that lie below it.
    of_things = (rankdata(numbers, axis=1) - 1) / (numbers.shape[1] - 1)
    runs = np.arange(len(numbers))
    drawn = np.random.default_rng(seed).integers(numbers.shape[1], size=(draws, len(runs)))
    found = pd.Series(of_things[runs, list(chosen)], numbers.index)
    return OneOfMany(found, of_things[runs, drawn].mean(1))


def p_value(found: float, by_chance: np.ndarray) -> float:
    """The share of draws that are as large as what is found, itself counted; NaN if nothing is."""
    if np.isnan(found):
        return np.nan
    return float((1 + (by_chance >= found).sum()) / (1 + len(by_chance)))


def _by_run(strengths: pd.DataFrame) -> dict[Run, pd.DataFrame]:
    """Of each run a row per step, a column per component."""
    return {
        run: its.pivot(index="step", columns="component", values="value")
        for run, its in strengths.groupby(_RUN, observed=True)
    }
