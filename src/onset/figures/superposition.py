"""Plots of features that share the dimensions of a narrow layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from onset.figures.curves import plot_curve
from onset.figures.names import name_curves
from onset.figures.style import NEUTRAL, TEXT_WIDTH, Style, Styles, styles
from onset.statistics.seeds import over_seeds

_ALONE = "one by one"
_HATCHES = ("", "////", "", "\\\\\\\\", "....", "", "", "")
"""of stacked areas: neighbours differ without their colours"""


def plot_phases_of(panels: Mapping[str, pd.DataFrame], phases: Sequence[str]) -> Figure:
    """Maps over density and importance, a colour per phase, side by side.

    A cell has the colour of the most common of its phases, and a white dot if there is more than one.

    Args:
        panels: title → density, importance, phase: a row or several, one per seed, for each cell of a
            whole grid.
        phases: all there are, in the order of their colours.
    """
    drawn = styles(phases)
    colours = ListedColormap([drawn[name].colour for name in phases])
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.1), sharey=True, squeeze=False
    )
    for axis, (title, cells) in zip(axes[0], panels.items(), strict=True):
        numbers = cells.assign(number=cells["phase"].map(list(phases).index))
        of_cell = numbers.groupby(["density", "importance"])["number"]
        table = of_cell.agg(lambda its: its.mode().iloc[0]).unstack()
        differ = of_cell.nunique().loc[lambda its: its > 1].reset_index()
        axis.pcolormesh(
            table.columns, table.index, table, cmap=colours, vmin=-0.5, vmax=len(phases) - 0.5,
            shading="nearest", rasterized=True,
        )  # fmt: skip
        axis.plot(differ["importance"], differ["density"], "o", color="white", markersize=1.5)
        axis.set(xscale="log", yscale="log", xlabel="importance", title=title)
        axis.invert_yaxis()
    axes[0, 0].set_ylabel("density (1 − sparsity)")
    there = {name for cells in panels.values() for name in cells["phase"]}
    figure.legend(
        handles=[Patch(color=drawn[n].colour, label=n) for n in phases if n in there],
        loc="outside lower center", ncols=4,
    )  # fmt: skip
    return figure


def plot_edges(lines: Mapping[str, pd.DataFrame], points: pd.DataFrame) -> Figure:
    """Up to which density there is superposition, against the importance.

    Args:
        lines: name → importance, density: what is predicted.
        points: importance, density, seed: what is found; out of the grid, NaN.
    """
    figure, axis = plt.subplots(figsize=(TEXT_WIDTH, 2.4))
    for (name, line), style in zip(lines.items(), styles(lines).values(), strict=True):
        axis.plot(line["importance"], line["density"], label=name, **style.of_line)
    for seed, its in points.groupby("seed"):
        label = "trained, each seed" if seed == points["seed"].iloc[0] else None
        axis.plot(its["importance"], its["density"], "o", color=NEUTRAL, ms=3, label=label)
    axis.set(xscale="log", yscale="log", xlabel="importance of the second feature")
    axis.set_ylabel("largest density with both")
    axis.set_yticks([0.1, 0.2, 0.3, 0.4, 0.6], ["0.1", "0.2", "0.3", "0.4", "0.6"], minor=False)
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.legend()
    return figure


def plot_dimensionality(
    panels: Mapping[str, pd.DataFrame], fractions: Mapping[str, float]
) -> Figure:
    """Every represented feature's share of dimensions, against sparsity.

    Args:
        panels: title → density, dimensionality.
        fractions: how they are written → where the lines are.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.6), sharey=True, squeeze=False
    )
    rng = np.random.default_rng(0)
    for axis, (title, features) in zip(axes[0], panels.items(), strict=True):
        for fraction in fractions.values():
            axis.axhline(fraction, color=NEUTRAL, lw=0.5, zorder=0)
        beside = np.exp(rng.uniform(-0.08, 0.08, len(features)))  # so that equals are seen
        axis.scatter(
            beside / features["density"], features["dimensionality"], s=2, alpha=0.4, lw=0,
            rasterized=True,
        )  # fmt: skip
        axis.set(ylim=(0, 1.05), title=title)
        _sparsities(axis, features["density"])
    axes[0, 0].set_ylabel("dimensionality $D_i$")
    last = axes[0, -1].secondary_yaxis("right")
    last.set_yticks(list(fractions.values()), list(fractions), fontsize=6)
    above = np.inf
    for label, fraction in zip(last.get_yticklabels(), fractions.values(), strict=True):
        # The lines of two fractions can be closer than their names are high.
        label.set_va("top" if above - fraction < 0.04 else "center_baseline")
        above = fraction
    last.tick_params(length=0)
    last.spines["right"].set_visible(False)
    return figure


