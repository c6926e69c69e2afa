"""Figure of gradients that foretell what is learnt: along one training, and against the next."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.names import name_curves
from onset.figures.page import TEXT_WIDTH
from onset.figures.style import NEUTRAL, Styles, styles
from onset.statistics.rows import where


def draw_alignment(
    cosines: pd.DataFrame,
    tags: Mapping[str, str],
    points: pd.DataFrame,
    line: pd.DataFrame,
    its: Styles,
    labels: Mapping[str, str],
    n: str,
) -> Figure:
    """Left: the cosine of gradients along training; right: differences before a training and after it.

    Args:
        cosines: over seeds, of one condition: measure (`gradient_cosine`, and `gradient_cosine_null`, of
            which the mean is dotted), split, step, mean, low, high, seed_0, …
        tags: what the splits are called.
        points: a row per run: condition, alignment (the difference in cosine before), accuracy (that
            after).
        line: alignment and accuracy at the ends of the line that fits them; without rows, there is none.
        its: styles of the conditions that are shown on the right.
        labels: of the conditions.
        n: how many seeds, as axes say it.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.7))
    _plot_cosines(left, cosines, styles(tags), n)
    for condition, style in its.items():
        of_condition = where(points, condition=condition)
        right.plot(of_condition["alignment"], of_condition["accuracy"], **style.of_marker)
    right.plot(line["alignment"], line["accuracy"], color=NEUTRAL, linewidth=0.8, zorder=0)
    right.set(
        xlabel="difference in cosine\nbefore stage two",
        ylabel="difference in accuracy\nafter stage two",
        ylim=(min(-0.15, points["accuracy"].min() - 0.05), 1.05),
    )
    legend_below(figure, its, labels, markers=True)
    name_curves(left, styles(tags), tags, below=False)
    return figure


def _plot_cosines(axis: Axes, cosines: pd.DataFrame, drawn: Styles, n: str) -> None:
    curves = cosines.assign(condition=cosines["split"])
    own = where(curves, measure="gradient_cosine")
    plot_over_training(axis, own, drawn, logarithmic=False)
    for tag, style in drawn.items():
        null = where(curves, measure="gradient_cosine_null", condition=tag).sort_values("step")
        axis.plot(null["step"], null["mean"], ":", color=style.colour, linewidth=0.8)
    axis.set(xlabel="step of stage one", ylabel=f"cosine of gradients\n({n})", ylim=(-0.3, 1))
