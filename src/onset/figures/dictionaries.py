"""Pictures of dictionaries: what they recover, and what becomes of states that are moved along latents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from onset.figures.curves import legend_below
from onset.figures.dose import plot_dose
from onset.figures.rows import name_rows, plot_rows, proportion
from onset.figures.style import NEUTRAL, TEXT_WIDTH, Styles, styles
from onset.statistics.rows import where

BASELINES = {"truth": "true features", "ica": "ICA", "pca": "PCA", "random": "random"}
"""directions that no dictionary was trained for, and what they are called"""
MOVES = {
    "whole": "whole state",
    "all_latents": "all latents",
    "latents": "the bridge's latents",
    "means": "difference of means",
    "probe": "probe's weights",
    "other_latents": "null: other latents",
    "random": "null: random direction",
}
"""along what states are moved, and what it is called"""
_MARKERS = {"truth": "s", "ica": "x", "pca": "+", "random": "."}
_FREQUENCIES = (0.01, 0.02, 0.05)


def plot_curves(
    axis: Axes, curves: pd.DataFrame, drawn: Styles, labels: Mapping[str, str], by: str
) -> None:
    """Dose curves in one panel.

    Args:
        axis: to draw on.
        curves: over seeds, with dose and the column `by`.
        drawn: a style per curve; one without rows is left out.
        labels: of the curves.
        by: the column that says which curve a row is of.
    """
    for name, style in drawn.items():
        curve = curves[curves[by] == name]
        if len(curve):
            plot_dose(axis, curve, style, labels[name])


def draw_front(
    front: pd.DataFrame,
    baselines: pd.DataFrame,
    drawn: Styles,
    labels: Mapping[str, str],
) -> Figure:
    """Left: explained variance, right: features recovered, along the number of active latents.

    Args:
        front: of `Dictionaries.against_active`.
        baselines: name, measure, component, value, in grey.
        drawn: a style per condition.
        labels: of conditions.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.7), sharex=True)
    for axis, measure in ((left, "explained_variance"), (right, "recovered")):
        plot_curves(axis, where(front, measure=measure), drawn, labels, "condition")
    for name, said in BASELINES.items():
        its = where(baselines, name=name, measure="explained_variance")
        means = its.groupby("component")["value"].mean()
        left.plot(means.index, means, _MARKERS[name], color=NEUTRAL, markersize=4, label=said)
        if name != "truth":
            recovered = where(baselines, name=name, measure="recovered")["value"].mean()
            right.axhline(recovered, color=NEUTRAL, linewidth=0.5)
    left.set(xlabel="active latents", ylabel="explained variance")
    right.set(xlabel="active latents", ylabel="features recovered")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def draw_hierarchy(
    panels: Mapping[str, pd.DataFrame], drawn: Styles, labels: Mapping[str, str]
) -> Figure:
    """Dictionaries along how much children hang on their parents, a panel per measure.

    Args:
        panels: title → over seeds: dictionary, dose.
        drawn: a style per dictionary.
        labels: of dictionaries.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(TEXT_WIDTH, 2.2), squeeze=False)
    for axis, (title, curves) in zip(axes[0], panels.items(), strict=True):
        plot_curves(axis, curves, drawn, labels, "dictionary")
        axis.set(title=title, xticks=[0, 0.5, 1], xlabel="hierarchy")
    legend_below(figure, drawn, labels)
    return figure


def draw_learnt(shares: pd.DataFrame, areas: pd.DataFrame, regressions: Iterable[str]) -> Figure:
    """Left: share of features learnt, by frequency; right: how well it is foretold.

    Args:
        shares: over seeds: width, dose (a frequency).
        areas: over seeds: condition (a regression), mean, low, high.
        regressions: their names, in the order of the rows.
    """
    rows = styles(regressions)
    widths = styles(map(str, sorted(shares["width"].unique())))
    figure, (left, right) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.5))
    named = {width: f"{width} latents" for width in widths}
    plot_curves(left, shares.assign(width=shares["width"].astype(str)), widths, named, "width")
    left.set(xscale="log", xlabel="frequency of the feature", ylabel="share learnt")
    left.set(ylim=(-0.03, 1.03))
    left.set_xticks(_FREQUENCIES, map(str, _FREQUENCIES))
    left.xaxis.set_minor_formatter(NullFormatter())
    plot_rows(right, areas, rows)
    name_rows(right, rows, {name: name for name in rows})
    right.axvline(0.5, color=NEUTRAL, linewidth=0.5, zorder=0)
    right.set(xlabel="area under ROC, other seeds", xlim=(0.4, 1.03))
    legend_below(figure, widths, named, columns=len(widths))
    return figure


def draw_moves(moves: pd.DataFrame) -> Figure:
    """How often a moved state is answered as the other question: by the norm, and at the latents' own.

    Args:
        moves: over seeds: move, dose: percent of the whole difference, or `natural`.
    """
    drawn = styles(MOVES)
    natural, by_norm = where(moves, dose="natural"), moves[moves["dose"] != "natural"]
    by_norm = by_norm.assign(dose=by_norm["dose"].astype(float) / 100)
    figure, (left, right) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.7))
    plot_curves(left, by_norm, drawn, MOVES, "move")
    left.set(xlabel="norm of the move, relative to whole", ylabel="answers as the other question")
    plot_rows(right, natural.assign(condition=natural["move"]), drawn)
    name_rows(right, drawn, MOVES)
    proportion(right, "at the latents' own norm")
    return figure
