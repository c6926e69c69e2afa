"""Maps over two settings: the score of each condition in a grid, one cell per point."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from onset.figures.colours import colour_scale
from onset.figures.dose import Settings, differences
from onset.figures.page import TEXT_WIDTH
from onset.figures.style import MARKED

_SCALARS = (bool, int, float, str)
_MOST_SAID = 16
"""values along an axis that all have a name, and cells along it that have room for numbers"""

Pair = tuple[str, str]
"""two settings, each `section.key`"""


def value_of(settings: Settings, path: str) -> Any:
    """The value of `section.key` in a run's settings; None where it has no such key."""
    section, key = path.split(".")
    return (settings.get(section) or {}).get(key)


def grids_of(
    settings: Mapping[str, Settings], reference: str
) -> dict[Pair, dict[str, tuple[Any, Any]]]:
    """The grids over two settings through a reference condition, found from the settings alone.

    A grid is a pair of settings in which some condition differs from the reference, and in nothing
    else. Its points are these conditions, the reference, and those that differ in one of the two
    alone, by a value that the first have too: so grids may share a row. Conditions with equal
    settings are one point, the first of them.

    Args:
        settings: of a run per condition, by section (`Run.settings`).
        reference: the condition through which all grids go.

    Returns:
        (setting, setting) → condition → its value of both. Settings are in the order of the sections
        task, model, training and of their keys.
    """
    apart = {name: differences(settings[reference], its) for name, its in settings.items()}
    order = [
        f"{section}.{key}"
        for section in ("task", "model", "training")
        for key in settings[reference].get(section) or {}
    ]
    swept = [
        path
        for path in order
        if all(isinstance(value_of(its, path), _SCALARS) for its in settings.values())
    ]
    grids = {}
    for pair in combinations(swept, 2):
        if set(pair) not in apart.values():
            continue
        values = {
            name: tuple(value_of(its, path) for path in pair)
            for name, its in settings.items()
            if apart[name] <= set(pair)
        }
        off_axis = [values[name] for name in values if apart[name] == set(pair)]
        own = values[reference]
        lines = [{own[place], *(point[place] for point in off_axis)} for place in (0, 1)]
        points: dict[tuple[Any, Any], str] = {}
        for name, point in values.items():
            if point[0] in lines[0] and point[1] in lines[1]:
                points.setdefault(point, name)
        grids[pair] = {name: point for point, name in points.items()}
    return grids


def cells_of(
    pair: Pair, points: Mapping[str, tuple[Any, Any]], numbers: pd.DataFrame
) -> pd.DataFrame:
    """A map's cells: the columns of `numbers` for its points, and a column per setting of the pair.

    Args:
        pair: the two settings.
        points: condition → its value of both (`grids_of`).
        numbers: condition and any other columns.
    """
    values = pd.DataFrame.from_dict(points, orient="index", columns=list(pair))
    return values.rename_axis("condition").reset_index().merge(numbers, on="condition")


def plot_heat(
    axis: Axes, cells: pd.DataFrame, across: str, up: str, level: float, kind: str = "share"
) -> AxesImage:
    """Draw a map in the colours of a kind; each cell says its mean and, below, the range of the seeds.

    Where cells have no room for it, they say nothing, and the axes name some of their values.

    Args:
        axis: to draw on.
        cells: the columns `across`, `up`, mean, and a column `seed_N` per seed. A point that is not there
            stays empty.
        across: column on the horizontal axis.
        up: column on the vertical axis, the smallest value lowest.
        level: cells in which every seed reaches it are framed.
        kind: of quantity.

    Returns:
        The image, for a colour bar.
    """
    table = cells.pivot(index=up, columns=across, values="mean").sort_index().sort_index(axis=1)
    values = table.to_numpy(float)
    colours = colour_scale(kind, values)
    image = axis.imshow(values, **colours, aspect="auto", origin="lower")
    for _, cell in cells.iterrows():
        x, y = table.columns.get_loc(cell[across]), table.index.get_loc(cell[up])
        seeds = cell.filter(regex=r"^seed_\d+$")
        of_text = {
            "textcoords": "offset points", "ha": "center", "va": "center",
            "color": _ink(image.to_rgba(cell["mean"])),
        }  # fmt: skip
        if max(table.shape) <= _MOST_SAID:
            axis.annotate(_short(cell["mean"]), (x, y), (0, 4), fontsize=7.5, **of_text)
            between = "–".join(dict.fromkeys(map(_short, (seeds.min(), seeds.max()))))
            axis.annotate(between, (x, y), (0, -5), fontsize=5.5, **of_text)
        if (seeds >= level).all():
            frame = {"fill": False, "edgecolor": MARKED, "linewidth": 1.5, "zorder": 3}
            axis.add_patch(Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, **frame))
    axis.set_xticks(*_named(table.columns))
    axis.set_yticks(*_named(table.index))
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    return image


def _named(values: pd.Index) -> tuple[list[int], list[str]]:
    """Where an axis names its values, and how: all of them, or every second, third, ..."""
    places = list(range(0, len(values), math.ceil(len(values) / _MOST_SAID)))
    return places, [said(values[place]) for place in places]


def said(value: Any) -> str:
    """A setting's value as an axis says it."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, (int, float, np.number)) else str(value)


def _ink(colour: tuple[float, ...]) -> str:
    """Black or white, whichever stands out more from a colour: the ratio of contrast of WCAG 2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
    return "black" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "white"


def _short(value: float) -> str:
    text = f"{value:.2f}".removeprefix("0")
    return {"1.00": "1", "nan": ""}.get(text, text)


class Map(NamedTuple):
    """One map of a figure."""

    title: str
    cells: pd.DataFrame
    """of `cells_of`"""
    across: str
    up: str


def draw_maps(maps: Sequence[Map], names: Callable[[str], str], level: float, scale: str) -> Figure:
    """Maps in two columns with one scale of colours.

    Args:
        maps: where all are over the same settings, they share the axis that goes up.
        names: of a setting, for the axes.
        level: cells of which every seed reaches it are framed.
        scale: what the colours say.
    """
    shared = len(maps) > 1 and len({(its.across, its.up) for its in maps}) == 1
    n_lines = math.ceil(len(maps) / 2)
    tall = 1.0 + 0.36 * maps[0].cells[maps[0].up].nunique() if shared else 1.92 * n_lines
    size = (TEXT_WIDTH, tall)
    figure, axes = plt.subplots(n_lines, 2, figsize=size, squeeze=False, sharey=shared)
    for axis in axes.flat[len(maps) :]:
        axis.set_visible(False)
    for its, axis in zip(maps, axes.flat, strict=False):
        image = plot_heat(axis, its.cells, its.across, its.up, level)
        axis.set(title=its.title, xlabel=names(its.across))
        if not shared or axis is axes[0, 0]:
            axis.set_ylabel(names(its.up))
    figure.colorbar(image, ax=axes, label=scale, ticks=[0, 0.5, 1])
    return figure
