"""Figures of points against a number, such as a length or a dose, in panels that share their axes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import pandas as pd
from matplotlib.figure import Figure

from onset.figures.curves import legend_below
from onset.figures.dose import plot_dose
from onset.figures.names import name_curves
from onset.figures.page import TEXT_WIDTH, say_left_out
from onset.figures.panels import (
    Panels,
    fit_title,
    fitting,
    grid,
    label_upward,
    lowest,
    measured,
    tall,
)
from onset.figures.style import NEUTRAL, Styles


def draw_points(
    panels: Panels,
    styles: Styles,
    labels: Mapping[str, str],
    xlabel: str | Sequence[str],
    ylabel: str,
    *,
    at: str,
    n_lines: int = 1,
    n_across: int | None = None,
    reference: str | None = None,
    beyond: Mapping[str, float] | None = None,
    named_at_ends: bool = False,
    n_columns: int = 3,
    unjoined: Collection[str] = (),
) -> Figure:
    """Curves through few points in each panel: seeds as dots, means as markers; values go from 0 to 1.

    Args:
        panels: title → condition (which curve), mean, low, high, a column `seed_N` per seed, and those
            named below.
        styles: of the curves, in the order in which they are drawn.
        labels: of the curves.
        xlabel: of all panels; or one for each column of panels, which then has an axis of its own.
        ylabel: of all panels.
        at: the column of the number that goes across.
        n_lines: of panels.
        n_across: panels side by side, in place of `n_lines`, for what may have any number of panels.
        reference: the column of a number that is dotted, in the colour of its curve.
        beyond: from where on the panels of these titles are grey.
        named_at_ends: curves are named where they end, if there is room, and not in a legend.
        n_columns: of the legend, at most.
        unjoined: the curves that are points without a line, as nothing leads from one to the next.
    """
    its = {name: replace(style, line="") for name, style in styles.items() if name in unjoined}
    styles = Styles({**styles, **its})
    there = measured(panels)
    panels, n_lines = fitting(there, n_lines, n_across)
    of_columns = not isinstance(xlabel, str)
    size = (TEXT_WIDTH, tall(n_lines))
    figure, axes = grid(panels, n_lines, size, sharex="col" if of_columns else True)
    say_left_out(figure, list(panels), list(there))
    for place, ((title, rows), axis) in enumerate(zip(panels.items(), axes.flat, strict=False)):
        for name, style in styles.items():
            curve = rows[rows["condition"] == name].sort_values(at)
            if curve.empty:
                continue
            plot_dose(axis, curve.assign(dose=curve[at]), style, name)
            if reference is not None:
                axis.plot(curve[at], curve[reference], ":", color=style.colour, linewidth=0.8)
        axis.set(title=title, ylim=(-0.03, 1.03))
        fit_title(axis, panels, axes.shape[1])
        # Panels that share an axis show it whole, though the last one may have only some of the numbers.
        sharing = list(panels.values())[place % axes.shape[1] :: axes.shape[1]]
        across = pd.concat([its[at] for its in (sharing if of_columns else panels.values())])
        first, last = across.min(), across.max()
        margin = 0.1 * (last - first) or 0.5
        axis.set_xlim(first - margin, last + margin)
        axis.set_xticks(sorted(across.unique()))
        axis.xaxis.set_major_formatter("{x:g}")
        if (edge := (beyond or {}).get(title)) is not None and edge < last + margin:
            axis.axvspan(edge, last + margin, color=NEUTRAL, alpha=0.15, linewidth=0)
    for column, axis in enumerate(lowest(axes, len(panels))):
        axis.set_xlabel(xlabel[column] if of_columns else xlabel)
        axis.tick_params(labelbottom=True)
    label_upward(figure, ylabel)
    if named_at_ends:
        name_curves(axes.flat[len(panels) - 1], styles, labels, n_columns)
    else:
        legend_below(figure, styles, labels, n_columns)
    return figure
