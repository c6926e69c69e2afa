"""Dose curves: conditions that differ from a reference in one setting, against that setting."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.names import name_curves
from onset.figures.page import TEXT_WIDTH
from onset.figures.style import NEUTRAL, Style, styles
from onset.statistics.rows import where
from onset.statistics.spread import opacity, seeds_in

_SECTIONS = ("task", "model", "training", "parent")

Settings = Mapping[str, Mapping[str, Any] | None]


def doses_of(
    settings: Mapping[str, Settings], reference: str, section: str, key: str
) -> dict[str, float]:
    """The dose of the reference and of every condition that differs from it in that dose alone.

    Args:
        settings: of a run per condition, by section (`Run.settings`).
        reference: the condition to compare with.
        section: of the dose, e.g. `training`.
        key: of the dose, e.g. `weight_decay`.

    Returns:
        Dose by condition, the smallest first.
    """
    found = {
        name: float((its[section] or {})[key])
        for name, its in settings.items()
        if differences(settings[reference], its) <= {f"{section}.{key}"}
    }
    return dict(sorted(found.items(), key=lambda item: item[1]))


def differences(one: Settings, other: Settings) -> set[str]:
    """The settings (`section.key`) of task, model, training and parent in which two runs differ."""
    return {
        f"{section}.{key}"
        for section in _SECTIONS
        for key in {**(one.get(section) or {}), **(other.get(section) or {})}
        if (one.get(section) or {}).get(key) != (other.get(section) or {}).get(key)
    }


def over_doses(
    rows: pd.DataFrame, settings: Mapping[str, Settings], reference: str, paths: Iterable[str]
) -> pd.DataFrame:
    """Rows of conditions as points of dose curves.

    Args:
        rows: condition and any other columns.
        settings: of a run per condition, by section.
        reference: the condition that all curves go through.
        paths: the doses, each `section.key`.

    Returns:
        The rows of each curve, with the columns setting (its path) and dose.
    """
    doses = {path: doses_of(settings, reference, *path.split(".")) for path in paths}
    return pd.concat(
        rows[rows["condition"].isin(its)].assign(setting=path, dose=rows["condition"].map(its))
        for path, its in doses.items()
    )


def plot_dose(axis: Axes, curve: pd.DataFrame, style: Style, label: str) -> None:
    """Draw one curve: seeds as small dots, their mean as a marker with its interval, a line through it.

    Args:
        axis: to draw on.
        curve: dose, mean, low, high, and a column `seed_N` per seed.
        style: of the curve.
        label: in the legend, and by which `name_curves` finds it.
    """
    curve = curve.sort_values("dose")
    seeds = seeds_in(curve)
    faint = 0.7 * opacity(seeds.shape[1])
    for seed in seeds:
        axis.plot(curve["dose"], curve[seed], ".", color=style.colour, markersize=3, alpha=faint)
    axis.vlines(curve["dose"], curve["low"], curve["high"], color=style.colour, alpha=0.6)
    axis.plot(
        *(curve["dose"], curve["mean"]),
        **style.of_line,
        marker=style.marker,
        markersize=4.5,
        label=label,
        clip_on=not curve["mean"].between(0, 1).all(),  # what lies on the edge is whole
    )


def draw_doses(
    rows: pd.DataFrame,
    panels: Mapping[str, str],
    curves: Mapping[str, str],
    ylabel: str,
    *,
    by: str = "split",
    reference: str | None = None,
    chance: float | None = None,
    logarithmic: Collection[str] = (),
    percent: Collection[str] = (),
) -> Figure:
    """A panel per dose, and in it a curve per value of a column; values go from 0 to 1.

    Args:
        rows: of `over_doses`, over seeds.
        panels: the label of each dose's axis, by its path.
        curves: the name of each curve, by the value of the column.
        ylabel: of all panels.
        by: the column.
        reference: the condition that is on all curves; its points get a ring.
        chance: a dotted line.
        logarithmic: the paths of doses with a logarithmic axis.
        percent: the paths of doses that are shares.
    """
    drawn = styles(curves)
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.3), sharey=True, squeeze=False
    )
    for (path, label), axis in zip(panels.items(), axes[0], strict=True):
        of_dose = where(rows, setting=path)
        for name, style in drawn.items():
            curve = of_dose[of_dose[by] == name]
            plot_dose(axis, curve, style, name)
            shared = where(curve, condition=reference)
            axis.plot(shared["dose"], shared["mean"], "o", color=NEUTRAL, markersize=9, mfc="none")
        if chance is not None:
            axis.axhline(chance, color=NEUTRAL, linestyle=":", linewidth=0.8)
        if path in logarithmic:
            axis.set_xscale("log")
        axis.set(xlabel=label, ylim=(-0.03, 1.03))
        axis.set_xticks(sorted(of_dose["dose"].unique()))
        axis.set_xticks([], minor=True)
        axis.xaxis.set_major_formatter("{x:.0%}" if path in percent else "{x:g}")
    axes[0, 0].set_ylabel(ylabel)
    name_curves(axes[0, -1], drawn, curves)
    return figure
