"""When something happens in the runs of each condition, a row per condition."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.page import TEXT_WIDTH
from onset.figures.rows import height, name_rows, remark
from onset.figures.style import NEUTRAL, Style, Styles
from onset.statistics.times import Times, estimate

_SHOWN = 100.0
"""factor beyond what runs do at which an interval's line ends"""


def draw_moments(
    moments: Times,
    styles: Styles,
    labels: Mapping[str, str],
    xlabel: str,
    *,
    before: Times | None = None,
    marked: float | None = None,
    limits: tuple[float | None, float | None] = (None, None),
) -> Figure:
    """Small dots for runs, a marker for what `times.estimate` says of them, its interval as a line.

    A run that doesn't get there is an arrow, from where it was last seen not to be there. Beside a row it
    says how many such runs there are.

    Args:
        moments: times, or ratios of times.
        styles: of the conditions, in the order of the rows.
        labels: of the conditions.
        xlabel: of the axis.
        before: times of what comes before: a cross for each condition.
        marked: a line at a number.
        limits: of the axis.
    """
    figure, axis = plt.subplots(figsize=(TEXT_WIDTH, height(styles)))
    crosses = {} if before is None else _of_conditions(before)
    rows = _of_conditions(moments)
    for place, (name, style) in enumerate(styles.items()):
        if name in crosses:
            axis.plot(estimate(crosses[name]).mean, place, "x", color=NEUTRAL, markersize=5)
        if name in rows:
            _draw_row(axis, place, rows[name], style)
    if marked is not None:
        axis.axvline(marked, color=NEUTRAL, linewidth=0.5, zorder=0)
    name_rows(axis, styles, labels)
    axis.set(xscale="log", xlabel=xlabel, xlim=limits)
    axis.xaxis.set_major_formatter("{x:g}")
    return figure


def _of_conditions(times: Times) -> dict[str, Times]:
    return dict(iter(times.groupby(level="condition", sort=False)))


def _draw_row(axis: Axes, place: int, times: Times, style: Style) -> None:
    found = estimate(times)
    is_open = times["at"].isna()
    # An interval without an end is drawn as far as any run was watched; if none gets there, arrows say all.
    high = times["after"].max() if np.isinf(found.high) else found.high
    if found.n_there:
        # Of few runs it may span hundreds of orders of magnitude, and nothing else would be seen.
        seen = times["at"].min() / _SHOWN, times["at"].max() * _SHOWN
        ends = np.clip([found.low, high], *seen)
        axis.plot(ends, [place, place], color=style.colour, alpha=0.6)
    drawn = {
        ".": times["at"],
        ">": times["after"][is_open & np.isinf(times["before"])],
        "<": times["before"][is_open & np.isfinite(times["before"])],
    }
    for marker, at in drawn.items():
        # One by one: a line without points would count as lying at the canvas's corner. Of what is beyond 0
        # nothing is known, and a logarithmic axis has no place for it.
        for step in at[at > 0]:
            axis.plot(step, place, marker, color=style.colour, markersize=3, clip_on=False)
    if np.isfinite(found.mean) and found.mean > 0:
        axis.plot(found.mean, place, style.marker, color=style.colour, markersize=4, clip_on=False)
    if is_open.any():
        remark(axis, place, f"{is_open.sum()} of {len(times)} not by then")
