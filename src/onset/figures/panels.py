"""Figures of panels that share their axes: rows at the end of training, curves over training."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.names import name_curves
from onset.figures.page import MOST_PANELS, TEXT_WIDTH, say_left_out
from onset.figures.rows import height, name_rows, plot_rows, proportion
from onset.figures.style import NEUTRAL, Styles
from onset.statistics.rows import where

Panels = Mapping[str, pd.DataFrame]
"""title → the rows that the panel shows"""

_OF_SHARES = (-0.03, 1.03)
_WIDE = 2
"""of an axis that has room for whole numbers"""
_MOST_IN_LINE = 64
"""characters of titles side by side"""
_MOST_IF_SMALL = 80
_UPWARD = 16
"""characters per inch of a label that is written upward"""
_TALLEST = 8.5
"""inches of a figure with many lines of panels"""


def panels_of(
    rows: pd.DataFrame, titles: Mapping[Hashable, str] | Iterable[str], by: str | Sequence[str]
) -> dict[str, pd.DataFrame]:
    """A panel per value of a column, or per combination of values of several.

    Args:
        rows: what all panels show.
        titles: of each value (of several columns: each tuple of values), in the order of the panels; or
            the values, which are then the titles.
        by: the column, or the columns.
    """
    titles = titles if isinstance(titles, Mapping) else {its: its for its in titles}
    columns = [by] if isinstance(by, str) else list(by)
    return {
        title: where(rows, **dict(zip(columns, [its] if isinstance(by, str) else its, strict=True)))
        for its, title in titles.items()
    }


def draw_rows(
    panels: Panels,
    styles: Styles,
    labels: Mapping[str, str],
    xlabel: str,
    *,
    controls: Mapping[str, str] | None = None,
    marked: Mapping[str, float] | float | None = None,
    bands: Mapping[str, tuple[float, float]] | None = None,
    shares: bool = True,
    n_lines: int = 1,
    said_right: Sequence[str] = (),
) -> Figure:
    """A row per condition in each panel: seeds, mean, interval, and controls in grey.

    Args:
        panels: as `plot_rows` takes their rows.
        styles: of the conditions, in the order of the rows.
        labels: of the conditions.
        xlabel: of all panels.
        controls: matplotlib's marker by the column that holds a control's number.
        marked: a dotted line in all panels, or in those of these titles.
        bands: a grey band behind each row, by its name: what chance lets expect.
        shares: the axes go from 0 to 1.
        n_lines: of panels.
        said_right: what the panels of each line are about.
    """
    size = (TEXT_WIDTH, n_lines * height(styles))
    figure, axes = grid(panels, n_lines, size, sharex=shares)
    for (title, rows), axis in zip(panels.items(), axes.flat, strict=False):
        for place, (low, high) in enumerate((bands or {})[name] for name in styles if bands):
            axis.barh(place, high - low, 0.8, low, color="0.85", zorder=0)
        plot_rows(axis, rows, styles, controls)
        if shares:
            proportion(axis, title)
        else:
            axis.set_title(title)
            axis.locator_params(axis="x", nbins=3, integer=np.ptp(axis.get_xlim()) > _WIDE)
        fit_title(axis, panels, axes.shape[1])
        if (mark := _mark(marked, title)) is not None:
            axis.axvline(mark, color=NEUTRAL, linestyle=":", linewidth=0.8, zorder=0)
    for axis in axes[:, 0]:
        name_rows(axis, styles, labels)
    for axis, said in zip(axes[:, -1], said_right, strict=False):
        axis.set_ylabel(said, rotation=270, labelpad=10, fontsize=7)
        axis.yaxis.set_label_position("right")
    figure.supxlabel(xlabel, fontsize=8)
    return figure


def draw_curves(
    panels: Panels,
    styles: Styles,
    labels: Mapping[str, str],
    ylabel: str,
    *,
    xlabel: str = "training step",
    n_lines: int = 1,
    n_across: int | None = None,
    shares: bool = True,
    limits: tuple[float, float] | None = None,
    logarithmic: bool = True,
    from_step: int | None = None,
    marked: Mapping[str, float] | float | None = None,
    nulls: Panels | None = None,
    named_at_ends: bool = False,
    n_columns: int = 3,
) -> Figure:
    """Curves over training in each panel: thin lines for seeds, their mean, its interval as a band.

    Args:
        panels: as `plot_over_training` takes their curves.
        styles: of the curves, in the order in which they are drawn.
        labels: of the curves.
        ylabel: of all panels.
        xlabel: of all panels.
        n_lines: of panels.
        n_across: panels side by side, in place of `n_lines`, for what may have any number of panels.
        shares: the axis of values goes from 0 to 1.
        limits: of the axis of other values; None: all that is drawn is in view.
        logarithmic: whether the axis of steps is.
        from_step: a grey line where something begins, such as the decay of the learning rate.
        marked: a dotted line at a value in all panels, or in those of these titles.
        nulls: curves of which the means are drawn in grey, by the titles of their panels.
        named_at_ends: curves are named where they end, if there is room, and not in a legend.
        n_columns: of the legend, at most.
    """
    there = measured(panels)
    panels, n_lines = fitting(there, n_lines, n_across)
    figure, axes = grid(panels, n_lines, (TEXT_WIDTH, tall(n_lines)), sharex=True)
    say_left_out(figure, list(panels), list(there))
    for (title, curves), axis in zip(panels.items(), axes.flat, strict=False):
        plot_over_training(axis, curves, styles, logarithmic)
        axis.set_title(title)
        fit_title(axis, panels, axes.shape[1])
        if shares or limits:
            axis.set_ylim(_OF_SHARES if shares else limits)
        if from_step is not None:
            axis.axvline(from_step, color=NEUTRAL, linewidth=0.5, zorder=0)
        if (mark := _mark(marked, title)) is not None:
            axis.axhline(mark, color=NEUTRAL, linestyle=":", linewidth=0.8)
        if nulls:
            for _, null in nulls[title].groupby("condition", sort=False):
                axis.plot(null["step"], null["mean"], color=NEUTRAL, linewidth=0.6)
    for axis in lowest(axes, len(panels)):
        axis.set_xlabel(xlabel)
        axis.tick_params(labelbottom=True)
    label_upward(figure, ylabel)
    if named_at_ends:
        name_curves(axes.flat[len(panels) - 1], styles, labels, n_columns)
    else:
        legend_below(figure, styles, labels, n_columns)
    return figure


def label_upward(figure: Figure, label: str) -> None:
    """Label the values of all panels, in as many lines as the figure's height asks for."""
    figure.supylabel(in_lines(label, figure.get_figheight()), fontsize=8)


