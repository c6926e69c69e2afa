"""Curves over training: a line per condition with its interval, and thin lines for seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from onset.figures.style import N_DISTINCT, Style, Styles
from onset.statistics.spread import MOST_LINES, seeds_in, spread

_BETWEEN_MARKERS = 0.18
"""of the diagonal of an axis"""
_NAMED_OF_MANY = 11
_MOST_NAMED = 4
"""ticks of an axis of steps, beside 0"""
_ROOM = 0.33
"""that a tick's figures take, in inches"""
_APART = math.log10(2)
"""decades between neighbours of 10, 20, 50, 100, at least"""


def plot_over_training(
    axis: Axes, curves: pd.DataFrame, styles: Styles, logarithmic: bool = True
) -> None:
    """Draw conditions over training steps: seeds as thin lines, their mean, its interval as a band.

    Args:
        axis: to draw on.
        curves: condition, step, mean, low, high, and a column `seed_N` per seed.
        styles: of the conditions, in the order in which they are drawn.
        logarithmic: whether the axis of steps is; step 0 then stands apart on its left.
    """
    if logarithmic:
        steps = curves.loc[curves["step"] > 0, "step"]
        axis.set_xscale("symlog", linthresh=steps.min(), linscale=0.4)
        _set_ticks(axis, steps)
    for place, (condition, style) in enumerate(styles.items()):
        curve = curves[curves["condition"] == condition].sort_values("step")
        plot_curve(axis, curve["step"], curve, style, condition, place)


def _set_ticks(axis: Axes, steps: pd.Series) -> None:
    """Ticks at 0 and at powers of ten that lie clear of it, in plain figures; a few of them at most.

    Where there is but one power of ten, 20, 50, 200 and the like are named, too, if there is room.
    """

    def clear(*factors: int) -> list[int]:
        marks = (factor * 10**n for n in range(8) for factor in factors)
        return [its for its in marks if steps.min() < its <= steps.max()]

    marks, every = clear(1), 1
    if len(marks) < 2:
        marks = clear(1, 2, 5)
        inches = axis.bbox.width / axis.figure.dpi
        decades = math.log10(steps.max() / steps.min()) + 0.5  # and the way from 0
        every = math.ceil(_ROOM / (_APART * inches / decades))
    every = max(every, math.ceil(len(marks) / _MOST_NAMED))
    axis.set_xticks([0, *marks[::-1][::every][::-1]])
    axis.xaxis.set_major_formatter("{x:.0f}")
    axis.minorticks_off()


def plot_curve(
    axis: Axes, at: pd.Series, curve: pd.DataFrame, style: Style, name: str, place: int = 0
) -> None:
    """Draw one curve: seeds (`plot_seeds`), their mean with a few markers, its interval as a band.

    Args:
        axis: to draw on.
        at: where its points are, ascending.
        curve: mean, low, high, and a column `seed_N` per seed, a row per point; without rows, nothing
            is drawn.
        style: of the curve.
        name: by which `name_curves` finds it.
        place: among the curves of the axis; markers of neighbours are moved apart.
    """
    if curve.empty:
        return
    plot_seeds(axis, at, seeds_in(curve), style, linewidth=0.4, alpha=0.5)
    first = (0.04 + place * _BETWEEN_MARKERS / 4) % _BETWEEN_MARKERS
    axis.plot(at, curve["mean"], **style.of_curve, label=name, markevery=(first, _BETWEEN_MARKERS))
    axis.fill_between(at, curve["low"], curve["high"], color=style.colour, alpha=0.15, linewidth=0)


def plot_seeds(axis: Axes, at: pd.Series, seeds: pd.DataFrame, style: Style, **line: float) -> None:
    """A thin line for each of a few seeds; of many, shades that hold nine tenths and half of them.

    Args:
        axis: to draw on.
        at: where the points are, ascending.
        seeds: a column per seed, a row per point.
        style: of the curve.
        line: width and opacity of a line.
    """
    if seeds.shape[1] > MOST_LINES:
        for low, high in spread(seeds):
            axis.fill_between(at, low, high, color=style.colour, alpha=0.15, linewidth=0)
        return
    for seed in seeds:
        axis.plot(at, seeds[seed], **style.of_line, **line)


def legend_below(
    figure: Figure,
    styles: Styles,
    labels: Mapping[str, str],
    columns: int = 3,
    markers: bool = False,
) -> None:
    """One legend for all panels, under them, in as many columns as there is room for.

    Args:
        figure: as wide as it will be.
        styles: of what is named, in the order of the names.
        labels: the names.
        columns: at most.
        markers: the legend is of markers, not of curves.
    """
    of_legend = {"handles": handles(styles, labels, markers), "loc": "outside lower center"}
    legend = figure.legend(**of_legend, ncols=columns)
    while columns > 1 and legend.get_window_extent().width > figure.bbox.width:
        columns -= 1
        legend.remove()
        legend = figure.legend(**of_legend, ncols=columns)


def handles(styles: Styles, labels: Mapping[str, str], markers: bool = False) -> list[Line2D]:
    """What a legend shows: curves, or markers alone.

    Of more than can be told apart it names some, from the first to the last, and says so.
    """
    named, n = list(styles), len(styles)
    if n > N_DISTINCT:
        named = [named[round(i * (n - 1) / (_NAMED_OF_MANY - 1))] for i in range(_NAMED_OF_MANY)]
    shown = [
        Line2D(
            *([], []),
            label=labels[name],
            **(styles[name].of_marker if markers else styles[name].of_curve),
        )
        for name in named
    ]
    left_out = [Line2D([], [], linestyle="", label=f"{len(named)} of {n} are named")]
    return shown + (left_out if len(named) < n else [])
