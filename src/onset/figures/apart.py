"""Figures of panels that each have axes of their own: curves of different things, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.page import TEXT_WIDTH
from onset.figures.panels import in_lines
from onset.figures.style import Styles

_HEIGHT = 2.6
_UP = 2.2  # inches of it that a panel's label has
SHARES = (-0.03, 1.03)
"""limits of an axis from 0 to 1"""


class Panel(NamedTuple):
    """Curves and their axes."""

    curves: pd.DataFrame
    """over seeds (`over_seeds`), with the column `along`"""
    ylabel: str
    limits: tuple[float | None, float | None] = (None, None)
    """of what goes up"""
    factors: bool = False
    """what goes up varies by factors: its axis is logarithmic"""
    logarithmic: bool = False
    """the axis of steps is"""
    along: str = "step"
    """what goes across"""
    xlabel: str = "training step"
    levels: Mapping[str, float] | None = None
    """a dotted line in the colour of some curves, by their names"""


def draw_apart(
    panels: Mapping[str, Panel],
    styles: Styles,
    labels: Mapping[str, str],
    *,
    curve: str = "condition",
    n_columns: int = 3,
) -> Figure:
    """Thin lines for seeds, their mean, its interval as a band, in each panel.

    Args:
        panels: by what they show.
        styles: of the curves, in the order in which they are drawn.
        labels: of the curves.
        curve: the column that says which curve a row is of.
        n_columns: of the legend, at most.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(TEXT_WIDTH, _HEIGHT), squeeze=False)
    for its, axis in zip(panels.values(), axes[0], strict=True):
        _draw(axis, its, styles, curve)
    legend_below(figure, styles, labels, n_columns)
    return figure


def _draw(axis: Axes, its: Panel, styles: Styles, curve: str) -> None:
    rows = its.curves.assign(condition=its.curves[curve], step=its.curves[its.along])
    plot_over_training(axis, rows, styles, its.logarithmic)
    for name, level in ({} if its.levels is None else its.levels).items():
        axis.axhline(level, color=styles[name].colour, linewidth=0.8, linestyle=":")
    axis.set(xlabel=its.xlabel, ylabel=in_lines(its.ylabel, _UP))
    axis.set_yscale("log" if its.factors else "linear")
    axis.set_ylim(*its.limits)
