"""Conditions beside each other: a row each, with its seeds, their mean and its interval."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from onset.figures.style import NEUTRAL, Styles


def plot_contrast(axis: Axes, numbers: pd.DataFrame, styles: Styles) -> None:
    """Draw one row per condition, the first on top: seeds as dots, mean as marker, interval as bar.

    Args:
        axis: to draw on; its rows lie at 0, 1, …, so that panels can share them.
        numbers: condition, mean, low, high, a column `seed_N` per seed, and optionally `before`,
            which is drawn as a cross: the same model before training.
        styles: of the conditions, in the order of the rows.
    """
    by_condition = numbers.set_index("condition")
    for place, (condition, style) in enumerate(styles.items()):
        row = by_condition.loc[condition]
        seeds = row.filter(regex=r"^seed_\d+$")
        axis.plot([row["low"], row["high"]], [place, place], color=style.colour, alpha=0.6)
        axis.plot(seeds, [place] * len(seeds), ".", color=style.colour, markersize=3)
        mark = {"marker": style.marker, "color": style.colour}
        axis.plot(row["mean"], place, **mark, markersize=5, clip_on=False)
        if "before" in row:
            axis.plot(row["before"], place, "x", color=NEUTRAL, markersize=4)
    axis.set_ylim(len(styles) - 0.5, -0.5)