def in_lines(label: str, inches: float) -> str:
    """A label that is written upward, in as many lines as there have to be where it has so much room."""
    return textwrap.fill(label, int(_UPWARD * inches))


def lowest(axes: np.ndarray, n_panels: int) -> list[Axes]:
    """The lowest panel of each column of a grid that is filled line by line."""
    across = axes.shape[1]
    return list(axes.flat[max(0, n_panels - across) : n_panels])


def _mark(marked: Mapping[str, float] | float | None, title: str) -> float | None:
    return marked.get(title) if isinstance(marked, Mapping) else marked


def measured(panels: Panels) -> Panels:
    """Those that have something to show: a condition may be missing."""
    return {title: rows for title, rows in panels.items() if len(rows)}


def fitting(panels: Panels, n_lines: int, n_across: int | None) -> tuple[Panels, int]:
    """The panels that a page has room for, and how many lines they take."""
    shown = dict(itertools.islice(panels.items(), MOST_PANELS))
    return shown, math.ceil(len(shown) / n_across) if n_across else n_lines


def tall(n_lines: int) -> float:
    """Inches for lines of panels, a labelled axis and a legend; a page's at most."""
    return min(1.0 + 1.45 * n_lines, _TALLEST)


def fit_title(axis: Axes, panels: Panels, across: int) -> None:
    """Make a title smaller where those side by side would touch each other, and break it if need be."""
    longest = max(len(line) for title in panels for line in title.split("\n"))
    if across * longest > _MOST_IN_LINE:
        lines = axis.get_title().split("\n")
        broken = [textwrap.fill(line, _MOST_IF_SMALL // across) for line in lines]
        axis.set_title("\n".join(broken), fontsize=7)


def grid(
    panels: Panels, n_lines: int, size: tuple[float, float], sharex: bool | Literal["col"]
) -> tuple[Figure, np.ndarray]:
    """Axes for panels, line by line, that share the axis of values; those left over are hidden."""
    across = math.ceil(len(panels) / n_lines) or 1  # a small run may have none
    figure, axes = plt.subplots(
        n_lines, across, figsize=size, sharex=sharex, sharey=True, squeeze=False
    )
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    return figure, axes
