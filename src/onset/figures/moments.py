"""When something happens in the runs of each condition, a row per condition."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from onset.figures.page import TEXT_WIDTH
from onset.figures.rows import height, name_rows, plot_rows, remark
from onset.figures.style import NEUTRAL, Styles
from onset.statistics.per_run import logarithms
from onset.statistics.seeds import from_logarithms, over_seeds


def draw_moments(
    moments: pd.Series,
    styles: Styles,
    labels: Mapping[str, str],
    xlabel: str,
    *,
    before: pd.Series | None = None,
    ends: Mapping[str, float] | None = None,
    marked: float | None = None,
    limits: tuple[float | None, float | None] = (None, None),
) -> Figure:
    """Small dots for runs, a marker for the mean of their logarithms, its interval as a line.

    Beside a row it says how many of its runs don't get there.

    Args:
        moments: a step, or a ratio of steps, per run, by condition and seed; NaN where it doesn't happen.
        styles: of the conditions, in the order of the rows.
        labels: of the conditions.
        xlabel: of the axis.
        before: what comes before it, by condition and seed: a cross for the mean of each condition.
        ends: until when runs were watched: an arrow there where some don't get there.
        marked: a line at a number.
        limits: of the axis.
    """
    figure, axis = plt.subplots(figsize=(TEXT_WIDTH, height(styles)))
    there = logarithms(moments)
    if len(there):
        plot_rows(axis, from_logarithms(over_seeds(there, ["condition"], "real")), styles)
    for place, (name, style) in enumerate(styles.items()):
        its = moments[moments.index.get_level_values("condition") == name]
        missing = int(its.isna().sum())
        if before is not None:
            axis.plot(before[[name]].mean(), place, "x", color=NEUTRAL, markersize=5)
        if missing and ends is not None:
            axis.plot(ends[name], place, ">", color=style.colour, markersize=4, clip_on=False)
        if missing:
            remark(axis, place, f"{missing} of {len(its)} not by then")
    if marked is not None:
        axis.axvline(marked, color=NEUTRAL, linewidth=0.5, zorder=0)
    name_rows(axis, styles, labels)
    axis.set(xscale="log", xlabel=xlabel, xlim=limits)
    axis.xaxis.set_major_formatter("{x:g}")
    return figure
