"""Names at the ends of curves if there is room, otherwise in a legend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from scipy.optimize import isotonic_regression

from onset.figures.curves import handles, legend_below
from onset.figures.style import Styles

_SIZE, _LINE = 7.0, 8.5
"""points: of the text, and from one line of it to the next"""
_WIDEST = 95.0
"""points that a name may take from the panels"""
_FARTHEST = 0.4 * _LINE
"""points that a name may be moved from its curve's end: of two that end in one point, no name says which"""


class _End(NamedTuple):
    """The last point of a curve, as data and in points from the lower left of its axis."""

    x: float
    y: float
    across: float
    up: float


def name_curves(
    axis: Axes, styles: Styles, labels: Mapping[str, str], columns: int = 3, below: bool = True
) -> None:
    """Name the curves at their right ends in an axis, or, where names don't fit, in a legend.

    They fit if every curve is in the axis and ends at its right, no name is long, and none has to be
    moved far to keep clear of the others. Call it when all is drawn and the axes have their limits.

    Args:
        axis: the last of its row; its curves were drawn under their names in `styles`.
        styles: of the curves.
        labels: what they are called.
        columns: of the legend.
        below: a legend would be that of all panels, under them, not of this axis alone.
    """
    if _name_ends(axis, styles, labels):
        return
    if below:
        legend_below(axis.get_figure(root=True), styles, labels, columns)
    else:
        axis.legend(handles=handles(styles, labels))


def _name_ends(axis: Axes, styles: Styles, labels: Mapping[str, str]) -> bool:
    """Name the curves at their right ends, if the names fit: whether they do."""
    figure = axis.get_figure(root=True)
    figure.draw_without_rendering()
    ends, width = _ends(axis), axis.get_window_extent().width * 72 / figure.dpi
    if not set(styles) <= set(ends):
        return False
    of_name = {name: ends[name] for name in styles}
    wanted = np.array([end.up for end in of_name.values()])
    places = _apart(wanted)
    if (
        min(end.across for end in of_name.values()) < 0.95 * max(e.across for e in of_name.values())
        or max(end.across for end in of_name.values()) < 0.8 * width
        or np.abs(places - wanted).max() > _FARTHEST
    ):
        return False
    texts = []
    for (name, end), up in zip(of_name.items(), places - wanted, strict=True):
        (point,) = axis.plot(end.x, end.y, **styles[name].of_curve, clip_on=False, zorder=4)
        text = axis.annotate(
            labels[name], (end.x, end.y), (7, up), textcoords="offset points", va="center",
            fontsize=_SIZE, annotation_clip=False,
        )  # fmt: skip
        texts += [point, text]
    widest = max(text.get_window_extent().width for text in texts[1::2]) * 72 / figure.dpi
    if widest > _WIDEST:
        for artist in texts:
            artist.remove()
        return False
    return True


def _ends(axis: Axes) -> dict[str, _End]:
    """The end of each curve, by its name."""
    corner, scale = axis.get_window_extent().min, 72 / axis.get_figure(root=True).dpi
    ends = {}
    for line in axis.lines:
        points = np.column_stack([np.asarray(data, float) for data in line.get_data()])
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            across, up = (axis.transData.transform(points[-1]) - corner) * scale
            ends[str(line.get_label())] = _End(*points[-1], across, up)
    return ends


def _apart(wanted: np.ndarray) -> np.ndarray:
    """Places at least a line of text from each other, with the least squared distance to those wanted.

    Shape (names,), points.
    """
    order = np.argsort(wanted, kind="stable")
    gaps = _LINE * np.arange(len(wanted))
    places = np.empty(len(wanted))
    places[order] = isotonic_regression(wanted[order] - gaps).x + gaps
    return places
