"""Circuits as graphs: parts by layer, from the tokens at the top down to the logits, and the edges between
them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch

from onset.figures.style import NEUTRAL, TEXT_WIDTH, styles

INPUTS = ("query", "key", "value", "other")
"""ways into a part; `other`: of MLPs and logits, which have but one"""
_ROW = 0.55  # inches
_WIDEST = 2.5  # points
_THINNEST = 0.4
_MIDDLE = 0.5
_ASIDE = 0.3  # of the distance between two heads
_HEAD = re.compile(r"head (\d+)\.(\d+)")
_MLP = re.compile(r"mlp (\d+)")


def plot_graphs(graphs: Mapping[str, pd.DataFrame], parts: Sequence[str]) -> Figure:
    """Circuits of one model side by side, such as one that was found and the true one.

    Args:
        graphs: title → a row per edge: writer and reader (of `parts`), by (of `INPUTS`), weight. The wider
        an
            edge is, the larger its weight, whatever the sign; those below zero are pale.
        parts: all of the model's, `tokens`, `positions`, `head 0.1`, `mlp 0`, ... and `logits`. Those
        without
            edges are small.
    """
    places = places_of(parts)
    n_rows = 1 + max(row for _, row in places.values())
    figure, axes = plt.subplots(
        1, len(graphs), figsize=(TEXT_WIDTH, 0.6 + _ROW * n_rows), squeeze=False
    )
    for axis, (title, edges) in zip(axes[0], graphs.items(), strict=True):
        _draw(axis, edges, places)
        axis.set_title(title)
    drawn = styles(INPUTS)
    figure.legend(
        handles=[Line2D([], [], **drawn[its].of_line, label=its) for its in INPUTS],
        loc="outside lower center",
        ncols=len(INPUTS),
    )
    return figure


def edge_rows(edges: Iterable[tuple[str, str]], weights: Iterable[float]) -> pd.DataFrame:
    """The table of a graph's edges.

    Args:
        edges: writer and reader of each, as `onset.models.transformer.wiring` names them: the reader is
            an input, such as `head 1.0 query`, `mlp 0` or `logits`.
        weights: of each.
    """
    rows = []
    for (writer, reader), weight in zip(edges, weights, strict=True):
        part, _, by = reader.rpartition(" ")
        its = (part, by) if by in INPUTS else (reader, INPUTS[-1])
        rows.append((writer, *its, weight))
    return pd.DataFrame(rows, columns=["writer", "reader", "by", "weight"])


def places_of(parts: Iterable[str]) -> dict[str, tuple[float, int]]:
    """Where each part stands: from left to right between 0 and 1, and in which row, from the top.

    Embeddings come first, then for each layer its heads, and in a row of its own its MLP; the logits last.
    Heads of the same number stand a little to the left and to the right in turn, so that an edge from one
    layer to the next but one doesn't run through what lies between.
    """
    rows: dict[tuple[int, int], list[str]] = {}
    for part in parts:
        rows.setdefault(_depth(part), []).append(part)
    found = {}
    for row, (depth, its) in enumerate(sorted(rows.items())):
        between = 1 / (len(its) + 1)
        aside = _ASIDE * between * (-1) ** depth[0] if _HEAD.fullmatch(its[0]) else 0
        found |= {part: ((i + 1) * between + aside, row) for i, part in enumerate(its)}
    return found


def _depth(part: str) -> tuple[int, int]:
    """Layer and half of it."""
    if its := _HEAD.fullmatch(part):
        return int(its[1]), 0
    if its := _MLP.fullmatch(part):
        return int(its[1]), 1
    return (10**6, 0) if part == "logits" else (-1, 0)


def _draw(axis: Axes, edges: pd.DataFrame, places: Mapping[str, tuple[float, int]]) -> None:
    largest = edges["weight"].abs().max() if len(edges) else 1.0
    drawn = styles(INPUTS)
    for edge in edges.sort_values("weight", key=abs).itertuples(index=False):
        style = drawn[edge.by]
        arrow = FancyArrowPatch(
            places[edge.writer],
            places[edge.reader],
            # Bent a little, each way in differently, so that several between two parts can be told apart.
            connectionstyle=f"arc3,rad={_bend(edge, places):.2f}",
            arrowstyle="-",
            color=style.colour,
            linestyle=style.line,
            linewidth=max(_THINNEST, _WIDEST * abs(edge.weight) / largest),
            alpha=1.0 if edge.weight >= 0 else 0.4,
            zorder=1,
        )
        axis.add_patch(arrow)
    used = {*edges["writer"], *edges["reader"]}
    for part, (x, y) in places.items():
        if part in used:
            box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": NEUTRAL}
            axis.text(x, y, _called(part), ha="center", va="center", fontsize=6, bbox=box, zorder=2)
        else:
            axis.plot(x, y, "o", color=NEUTRAL, markersize=2, zorder=2)
    axis.set(xlim=(0, 1), ylim=(max(y for _, y in places.values()) + 0.5, -0.5))
    axis.set_axis_off()


def _bend(edge: Any, places: Mapping[str, tuple[float, int]]) -> float:
    """Each way in differently; more to the outside, the more rows lie between."""
    (x, row), (_, other) = places[edge.writer], places[edge.reader]
    outward = 0.05 * max(0, other - row - 2) * (1 if x < _MIDDLE else -1)
    return 0.08 * (INPUTS.index(edge.by) - 1) + outward


def _called(part: str) -> str:
    """`0.1` for a head, as there is no room for more."""
    return part.removeprefix("head ")
