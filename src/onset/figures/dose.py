"""Dose curves: conditions that differ from a reference in one setting, against that setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from onset.figures.style import Style

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


def plot_dose(axis: Axes, curve: pd.DataFrame, style: Style, label: str) -> None:
    """Draw one curve: seeds as small dots, their mean as a marker with its interval, a line through it.

    Args:
        axis: to draw on.
        curve: dose, mean, low, high, and a column `seed_N` per seed.
        style: of the curve.
        label: in the legend, and by which `name_curves` finds it.
    """
    curve = curve.sort_values("dose")
    for seed in curve.filter(regex=r"^seed_\d+$"):
        axis.plot(curve["dose"], curve[seed], ".", color=style.colour, markersize=3, alpha=0.7)
    axis.vlines(curve["dose"], curve["low"], curve["high"], color=style.colour, alpha=0.6)
    axis.plot(
        *(curve["dose"], curve["mean"]),
        **style.of_line,
        marker=style.marker,
        markersize=4.5,
        label=label,
        clip_on=False,
    )