def plot_shares(panels: Mapping[str, pd.DataFrame], drawn: Styles) -> Figure:
    """Which share of all features is in which figure, against sparsity, as stacked areas.

    Args:
        panels: title → a row per density, a column per kind, rows summing to 1.
        drawn: a style per kind, in the order of the stack.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.5), sharey=True, squeeze=False
    )
    for axis, (title, table) in zip(axes[0], panels.items(), strict=True):
        axis.stackplot(
            1 / table.index.to_numpy(), *(table[name] for name in drawn), lw=0.4,
            colors=[style.colour for style in drawn.values()], edgecolor="white", hatch=_HATCHES,
        )  # fmt: skip
        axis.set(ylim=(0, 1), title=title)
        _sparsities(axis, table.index)
    axes[0, 0].set_ylabel("share of features")
    figure.legend(
        handles=[
            Patch(facecolor=style.colour, edgecolor="white", hatch=hatch, label=n.replace("_", " "))
            for (n, style), hatch in zip(drawn.items(), _HATCHES, strict=True)
        ],
        loc="outside lower center", ncols=4,
    )  # fmt: skip
    return figure


def plot_places(instances: Mapping[str, tuple[pd.Series, pd.DataFrame]]) -> Figure:
    """Loss above, and each feature's dimensionality below, over training.

    Args:
        instances: title → loss by step; dimensionality, a row per step, a column per feature.
    """
    figure, axes = plt.subplots(
        2, len(instances), figsize=(TEXT_WIDTH, 3.2), sharex=True, sharey="row", squeeze=False
    )
    for (title, (loss, dimensionality)), column in zip(instances.items(), axes.T, strict=True):
        column[0].plot(loss.index, loss, color=NEUTRAL)
        column[0].set(yscale="log", title=title)
        column[1].plot(dimensionality.index, dimensionality, lw=0.8)
        column[1].set(xlabel="training step", ylim=(0, 1))
    axes[0, 0].set_ylabel("loss")
    axes[1, 0].set_ylabel("dimensionality")
    return figure


def plot_computed(
    panels: Mapping[str, pd.DataFrame], drawn: Styles, labels: Mapping[str, str]
) -> Figure:
    """What is lost by layers that compute more functions than they have neurons for.

    Args:
        panels: title → condition, seed, density, value: loss over that of predicting the means, one_by_one:
            the same of a layer that computes them one by one.
        drawn: a style per condition.
        labels: what conditions are called.
    """
    by_one = Style(NEUTRAL, "", "--")
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.6), sharey=True, squeeze=False
    )
    for axis, (title, losses) in zip(axes[0], panels.items(), strict=True):
        one_by_one = losses.groupby("density")["one_by_one"].first()
        for place, (name, its) in enumerate(losses.groupby("condition", sort=False, observed=True)):
            curve = over_seeds(its, ["density"], "ratio").sort_values("density")
            plot_curve(axis, 1 / curve["density"], curve, drawn[str(name)], str(name), place)
        axis.plot(1 / one_by_one.index, one_by_one, label=_ALONE, **by_one.of_line)
        axis.set(title=title)
        _sparsities(axis, one_by_one.index)
        axis.set_ylim(bottom=0)
    axes[0, 0].set_ylabel("loss, relative to the means")
    named = {**labels, _ALONE: _ALONE}
    for axis, losses in zip(axes[0], panels.values(), strict=True):
        there = Styles({name: drawn[name] for name in losses["condition"].unique()})
        there[_ALONE] = by_one
        name_curves(axis, there, named, below=False)
    return figure


def _sparsities(axis: Axes, densities: Iterable[float]) -> None:
    """A logarithmic axis of 1 / density, with numbers however short it is."""
    low, high = (1 / end(densities) for end in (max, min))
    axis.set(xscale="log", xlabel="1 / density")
    ticks = [10**n for n in range(3) if 0.8 * low <= 10**n <= 1.2 * high]
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    if high < 5 * low:
        axis.set_xticks([low, high], [f"{low:.1f}", f"{high:.1f}"])
    axis.xaxis.set_minor_formatter(NullFormatter())
