"""Curves over training: a line per condition with its interval, thin lines for the seeds."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from onset.figures.style import Styles


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
    for condition, style in styles.items():
        curve = curves[curves["condition"] == condition].sort_values("step")
        for seed in curve.filter(regex=r"^seed_\d+$"):
            axis.plot(curve["step"], curve[seed], **style.of_line, linewidth=0.4, alpha=0.5)
        axis.plot(curve["step"], curve["mean"], **style.of_line)
        axis.fill_between(
            curve["step"], curve["low"], curve["high"], color=style.colour, alpha=0.15, linewidth=0
        )


def legend_below(
    figure: Figure,
    styles: Styles,
    labels: Mapping[str, str],
    columns: int = 3,
    markers: bool = False,
) -> None:
    """One legend for all panels, under them: of lines, or of markers."""
    handles = [
        Line2D([], [], label=labels[name], **(style.of_marker if markers else style.of_line))
        for name, style in styles.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=columns)
