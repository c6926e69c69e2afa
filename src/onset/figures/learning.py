"""Learning curves: loss and accuracy of some splits during training, side by side."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.style import NEUTRAL, TEXT_WIDTH, Styles
from onset.statistics.seeds import from_logarithms, over_seeds
from onset.statistics.wording import format_n_seeds

_SMALLEST = 1e-9  # nats: a loss in float32 can be 0


def learning_curves(measures: pd.DataFrame) -> pd.DataFrame:
    """Loss and accuracy over seeds. Losses differ by factors: their mean and interval are geometric.

    Args:
        measures: with the columns condition, seed, split, step, measure, kind, value.

    Returns:
        measure (loss, accuracy), condition, split, step, n_seeds, mean, low, high, seed_0, …
    """
    both = measures[measures["measure"].isin(["loss", "accuracy"])]
    is_loss = both["measure"] == "loss"
    logarithm = np.log10(both["value"].clip(lower=_SMALLEST))
    both = both.assign(
        value=both["value"].where(~is_loss, logarithm), kind=both["kind"].where(~is_loss, "real")
    )
    curves = over_seeds(both, ["measure", "condition", "split", "step"])
    of_loss = curves["measure"] == "loss"
    curves.loc[of_loss] = from_logarithms(curves[of_loss])
    return curves


def plot_learning(
    curves: pd.DataFrame,
    splits: Mapping[str, str],
    styles: Styles,
    labels: Mapping[str, str],
    decay_start: int | None = None,
) -> Figure:
    """Losses above, on logarithmic axes, accuracies below; a column per split.

    Args:
        curves: of `learning_curves`.
        splits: the title of each, by name.
        styles: of the conditions, in the order in which they are drawn.
        labels: of the conditions.
        decay_start: the step from which the learning rate falls, marked by a grey line.
    """
    figure, axes = plt.subplots(
        2, len(splits), figsize=(TEXT_WIDTH, 3.6), sharex="row", sharey="row", squeeze=False
    )
    for measure, row in zip(("loss", "accuracy"), axes, strict=True):
        for (split, title), axis in zip(splits.items(), row, strict=True):
            its = curves[(curves["measure"] == measure) & (curves["split"] == split)]
            plot_over_training(axis, its, styles, logarithmic=measure == "loss")
            if decay_start is not None:
                axis.axvline(decay_start, color=NEUTRAL, linewidth=0.5, zorder=0)
            if measure == "loss":
                axis.set(title=title, yscale="log")
            else:
                axis.set(ylim=(-0.03, 1.03), xlabel="training step")
    shown = curves["condition"].isin(styles) & curves["split"].isin(splits)
    losses = curves.loc[shown & (curves["measure"] == "loss"), "mean"]
    axes[0, 0].set_ylim(losses.min() / 1.5, losses.max() * 1.5)
    axes[0, 0].set_ylabel("loss (nats)")
    axes[1, 0].set_ylabel(f"accuracy ({format_n_seeds(curves.loc[shown, 'n_seeds'])})")
    legend_below(figure, styles, labels)
    return figure
