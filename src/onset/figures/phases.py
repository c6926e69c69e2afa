"""Progress measures of single runs during training, divided into phases by rules."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from onset.figures.curves import legend_below
from onset.figures.style import TEXT_WIDTH, styles

_SHADES = ("0.8", "0.93", "0.87")


def plot_phases(
    panels: Mapping[str, Mapping[str, pd.DataFrame]], ends: pd.DataFrame, logarithmic: str
) -> Figure:
    """A column per run, a row per panel, phases as grey bands.

    Args:
        panels: label of the axis → name of the curve → seed, step, value.
        ends: of up to three phases, in order: a row per seed; NaN where a run doesn't get there.
        logarithmic: the panel with a logarithmic axis.
    """
    seeds = list(ends.index)
    drawn = styles([name for curves in panels.values() for name in curves])
    figure, axes = plt.subplots(
        len(panels), len(seeds), figsize=(TEXT_WIDTH, 4.6), sharex=True, sharey="row",
        squeeze=False, height_ratios=[1.4, *[1.2] * (len(panels) - 2), 0.7],
    )  # fmt: skip
    for (label, curves), row in zip(panels.items(), axes, strict=True):
        for seed, axis in zip(seeds, row, strict=True):
            for place, (name, curve) in enumerate(curves.items()):
                its = curve[curve["seed"] == seed].sort_values("step")
                marked = {**drawn[name].of_curve, "markevery": (0.04 + 0.05 * place, 0.25)}
                axis.plot(its["step"], its["value"], label=name, **marked)
            began = 0.0
            for end, shade in zip(ends.loc[seed], _SHADES, strict=False):
                if not np.isfinite(end):
                    break
                axis.axvspan(began, end, color=shade, linewidth=0, zorder=0)
                began = end
        row[0].set_ylabel(label)
        if label == logarithmic:
            row[0].set_yscale("log")
    for seed, above, below in zip(seeds, axes[0], axes[-1], strict=True):
        above.set_title(f"seed {seed}")
        below.set_xlabel("training step")
    legend_below(figure, drawn, {name: name for name in drawn})
    return figure
