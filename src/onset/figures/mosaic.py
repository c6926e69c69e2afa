"""A mosaic of attention heads: a tile is a head, a brick a model, a row of bricks a condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from onset.figures.mosaic_layout import (
    BETWEEN_ROWS,
    LEGEND,
    NAMES,
    PAGE,
    TITLE,
    Block,
    pages_of,
)
from onset.figures.style import TEXT_WIDTH

_POINTS = TEXT_WIDTH * 72
_GUTTER, _MARGIN = 14.0, 3.0
_LARGEST_TILE, _WIDEST_NAMES = 4.9, 130.0
_LIGHTEST, _DARKEST = 0.93, 0.33
"""CIE lightness of a head that nothing is lost without, and of one without which all is. The same for all
kinds: in grey, too, dark heads are those that matter."""


@dataclass(frozen=True)
class _Look:
    name: str
    hue: float | None
    """of HUSL, from 0 to 1; None: grey"""
    glyph: str
    """matplotlib's marker, for those who see no colours"""


_LOOKS = {
    "previous_token": _Look("previous token", 0.70, "<"),
    "first_token": _Look("first token", 0.42, "|"),
    "current_token": _Look("current token", 0.16, "o"),
    "duplicate_token": _Look("duplicate token", 0.03, "s"),
    "induction": _Look("induction", 0.86, ">"),
    "copying": _Look("copying", None, "+"),
    "suppressing": _Look("suppressing", None, "_"),
    "other": _Look("none of these", None, ""),
}


def plot_mosaic(
    heads: pd.DataFrame, titles: Mapping[str, str], labels: Mapping[str, Mapping[str, str]]
) -> tuple[Figure, pd.DataFrame]:
    """All heads of all models.

    A brick is a model: its block applications from the bottom up, in each the head that matters most on the
    left. Bricks of a row are seeds. The tile's hue and glyph are the head's kind, its darkness is `needed`.

    Args:
        heads: study, condition, seed, layer, head, kind, needed, in the order to be shown.
        titles: of the studies.
        labels: study → condition → what figures call it.

    Returns:
        The figure, and what it shows: those columns, and each head's place in its layer from the left.

    Raises:
        KeyError: there is no look for a kind.
    """
    by_need = heads.sort_values("needed", ascending=False, kind="stable")
    place = by_need.groupby(["study", "condition", "seed", "layer"]).cumcount()
    shown = heads[["study", "condition", "seed", "layer", "head", "kind", "needed"]].assign(
        place=place
    )
    blocks = [Block.of(study, its) for study, its in shown.groupby("study", sort=False)]
    pages = pages_of(blocks)
    n_columns = len(pages[0])
    width = (_POINTS - 2 * _MARGIN - (n_columns - 1) * _GUTTER) / n_columns
    widest = max(block.width for block in blocks)
    tile = min(_LARGEST_TILE, (width - NAMES) / widest)
    names = min(width - widest * tile, _WIDEST_NAMES)
    filled = [
        LEGEND + max(sum(block.height(tile) for block in column) for column in page)
        for page in pages
    ]
    # Pages are alike, and so tall that as many are needed: the paper cuts the figure by that.
    page_height = max([*filled, PAGE * (len(pages) - 1) / len(pages) + 1])
    height = len(pages) * page_height if len(pages) > 1 else filled[0]
    figure = plt.figure(figsize=(TEXT_WIDTH, height / 72))
    figure.set_layout_engine("none")  # all is placed by hand
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, _POINTS), ylim=(height, 0))
    axis.axis("off")
    for page, columns in enumerate(pages):
        _legend(axis, [kind for kind in _LOOKS if kind in set(shown["kind"])], page * page_height)
        for number, column in enumerate(columns):
            x, y = _MARGIN + number * (width + _GUTTER), page * page_height + LEGEND
            for block in column:
                title = titles[block.study] + (" (continued)" if block.goes_on else "")
                text = _short(title, width / 3.7)
                axis.text(x, y + TITLE - 3, text, fontsize=6.5, weight="bold", va="baseline")
                _block(axis, block, (x, y + TITLE), tile, names, labels[block.study])
                y += block.height(tile)
    return figure, shown


def _block(
    axis: Axes,
    block: Block,
    at: tuple[float, float],
    tile: float,
    names: float,
    labels: Mapping[str, str],
) -> None:
    """Draw a study; `names` is the width of the rows' names, all in points."""
    (x, y), tiles = (at[0] + names, at[1]), []
    of_name = {"fontsize": 5, "ha": "right", "va": "center_baseline"}
    for row in block.rows:
        label = _short(labels[row.condition], names / 2.7)
        axis.text(x - 3, y + row.height(tile) / 2, label, **of_name)
        for brick in row.bricks:
            for head in brick.heads.itertuples():
                left = x + (brick.left + head.place) * tile
                top = y + (brick.top + brick.n_layers - 1 - head.layer) * tile
                tiles.append((left, top, head.kind, head.needed))
        y += row.height(tile) + BETWEEN_ROWS
    _draw(axis, tiles, tile)


def _draw(axis: Axes, tiles: list[tuple[float, float, str, float]], size: float) -> None:
    rectangles = [Rectangle(tile[:2], size, size) for tile in tiles]
    colours = [colour(kind, needed) for _, _, kind, needed in tiles]
    axis.add_collection(
        PatchCollection(rectangles, facecolors=colours, edgecolors="white", linewidths=size / 14)
    )
    table = pd.DataFrame(tiles, columns=["x", "y", "kind", "needed"])
    for kind, its in table.groupby("kind"):
        if glyph := _LOOKS[kind].glyph:
            ink = ["white" if needed > 0.45 else "0.25" for needed in its["needed"]]
            middle = its[["x", "y"]] + size / 2
            axis.scatter(
                middle["x"], middle["y"], (0.42 * size) ** 2, c=ink, marker=glyph, linewidths=size / 10
            )  # fmt: skip


def colour(kind: str, needed: float) -> tuple[float, float, float]:
    """Red, green, blue of a head's tile."""
    part = min(max(0.0, needed), 1.0)  # 0 where it isn't known
    lightness = _LIGHTEST + (_DARKEST - _LIGHTEST) * part
    hue = _LOOKS[kind].hue
    saturation = 0.0 if hue is None else 0.9
    return tuple(sns.husl_palette(1, h=hue or 0.0, s=saturation, l=lightness)[0])


def _legend(axis: Axes, kinds: list[str], top: float) -> None:
    size, x, y = 7.0, _MARGIN, top + 3.0
    for kind in kinds:
        _draw(axis, [(x, y, kind, 0.7)], size)
        text = axis.text(x + size + 2, y + size / 2, _LOOKS[kind].name, fontsize=6, va="center")
        x += size + 10 + 3.1 * len(text.get_text())
    x, y = _MARGIN, y + size + 4
    steps = [i / 10 for i in range(11)]
    _draw(axis, [(x + i * size, y, "other", step) for i, step in enumerate(steps)], size)
    said = "0 to 1: accuracy lost without the head, on the split that loses most"
    axis.text(x + len(steps) * size + 3, y + size / 2, said, fontsize=6, va="center")


def _short(text: str, longest: float) -> str:
    return text if len(text) <= longest else text[: int(longest) - 1].rstrip(" ,:") + "…"
