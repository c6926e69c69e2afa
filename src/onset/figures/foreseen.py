"""What other runs let expect of a run's outcome, and what tells it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from onset.figures.page import TEXT_WIDTH
from onset.figures.style import NEUTRAL, Style
from onset.statistics.prediction import Foresight


def draw_foreseen(seen: Foresight, ranks: pd.Series, style: Style, outcome: str) -> Figure:
    """Left: outcomes that were expected against those that came; right: rank correlations with them.

    Args:
        seen: of common logarithms; without what is foretold, the left panel is empty.
        ranks: of each number that is known early.
        style: of the condition.
        outcome: what it is, in the panels' labels: `generalised at step`.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(TEXT_WIDTH, 2.4), width_ratios=[1, 1.2])
    if "foretold" in seen.table:
        steps = 10 ** seen.table[["found", "foretold", "median"]]
        of_lines = {**style.of_marker, "label": "other runs' line"}
        left.plot(steps["found"], steps["foretold"], **of_lines)
        left.plot(steps["found"], steps["median"], "x", color=NEUTRAL, label="other runs' median")
        left.axline(2 * (steps["found"].min(),), slope=1, color=NEUTRAL, linewidth=0.5)
        left.legend()
    left.set(xlabel=outcome, ylabel="expected at step")
    order = ranks.abs().sort_values().index
    right.barh(range(len(order)), ranks[order], color=style.colour)
    right.set_yticks(range(len(order)), order)
    right.set(xlabel="rank correlation with that step", xlim=(-1, 1))
    right.axvline(0, color=NEUTRAL, linewidth=0.5)
    return figure
