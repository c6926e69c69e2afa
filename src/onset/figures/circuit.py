"""A circuit that is known, as edge attribution finds it, and what others do without its main part."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from onset.figures.curves import plot_over_training
from onset.figures.page import TEXT_WIDTH
from onset.figures.style import NEUTRAL, Styles
from onset.statistics.rows import where


def draw_circuit(
    ranked: pd.DataFrame,
    of_runs: pd.DataFrame,
    effects: pd.DataFrame,
    styles: Styles,
    labels: Mapping[str, str],
) -> Figure:
    """Connections found among the first, what they recover, and what other heads write without the main.

    Args:
        ranked: over seeds, of one condition: condition, measure (known_found, recovered), component, …
        of_runs: known_size, known_recovered and random_recovered, a row per run.
        effects: head_direct_effect and head_direct_effect_without_main, by condition and head.
        styles: of the conditions; the first is that of `ranked`.
        labels: of the conditions.
    """
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(TEXT_WIDTH, 2.3))
    for axis, measure in ((left, "known_found"), (middle, "recovered")):
        its = where(ranked, measure=measure).rename(columns={"component": "step"})
        plot_over_training(axis, its, Styles([next(iter(styles.items()))]), logarithmic=False)
    left.axline((0, 0), (100, 1), color=NEUTRAL, linewidth=0.5)
    left.set(xlabel="others among them (%)", ylabel="known connections found")
    size = of_runs["known_size"]
    middle.plot(size, of_runs["known_recovered"], "s", color=NEUTRAL, markersize=3)
    middle.plot(size, of_runs["random_recovered"], "x", color=NEUTRAL, markersize=4)
    middle.set(xlabel="connections left", ylabel="difference recovered")
    for name, style in styles.items():
        its = effects.loc[name]
        both = its["head_direct_effect"], its["head_direct_effect_without_main"]
        right.plot(*both, **style.of_marker, label=labels[name])
    right.axline((0, 0), slope=1, color=NEUTRAL, linewidth=0.5)
    right.set(xlabel="direct effect (logits)", ylabel="without the strongest head (logits)")
    right.legend()
    return figure
