"""Figures of what analyses find about a model's heads and MLPs."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from onset.figures.curves import legend_below
from onset.figures.mechanism import ABLATIONS, plot_attention, plot_direct_effects, plot_parts
from onset.figures.page import TEXT_WIDTH
from onset.figures.panels import Panels
from onset.figures.rows import height, name_rows
from onset.figures.style import Styles, styles


def draw_attention(attention: pd.DataFrame, its: Styles, labels: Mapping[str, str]) -> Figure:
    """A panel per block application: which positions get how much attention, a bar per condition.

    Args:
        attention: condition, layer, position, seed, head, value.
        its: styles of the conditions, in the order of the rows.
        labels: of the conditions.
    """
    layers = sorted(attention["layer"].astype(int).unique())
    figure, axes = plt.subplots(
        1, len(layers), figsize=(TEXT_WIDTH, height(its)), sharey=True, squeeze=False
    )
    for layer, axis in zip(layers, axes[0], strict=True):
        plot_attention(axis, attention[attention["layer"] == layer], its)
        axis.set(title=f"block application {layer + 1}", xlabel="attention")
    name_rows(axes[0, 0], its, labels)
    handles, names = axes[0, 0].get_legend_handles_labels()
    shown = dict(zip(names, handles, strict=True))
    named = [f"position {n}" for n in shown]
    figure.legend(shown.values(), named, loc="outside lower center", ncols=3)
    return figure


def draw_direct_effects(
    panels: Panels,
    its: Styles,
    labels: Mapping[str, str],
    n: str,
    attention: pd.DataFrame | None = None,
) -> Figure:
    """What each part writes towards the right answer and away from the donor's, a panel per split.

    Args:
        panels: title → rows of `mechanism.direct_effects`.
        its: styles of the conditions.
        labels: of the conditions.
        n: how many seeds, as axes say it.
        attention: as `draw_attention` takes it, of one block application: a panel more, on the left.
    """
    first = 0 if attention is None else 1
    figure, axes = plt.subplots(
        1, first + len(panels), figsize=(TEXT_WIDTH, 2.4), sharey=not first, squeeze=False
    )
    if attention is not None:
        plot_attention(axes[0, 0], attention, its)
        name_rows(axes[0, 0], its, labels)
        axes[0, 0].set_xlabel("attention to position 0 (dark: to the next)")
    for (title, effects), axis in zip(panels.items(), axes[0, first:], strict=True):
        plot_direct_effects(axis, effects, its)
        axis.set_title(title)
    axes[0, first].set_ylabel(f"logit difference ({n})")
    legend_below(figure, its, labels, markers=True)
    return figure


def draw_without_parts(panels: Panels, n: str) -> Figure:
    """What is left of the accuracy without each head and MLP, a panel per condition or split.

    Args:
        panels: title → rows of `mechanism.accuracy_without_parts`, of one condition and split.
        n: how many seeds, as axes say it.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(TEXT_WIDTH, 2.4), sharey=True, squeeze=False
    )
    for (title, left), axis in zip(panels.items(), axes[0], strict=True):
        plot_parts(axis, left)
        axis.set_title(title, fontsize=7 if len(panels) > 2 else None)
    axes[0, 0].set_ylabel(f"accuracy left ({n})")
    legend_below(figure, styles(ABLATIONS), ABLATIONS, markers=True)
    return figure
