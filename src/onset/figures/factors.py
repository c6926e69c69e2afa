"""The figure of products of numbers: how long they wait, beside the solution in closed form."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from onset.figures.page import TEXT_WIDTH
from onset.figures.panels import fit_title
from onset.figures.style import styles


def draw_plateaus(panels: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]]) -> Figure:
    """The time to half the loss against the scale, a curve per number of factors; both axes by factors.

    Args:
        panels: by title: what was measured (factors, scale, mean), and what is foreseen (factors, scale,
            time).
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.5), sharey=True, squeeze=False
    )
    numbers = sorted({k for _, foreseen in panels.values() for k in foreseen["factors"]})
    drawn = styles([str(k) for k in numbers])
    for (title, (measured, foreseen)), axis in zip(panels.items(), axes[0], strict=True):
        for k in numbers:
            style, ours = drawn[str(k)], measured[measured["factors"] == k]
            line = foreseen[foreseen["factors"] == k].sort_values("scale")
            axis.plot(line["scale"], line["time"], **style.of_line, linewidth=0.9)
            axis.plot(ours["scale"], ours["mean"], **style.of_marker, label=str(k))
        axis.set(title=title, xscale="log", yscale="log", xlabel="scale at the start")
        axis.set_xticks(sorted(foreseen["scale"].unique()), minor=False)
        axis.set_xticks([], minor=True)
        axis.xaxis.set_major_formatter("{x:g}")
        fit_title(axis, {name: its for name, (its, _) in panels.items()}, axes.shape[1])
    axes[0, 0].set_ylabel("time to half the loss")
    axes[0, -1].legend(title="factors", fontsize=7, title_fontsize=7, frameon=False)
    return figure
