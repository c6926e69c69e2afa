"""One row per condition: its value at the end of training."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import pandas as pd
from matplotlib.axes import Axes

from onset.figures.style import NEUTRAL, Styles
from onset.statistics.spread import opacity

_ROW, _ALL_ROWS = 0.18, 7.2
"""inches: of a row that has a name, and of all rows at most"""


def plot_rows(
    axis: Axes,
    data: pd.DataFrame,
    styles: Styles,
    controls: Mapping[str, str] | None = None,
) -> None:
    """Draw conditions one under the other: seeds as small dots, mean as a large marker, interval as a line.

    Args:
        axis: to draw on; the first row is at 0, the next at 1.
        data: condition, mean, low, high, a column `seed_N` per seed, and the columns of controls. A
            condition that it lacks keeps an empty row.
        styles: of the conditions, in the order of the rows.
        controls: matplotlib's marker by the column that holds a control's number, drawn in grey.
    """
    by_condition = data.set_index("condition")
    for place, (condition, its) in enumerate(styles.items()):
        if condition not in by_condition.index:
            continue
        row = by_condition.loc[condition]
        for column, marker in (controls or {}).items():
            axis.plot(row[column], place, marker, color=NEUTRAL, markersize=5)
        axis.plot([row["low"], row["high"]], [place, place], color=its.colour, alpha=0.6)
        seeds = row.filter(regex=r"^seed_\d+$").dropna()
        of_seeds = {"color": its.colour, "markersize": 3, "alpha": opacity(len(seeds))}
        axis.plot(seeds, [place] * len(seeds), ".", **of_seeds)
        axis.plot(row["mean"], place, its.marker, color=its.colour, markersize=4, clip_on=False)


def name_rows(axis: Axes, rows: Collection[str], labels: Mapping[str, str]) -> None:
    """Name the rows, the first on top. Once for axes that share y.

    Where rows are too close for a name each, it is every second, or third, ... that has one.
    """
    every = math.ceil(_ROW * len(rows) / _ALL_ROWS)
    named = {place: labels[name] for place, name in enumerate(rows) if place % every == 0}
    axis.set_yticks(list(named), list(named.values()))
    axis.set_ylim(max(len(rows), 1) - 0.5, -0.5)


def remark(axis: Axes, place: int, text: str) -> None:
    """Say something of a row, right of the axis, where no data are."""
    axis.annotate(
        text, (1, place), (3, 0), ("axes fraction", "data"), "offset points", va="center",
        fontsize=6, annotation_clip=False,
    )  # fmt: skip


def proportion(axis: Axes, title: str) -> None:
    """An axis from 0 to 1, under its title."""
    axis.set(title=title, xlim=(-0.05, 1.05), xticks=[0, 0.5, 1], xticklabels=["0", ".5", "1"])


def height(conditions: Collection[str]) -> float:
    """Inches for a figure with a row per condition, titles and a labelled axis; a page's at most."""
    return 0.65 + min(_ROW * len(conditions), _ALL_ROWS)
