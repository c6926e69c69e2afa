"""Learning curves of a condition's runs, as a drawing on its page."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from onset.figures.curves import plot_seeds
from onset.figures.style import NEUTRAL, Style, styles
from onset.statistics.kinds import KINDS
from onset.statistics.quantities import Quantity

_SIZE = (4.2, 2.4)  # inches: two side by side, or one on a phone
_MARGINS = {"left": 0.14, "right": 0.98, "top": 0.96, "bottom": 0.2}
_FIRST = ("accuracy", "loss")
_MOST_POINTS = 200  # of a training log with every update
_LABELLED_BELOW = (1, 0.4)  # decades on the axis: some minor ticks have labels, or all
_DASHES = {"-": (), "--": (4, 2), ":": (1, 2), "-.": (6, 2, 1, 2)}
_LOOK = {
    "svg.fonttype": "none",  # text stays text, in the page's own font
    "svg.hashsalt": "onset",  # the same curves give the same bytes
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


class Line(NamedTuple):
    """How a page draws a line next to its name."""

    colour: str
    dashes: str
    """as SVG has them; empty: none"""

    @classmethod
    def of(cls, style: Style) -> Line:
        pattern = _DASHES[style.line] if isinstance(style.line, str) else style.line[1]
        return cls(style.colour, " ".join(map(str, pattern)))


class Drawn(NamedTuple):
    """Two drawings as SVG, and what the lines of the second stand for."""

    training: str
    splits: str
    key: dict[str, Line]
    """by split"""


def learning_curves(
    logs: Sequence[pd.DataFrame],
    measures: Sequence[pd.DataFrame],
    quantities: Mapping[str, Quantity],
) -> Drawn | None:
    """Loss at every update; per split, accuracy (else loss, else what comes first) at every checkpoint.

    Seeds as `plot_seeds` draws them; of the splits also the mean over seeds. None of a model that is
    looked at as it comes: one checkpoint is no curve.

    Args:
        logs: step and loss, one per seed.
        measures: step, measure, split and value, one per seed.
        quantities: of the study, by name.
    """
    of_all = pd.concat(measures, keys=range(len(measures)), names=["run"])
    if of_all["step"].nunique() < 2:
        return None
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever a matplotlibrc of the user's says
        mpl.rcParams.update(_LOOK)
        of_training, of_splits = (Figure(figsize=_SIZE) for _ in range(2))
        axis = of_training.subplots(gridspec_kw=_MARGINS)
        _draw_losses(axis, [*map(_thinned, logs)])
        axis.set(xlabel="training step", ylabel="training loss")
        if any(len(log) for log in logs):  # none of a training that others have done
            _logarithmic(axis)
        axis = of_splits.subplots(gridspec_kw=_MARGINS)
        key = _draw_splits(axis, of_all, quantities)
        return Drawn(_svg(of_training), _svg(of_splits), key)


def _draw_losses(axis: Axes, logs: Sequence[pd.DataFrame]) -> None:
    runs = pd.concat([log.set_index("step")["loss"] for log in logs], axis=1, keys=range(len(logs)))
    grey = Style(NEUTRAL, "", "-")
    plot_seeds(axis, runs.index.to_series(), runs, grey, linewidth=0.8)


def _svg(figure: Figure) -> str:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    svg = drawn.getvalue()
    # Black is what a page's text is in the light; in the dark it is not.
    return svg[svg.index("<svg") :].replace("#000000", "currentColor")


def _draw_splits(
    axis: Axes, measures: pd.DataFrame, quantities: Mapping[str, Quantity]
) -> dict[str, Line]:
    there = measures["measure"].unique()
    shown = next((its for its in _FIRST if its in there), there[0])
    its = measures[measures["measure"] == shown]
    # Many small models in a run are as many components: their mean stands for them.
    curves = its.groupby([its["split"].fillna("all"), "run", "step"], sort=False, observed=True)[
        "value"
    ].mean()
    key = styles(curves.index.unique("split"))
    for split, style in key.items():
        of_split = curves[split].unstack("run")
        plot_seeds(axis, of_split.index.to_series(), of_split, style, linewidth=0.5, alpha=0.6)
        axis.plot(of_split.index, of_split.mean(axis=1), **style.of_line, linewidth=1.4)
    axis.set(xlabel="training step", ylabel=quantities[shown].label)
    kind = KINDS[quantities[shown].kind]
    if math.isfinite(kind.high - kind.low):
        beyond = 0.03 * (kind.high - kind.low)
        axis.set_ylim(kind.low - beyond, kind.high + beyond)
    elif kind.low >= 0:
        _logarithmic(axis)
    return {split: Line.of(style) for split, style in key.items()}


def _logarithmic(axis: Axes) -> None:
    """An axis with its numbers as plain text: typesetting them would take most of the drawing time."""
    axis.set_yscale("log")
    axis.yaxis.set_major_formatter(LogFormatter())
    axis.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=_LABELLED_BELOW))


def _thinned(log: pd.DataFrame) -> pd.DataFrame:
    """Means over stretches of updates, so that a page needn't hold thousands of points."""
    length = int(np.ceil(len(log) / _MOST_POINTS)) if len(log) else 1
    return log[["step", "loss"]].groupby(np.arange(len(log)) // length).mean()
