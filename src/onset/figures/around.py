"""One setting at a time around a base point: a row per value, what is compared on one line."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from onset.figures.curves import legend_below
from onset.figures.page import TEXT_WIDTH
from onset.figures.rows import name_rows, plot_rows, proportion
from onset.figures.style import Styles
from onset.statistics.rows import where

_ROW, _TITLE, _REST = 0.135, 0.27, 0.75
"""inches: of a row, of a group's title, of labels and legend"""
_TALLEST = 8.3


def draw_around(
    rows: pd.DataFrame,
    questions: Mapping[str, str],
    styles: Styles,
    labels: Mapping[str, str],
    xlabel: str,
) -> Figure:
    """A panel per setting in two columns of panels, in each the questions side by side.

    Args:
        rows: group (which setting), row (its value, in words), side (what is compared), base (whether it is
            the base point's value, which is marked), question, mean, low, high, and a column `seed_N` per
            seed. Groups and rows are drawn in the order in which they come.
        questions: the splits, with what they are called.
        styles: of the sides.
        labels: of the sides.
        xlabel: of all panels.
    """
    groups = {name: its for name, its in rows.groupby("group", sort=False)}
    halves = _halves({name: its["row"].nunique() for name, its in groups.items()})
    tall = max(_TITLE * len(half) + _ROW * sum(half.values()) for half in halves)
    figure = plt.figure(figsize=(TEXT_WIDTH, min(_REST + tall, _TALLEST)))
    sides = figure.subfigures(1, len(halves), squeeze=False)[0]
    for half, subfigure in zip(halves, sides, strict=True):
        _draw_half(subfigure, {name: groups[name] for name in half}, questions, styles)
        subfigure.supxlabel(xlabel, fontsize=8)  # the whole figure's would lie under the legend
    legend_below(figure, styles, labels, len(styles), markers=True)
    return figure


def _halves(sizes: Mapping[str, int]) -> list[dict[str, int]]:
    """Groups in their order, parted where both parts are about as tall; one part, if there is one group."""
    tall = [_TITLE + _ROW * n for n in sizes.values()]
    above = list(itertools.accumulate(tall))
    n = min(range(1, len(tall) + 1), key=lambda n: abs(above[n - 1] - above[-1] / 2))
    items = list(sizes.items())
    return [dict(part) for part in (items[:n], items[n:]) if part]


def _draw_half(
    figure: SubFigure,
    groups: Mapping[str, pd.DataFrame],
    questions: Mapping[str, str],
    styles: Styles,
) -> None:
    """Panels under each other, with the names of their rows on the left."""
    names = {group: list(dict.fromkeys(its["row"])) for group, its in groups.items()}
    axes = figure.subplots(
        len(groups), len(questions), squeeze=False, sharex=True,
        height_ratios=[len(its) for its in names.values()],
    )  # fmt: skip
    for line, (group, its) in zip(axes, groups.items(), strict=True):
        for question, axis in zip(questions, line, strict=True):
            _draw_group(axis, where(its, question=question), names[group], styles)
            axis.tick_params(length=2, labelsize=6)
        rows = names[group]
        name_rows(line[0], rows, {name: name for name in rows})
        line[0].set_title(group, loc="left", fontsize=7)
        for axis in line[1:]:
            name_rows(axis, rows, dict.fromkeys(rows, ""))
    for title, axis in zip(questions.values(), axes[-1], strict=True):
        axis.set_xlabel(title, fontsize=7)


def _draw_group(axis: Axes, rows: pd.DataFrame, names: Sequence[str], styles: Styles) -> None:
    for side, style in styles.items():
        its = where(rows, side=side)
        of_rows = Styles(dict.fromkeys(names, style))
        plot_rows(axis, its.assign(condition=its["row"]), of_rows)
    marked = set(rows.loc[rows["base"], "row"])
    for place in (place for place, name in enumerate(names) if name in marked):
        axis.axhspan(place - 0.5, place + 0.5, color="0.9", linewidth=0, zorder=0)
    proportion(axis, "")
