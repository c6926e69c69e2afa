"""The ways of runs in the plane of their first two principal components, and where they turn."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.page import TEXT_WIDTH
from onset.figures.style import Style, Styles
from onset.statistics.rows import where


def draw_planes(
    planes: pd.DataFrame, marks: pd.DataFrame, styles: Styles, labels: Mapping[str, str]
) -> Figure:
    """A row per space, a column per condition, a line per run; white dots are starts.

    Args:
        planes: kind (of space), condition, seed, step, and the places 1 and 2.
        marks: steps by condition and seed, of two columns: squares and triangles.
        styles: of the conditions.
        labels: of the conditions.
    """
    kinds = list(planes["kind"].unique())
    size = (TEXT_WIDTH, 1.8 * len(kinds))
    figure, axes = plt.subplots(len(kinds), len(styles), figsize=size, squeeze=False)
    for kind, row in zip(kinds, axes, strict=True):
        for (name, style), axis in zip(styles.items(), row, strict=True):
            its = where(planes, kind=kind, condition=name)
            for seed, way in its.groupby("seed"):
                _draw_way(axis, way.set_index("step")[[1, 2]], marks.loc[(name, seed)], style)
            axis.set(xticks=[], yticks=[], title=labels[name] if kind == kinds[0] else "")
        row[0].set_ylabel(f"{kind}: second")
    for axis in axes[-1]:
        axis.set_xlabel("first component")
    return figure


def _draw_way(axis: Axes, plane: pd.DataFrame, steps: pd.Series, style: Style) -> None:
    axis.plot(plane[1], plane[2], color=style.colour, linewidth=0.8)
    axis.plot(*plane.iloc[0], "o", color="white", markeredgecolor=style.colour, markersize=4)
    for step, shape in zip(steps, ("s", "^"), strict=True):
        there = [np.interp(step, plane.index, plane[k]) for k in (1, 2)]
        axis.plot(*there, shape, color=style.colour, markersize=4)


def draw_turns(
    ways: pd.DataFrame, turns: pd.DataFrame, styles: Styles, labels: Mapping[str, str]
) -> Figure:
    """Left: a line per run, with a marker at its end; right: by how much ways turn at each step.

    Args:
        ways: condition, seed, step, and the places 1 and 2.
        turns: over seeds, in degrees: condition, step, mean, low, high, seed_0, …
        styles: of the conditions.
        labels: of the conditions.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.6))
    for (name, _), its in ways.groupby(["condition", "seed"], sort=False, observed=True):
        left.plot(its[1], its[2], **styles[name].of_line, linewidth=0.8)
        left.plot(its[1].iloc[-1], its[2].iloc[-1], **styles[name].of_marker)
    plot_over_training(right, turns, styles, logarithmic=False)
    left.set(xlabel="first component", ylabel="second component")
    right.set(xlabel="training step", ylabel="turn (degrees)")
    legend_below(figure, styles, labels, columns=2)
    return figure
