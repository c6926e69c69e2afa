"""Figures of where an effect appears: the edges of a window, and models by their size."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.curves import legend_below
from onset.figures.heat import said
from onset.figures.page import TEXT_WIDTH
from onset.figures.style import MARKED, NEUTRAL, Style, styles
from onset.statistics.boundary import logistic
from onset.statistics.spread import opacity
from onset.statistics.windows import Window

_PARAMETERS = (2e3, 5e3, 1e4, 2e4, 5e4, 1e5)


def draw_boundary(
    windows: Sequence[Window],
    edges: pd.DataFrame,
    *,
    level: float,
    chance: float,
    names: tuple[str, str],
    things: str,
    ylabel: str,
) -> Figure:
    """Left: each window with its threshold; right: where it reaches a half, and the others' law (crosses).

    Args:
        windows: of one setting.
        edges: of `lower_edges`.
        level: a grey line.
        chance: a dotted line.
        names: of the dose and of the setting.
        things: what the setting counts, for the legend.
        ylabel: of the left panel.
    """
    drawn = styles(said(its.value) for its in windows)
    figure, (left, right) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.5), width_ratios=[1.5, 1])
    for its, edge in zip(windows, edges.itertuples(), strict=True):
        style = drawn[said(its.value)]
        _plot_window(left, its, (edge.top, edge.middle, edge.slope), chance, style)
        _plot_edge(right, its, edge, style)
    left.axhline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8)
    left.axhline(level, color=NEUTRAL, linewidth=0.6)
    left.set(xlabel=names[0], ylabel=ylabel, ylim=(-0.03, 1.03))
    legend_below(figure, drawn, {size: f"{size} {things}" for size in drawn})
    right.set(xlabel=names[1], ylabel=f"{names[0]} at which half is reached", yscale="log")
    doses = sorted({dose for its in windows for dose in its.doses})
    for axis, ticks in ((left, doses), (right, [its.value for its in windows])):
        axis.set_xscale("log")
        axis.set_xticks(ticks, map(said, ticks))
        axis.set_xticks([], minor=True)
    right.set_yticks(doses, map(said, doses))
    right.set_yticks([], minor=True)
    right.set_ylim(doses[0] / 1.3, doses[-1] * 1.1)
    return figure


def _plot_window(
    axis: Axes, its: Window, fit: tuple[float, float, float], chance: float, style: Style
) -> None:
    mean = its.values.mean(0)
    fine = np.geomspace(its.doses[0], its.doses[mean.argmax()], 100)
    every = np.tile(its.doses, len(its.values)), its.values.ravel()
    axis.plot(*every, style.marker, color=style.colour, markersize=3, alpha=0.7)
    axis.plot(fine, logistic(fine, fit, chance), **style.of_line)
    axis.plot(its.doses, mean, ":", color=style.colour, linewidth=0.8)


def _plot_edge(axis: Axes, its: Window, edge: tuple, style: Style) -> None:
    found = its.edges["from_half"]
    # Where a seed's edge lies outside of the grid, an arrow points there from its border.
    outside = found["at"].isna()
    beyond = outside & np.isinf(found["before"])
    borders = {
        ".": found["at"],
        "^": found["after"][beyond],
        "v": found["before"][outside & ~beyond],
    }
    for marker, at in borders.items():
        axis.plot([its.value] * len(at), at, marker, color=style.colour, markersize=4)
    axis.vlines(its.value, edge.low, edge.high, color=style.colour, alpha=0.6)
    axis.plot(its.value, edge.law, "x", color=NEUTRAL, markersize=6)


def draw_sizes(
    models: pd.DataFrame,
    chosen: str | None,
    too_small: int | None,
    nulls: Sequence[tuple[int, float]],
    *,
    level: float,
    chance: float,
    ylabel: str,
) -> Figure:
    """Each model at its size: seeds, mean, interval; filled if it passes, a ring around the chosen one.

    Args:
        models: of `statistics.sizes.by_size`.
        chosen: one of them, if there is one.
        too_small: parameters up to which none passes in any seed, if there are such: shaded.
        nulls: parameters and mean of controls, grey crosses.
        level: a grey line.
        chance: a dotted line.
        ylabel: of the axis of values.
    """
    its = styles(["models"])["models"]
    figure, axis = plt.subplots(figsize=(TEXT_WIDTH, 2.4))
    for name, row in models.iterrows():
        at = row["parameters"]
        seeds = row.filter(regex=r"^seed_\d+$").dropna()
        faint = 0.6 * opacity(len(seeds))
        axis.plot([at] * len(seeds), seeds, ".", color=its.colour, markersize=2.5, alpha=faint)
        axis.vlines(at, row["low"], row["high"], color=its.colour, alpha=0.35, linewidth=0.8)
        filled = its.colour if row["passes"] else "white"
        axis.plot(at, row["mean"], "o", color=its.colour, markersize=5, mfc=filled)
        if name == chosen:
            axis.plot(at, row["mean"], "o", color=MARKED, markersize=11, mfc="none")
    for at, mean in nulls:
        axis.plot(at, mean, "X", color=NEUTRAL, markersize=6)
    axis.axhline(level, color=NEUTRAL, linewidth=0.6)
    axis.axhline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8)
    axis.set(xscale="log", xlabel="parameters", ylim=(-0.03, 1.05), ylabel=ylabel)
    axis.xaxis.set_major_formatter("{x:,.0f}")
    least, most = models["parameters"].min() / 1.2, models["parameters"].max() * 1.2
    if too_small:
        axis.axvspan(least, too_small, color=NEUTRAL, alpha=0.15, linewidth=0)
    axis.set_xlim(least, most)
    axis.set_xticks([n for n in _PARAMETERS if least <= n <= most])
    axis.set_xticks([], minor=True)
    return figure
