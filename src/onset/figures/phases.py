"""Progress measures of single runs during training, divided into phases by rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.curves import legend_below
from onset.figures.page import MOST_COLUMNS, TEXT_WIDTH, say_left_out
from onset.figures.style import styles

_SHADES = ("0.8", "0.93", "0.87")


def draw_phases(
    watched: pd.DataFrame,
    ends: pd.DataFrame,
    panels: Mapping[str, Sequence[str]],
    factors: Mapping[str, tuple[float, float]],
) -> Figure:
    """A column per run (of the first six), a row per panel, phases as grey bands.

    Args:
        watched: of one condition: shown (the name of the curve), seed, step, value.
        ends: of up to three phases, in order: a row per seed, a column per phase; NaN where a run doesn't
            get there.
        panels: label of the axis → names of the curves.
        factors: limits of those panels that have a logarithmic axis.
    """
    seeds = list(ends.index)[:MOST_COLUMNS]
    drawn = styles(name for names in panels.values() for name in names)
    curves = {key: its.sort_values("step") for key, its in watched.groupby(["shown", "seed"])}
    figure, axes = plt.subplots(
        len(panels), len(seeds), figsize=(TEXT_WIDTH, 4.6), sharex=True, sharey="row",
        squeeze=False, height_ratios=[1.4, *[1.2] * (len(panels) - 2), 0.7],
    )  # fmt: skip
    for (label, names), row in zip(panels.items(), axes, strict=True):
        for seed, axis in zip(seeds, row, strict=True):
            for place, name in enumerate(names):
                its = curves[name, seed]
                marked = {**drawn[name].of_curve, "markevery": (0.04 + 0.05 * place, 0.25)}
                axis.plot(its["step"], its["value"], label=name, **marked)
            _shade(axis, ends.loc[seed])
        row[0].set_ylabel(label)
        if label in factors:
            row[0].set(yscale="log", ylim=factors[label])
    for seed, above, below in zip(seeds, axes[0], axes[-1], strict=True):
        above.set_title(f"seed {seed}")
        below.set_xlabel("training step")
    legend_below(figure, drawn, {name: name for name in drawn})
    say_left_out(figure, seeds, list(ends.index), "seeds")
    return figure


def _shade(axis: Axes, ends: pd.Series) -> None:
    began = 0.0
    for end, shade in zip(ends, _SHADES, strict=False):
        if not np.isfinite(end):
            break
        axis.axvspan(began, end, color=shade, linewidth=0, zorder=0)
        began = end
