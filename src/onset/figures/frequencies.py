"""Which frequencies a network comes to use, and how early that shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from onset.figures.curves import plot_over_training
from onset.figures.page import MOST_COLUMNS, TEXT_WIDTH, say_left_out
from onset.figures.style import NEUTRAL, Style, Styles
from onset.statistics.rows import where


def draw_frequencies(
    shown: pd.DataFrame,
    keys: Mapping[tuple[str, int], Sequence[int]],
    by_chance: np.ndarray,
    styles: Styles,
) -> Figure:
    """Above, norms along training, a map per seed; below, how well they tell keys, and when keys lead.

    Args:
        shown: rows of three kinds (`shown`): `norm` of the embedding's waves in the first condition (seed,
            step, component, value), `auc` over seeds of the second (condition, step, mean, low, high,
            seed_0, …) and `locking` by run (condition, locked, memorised, generalised and its
            `generalised_after`, where arrows say that a run had not generalised by its end).
        keys: by condition and seed; triangles mark those of the first condition.
        by_chance: draws of a null, of which a band holds 95 %.
        styles: of the two conditions.
    """
    (first, reference), (second, many) = styles.items()
    norms, areas, locking = (where(shown, shown=its) for its in ("norm", "auc", "locking"))
    figure = plt.figure(figsize=(TEXT_WIDTH, 4.0))
    above, below = figure.subfigures(2, 1, height_ratios=[1.15, 1])
    there = sorted(norms["seed"].astype(int).unique())
    seeds = there[:MOST_COLUMNS]
    panels = above.subplots(1, len(seeds), sharey=True, squeeze=False)[0]
    for seed, axis in zip(seeds, panels, strict=True):
        image = _draw_norms(axis, where(norms, seed=seed), keys.get((first, seed), []), reference)
        axis.set(title=f"seed {seed}", xlabel="training step")
    say_left_out(above, seeds, there, "seeds")
    panels[0].set_ylabel("frequency")
    above.colorbar(image, ax=list(panels), label="norm", pad=0.03)
    left, right = below.subplots(1, 2)
    plot_over_training(left, areas, Styles({second: many}))
    left.axhspan(*np.quantile(by_chance, [0.025, 0.975]), color=NEUTRAL, alpha=0.25, linewidth=0)
    left.set(xlabel="training step", ylabel="area under ROC", ylim=(0, 1.03))
    left.set_xticks([0, 100, 1000], ["0", "100", "1000"])
    _draw_locking(right, where(locking, condition=second), many)
    return figure


def _draw_norms(axis: Axes, norms: pd.DataFrame, keys: Sequence[int], style: Style):
    table = norms.pivot(index="step", columns="component", values="value")
    frequencies = table.columns.astype(int)
    image = axis.pcolormesh(table.index, frequencies, table.T, cmap="Greys", rasterized=True)
    edge = [1.03 * table.index.max()] * len(keys)
    axis.plot(edge, keys, "<", color=style.colour, markersize=3, clip_on=False)
    return image


def _draw_locking(axis: Axes, locking: pd.DataFrame, style: Style) -> None:
    axis.plot(locking["generalised"], locking["locked"], **style.of_marker)
    axis.plot(locking["generalised"], locking["memorised"], "x", color=NEUTRAL, markersize=4)
    never = locking[locking["generalised"].isna()]
    axis.plot(never["generalised_after"], never["locked"], ">", color=style.colour, markersize=4)
    axis.axline((0, 0), slope=1, color=NEUTRAL, linewidth=0.5)
    axis.set(xlabel="generalised at step", ylabel="keys strongest from step", xlim=(0, None))
