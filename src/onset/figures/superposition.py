"""Pictures of features that share the dimensions of a narrow layer."""

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

from onset.figures.style import NEUTRAL, TEXT_WIDTH, Styles, styles


def plot_phases_of(panels: Mapping[str, pd.DataFrame], phases: Sequence[str]) -> Figure:
    """Maps over density and importance, a colour per phase, side by side.

    Args:
        panels: title → density, importance, phase: one row per cell of a whole grid.
        phases: all there are, in the order of their colours.
    """
    drawn = styles(phases)
    colours = ListedColormap([drawn[name].colour for name in phases])
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.1), sharey=True, squeeze=False
    )
    for axis, (title, cells) in zip(axes[0], panels.items(), strict=True):
        numbers = cells.assign(number=cells["phase"].map(list(phases).index))
        table = numbers.pivot(index="density", columns="importance", values="number")
        axis.pcolormesh(
            table.columns, table.index, table, cmap=colours, vmin=-0.5, vmax=len(phases) - 0.5,
            shading="nearest", rasterized=True,
        )  # fmt: skip
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
    """Up to which density there is superposition, along the importance.

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
    """Every represented feature's share of dimensions, along sparsity.

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
    last.set_yticks(list(fractions.values()), list(fractions), fontsize=5)
    last.tick_params(length=0)
    last.spines["right"].set_visible(False)
    return figure


def plot_shares(panels: Mapping[str, pd.DataFrame], drawn: Styles) -> Figure:
    """Which share of all features is in which figure, along sparsity, as stacked areas.

    Args:
        panels: title → a row per density, a column per kind, rows summing to 1.
        drawn: a style per kind, in the order of the stack.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.5), sharey=True, squeeze=False
    )
    for axis, (title, table) in zip(axes[0], panels.items(), strict=True):
        axis.stackplot(
            1 / table.index.to_numpy(), *(table[name] for name in drawn),
            colors=[style.colour for style in drawn.values()], lw=0,
        )  # fmt: skip
        axis.set(ylim=(0, 1), title=title)
        _sparsities(axis, table.index)
    axes[0, 0].set_ylabel("share of features")
    figure.legend(
        handles=[Patch(color=style.colour, label=n.replace("_", " ")) for n, style in drawn.items()],
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
        column[1].set(xlabel="step", ylim=(0, 1))
    axes[0, 0].set_ylabel("loss")
    axes[1, 0].set_ylabel("dimensionality")
    return figure


def plot_computed(
    panels: Mapping[str, tuple[pd.DataFrame, pd.Series]], drawn: Styles, labels: Mapping[str, str]
) -> Figure:
    """What is lost by layers that compute more functions than they have neurons for.

    Args:
        panels: title → condition, seed, density, value: loss over that of saying the means; the same of
            a layer that computes them one by one, by density.
        drawn: a style per condition.
        labels: what conditions are called.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.6), sharey=True, squeeze=False
    )
    for axis, (title, (losses, one_by_one)) in zip(axes[0], panels.items(), strict=True):
        _each_and_mean(axis, losses, drawn, labels)
        axis.plot(1 / one_by_one.index, one_by_one, color=NEUTRAL, ls="--", label="one by one")
        axis.set(title=title)
        _sparsities(axis, one_by_one.index)
        axis.set_ylim(bottom=0)
        axis.legend()
    axes[0, 0].set_ylabel("loss, relative to the means")
    return figure


def _sparsities(axis: Axes, densities: Iterable[float]) -> None:
    """A logarithmic axis of 1 / density, with numbers however short it is."""
    low, high = (1 / end(densities) for end in (max, min))
    axis.set(xscale="log", xlabel="1 / density")
    axis.set_xticks([10.0**n for n in range(3) if 0.8 * low <= 10**n <= 1.2 * high])
    if high < 5 * low:
        axis.set_xticks([low, high], [f"{low:.1f}", f"{high:.1f}"])
    axis.xaxis.set_minor_formatter(NullFormatter())


def _each_and_mean(
    axis: Axes, losses: pd.DataFrame, drawn: Styles, labels: Mapping[str, str]
) -> None:
    for name, its in losses.groupby("condition", sort=False, observed=True):
        style = drawn[str(name)]
        for _, of_seed in its.groupby("seed"):
            axis.plot(1 / of_seed["density"], of_seed["value"], **style.of_line, lw=0.4, alpha=0.5)
        mean = its.groupby("density")["value"].mean()
        axis.plot(1 / mean.index, mean, **style.of_line, label=labels[str(name)])
