"""The range of a dose in which an effect appears, for each row of a map: where it begins and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float

from onset.statistics.boundary import (
    Doses,
    Edges,
    edges_of,
    falling_edge,
    fit_threshold,
    format_edge,
    power_law_from_others,
    rising_edge,
)
from onset.statistics.seeds import summary_of_seeds
from onset.statistics.times import estimate
from onset.statistics.wording import format_interval

HALF = 0.5


class Window(NamedTuple):
    """A row of a map, along the dose."""

    setting: str
    """which setting the row holds fixed"""
    value: float
    """its value there"""
    conditions: Sequence[str]
    doses: Doses
    """ascending"""
    values: Float[np.ndarray, "seeds doses"]
    best: float
    """the dose with the largest mean on the validation part"""
    edges: dict[str, Edges]
    """`from_half`, `to_half`, `from_level`, `to_level`: per seed, where each is reached and lost"""


def window(
    row: pd.DataFrame, validated: pd.Series, dose: str, setting: str, level: float
) -> Window:
    """The window of one row.

    Args:
        row: of `figures.heat.cells_of`: condition, the dose, the setting, a column `seed_N` per seed.
        validated: by condition, the mean on the part that best doses are chosen on.
        dose: the column of doses.
        setting: the column that is the same throughout.
        level: to be reached, beside one half.
    """
    row = row.sort_values(dose)
    doses = row[dose].to_numpy(float)
    values = row.filter(regex=r"^seed_\d+$").to_numpy(float).T
    best = doses[validated.loc[row["condition"]].to_numpy().argmax()]
    edges = {
        f"{name}_{called}": edges_of(doses, values, wanted, find)
        for called, wanted in (("half", HALF), ("level", level))
        for name, find in (("from", rising_edge), ("to", falling_edge))
    }
    of_row = row[setting].iloc[0], list(row["condition"])
    return Window(setting, *of_row, doses, values, best, edges)


def lower_edges(windows: Sequence[Window], floor: float) -> pd.DataFrame:
    """Where windows begin, and a power law of that through the others' beginnings.

    Args:
        windows: of one setting.
        floor: what is reached without knowing anything.

    Returns:
        value, mean, low, high (`times.estimate` of the dose at which a half is reached), law (what the
        other windows let expect), constant (the null: their mean), top, middle, slope (`fit_threshold`),
        seed_0, …; NaN where a seed reaches a half nowhere within the grid.
    """
    halves = np.stack([its.edges["from_half"]["at"] for its in windows])
    sizes = np.array([its.value for its in windows], float)
    law, constant = power_law_from_others(sizes, halves)
    rows = [
        (
            its.value,
            *_within_the_grid(its.edges["from_half"]),
            of_law,
            of_null,
            *fit_threshold(its.doses, its.values, floor),
        )
        for its, of_law, of_null in zip(windows, law, constant, strict=True)
    ]
    columns = ["value", "mean", "low", "high", "law", "constant", "top", "middle", "slope"]
    seeds = pd.DataFrame(halves).add_prefix("seed_")
    return pd.DataFrame(rows, columns=columns).join(seeds)


def _within_the_grid(edges: Edges) -> tuple[float, float, float]:
    """Mean, low and high; NaN for a mean or a bound that lies outside of the grid."""
    found = estimate(edges)
    ends = np.array([found.mean, found.low, found.high])
    return tuple(np.where(np.isfinite(ends), ends, np.nan).tolist())


def worst_miss(edges: pd.DataFrame, by: str) -> float:
    """The factor by which a column of `lower_edges` misses the mean most; NaN where one isn't known."""
    return float(np.exp(np.abs(np.log(edges[by] / edges["mean"])).max(skipna=False)))


def in_words(
    windows: Sequence[Window], ends: pd.DataFrame, n_examples: float = np.nan
) -> pd.DataFrame:
    """What the text says of windows.

    Args:
        windows: of one setting.
        ends: over seeds: condition, mean, low, high.
        n_examples: that each seed's value is a mean over; NaN: not known.

    Returns:
        value (of the window), what, said: its size, its best width, its four edges, what is reached at the
        best width and at the widest, and how much it falls from one to the other.
    """
    means = {row.condition: format_interval(row) for row in ends.itertuples()}
    rows = [
        (its.value, what, said)
        for its in windows
        for what, said in _in_words(its, means, n_examples).items()
    ]
    return pd.DataFrame(rows, columns=["value", "what", "said"])


def _in_words(its: Window, means: Mapping[str, str], n_examples: float) -> dict[str, str]:
    best = int(np.flatnonzero(its.doses == its.best)[0])
    lost = pd.Series(its.values[:, best] - its.values[:, -1])
    fall = summary_of_seeds(lost, "signed_share", n_examples)
    is_widest = best == len(its.doses) - 1
    return {
        "size": f"{its.value:g}",
        "best_width": f"{its.best:g}",
        **{name: format_edge(edges) for name, edges in its.edges.items()},
        "best": means[its.conditions[best]],
        "widest": means[its.conditions[-1]],
        "fall": "none, it is the widest" if is_widest else format_interval(fall),
    }
