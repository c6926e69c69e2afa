"""Maps of checkpoints by checkpoints: what the model of one step makes of another's, a panel per place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from onset.figures.style import NEUTRAL, TEXT_WIDTH

_MOST_NAMED = 4
"""steps along an axis that have a name"""
_SHARES = (0.0, 1.0)


def plot_steps(axis: Axes, cells: pd.DataFrame, limits: tuple[float, float] = _SHARES) -> AxesImage:
    """Draw a map, a column per step that a state is of, a row per step of the model that it is given to.

    Steps stand side by side, whatever lies between them. On the grey line a model has its own state; to
    the left of it, the state of an earlier one.

    Args:
        axis: to draw on.
        cells: step, other_step, mean; one row per pair of steps.
        limits: of the colours.

    Returns:
        The image, for a colour bar.
    """
    table = cells.pivot(index="step", columns="other_step", values="mean")
    table = table.sort_index().sort_index(axis=1)
    image = axis.imshow(
        table.to_numpy(float), cmap="cividis_r", vmin=limits[0], vmax=limits[1], origin="lower"
    )
    n = max(table.shape)
    axis.plot([-0.5, n - 0.5], [-0.5, n - 0.5], color=NEUTRAL, linewidth=0.6)
    axis.set(xlim=(-0.5, table.shape[1] - 0.5), ylim=(-0.5, table.shape[0] - 0.5))
    axis.set_xticks(*_named(table.columns), rotation=45)
    axis.set_yticks(*_named(table.index))
    axis.tick_params(length=0, labelsize=6)
    axis.spines[:].set_visible(False)
    return image


def draw_patching(
    cells: pd.DataFrame,
    positions: Sequence[str] | Mapping[int, str],
    label: str,
    limits: tuple[float, float] = _SHARES,
) -> Figure:
    """A map per place, arranged as the model is: positions side by side, block applications upward.

    Args:
        cells: layer, position, step, other_step, mean; one row per place and pair of steps, as `over_seeds`
            says of the rows of one condition, split and measure.
        positions: what each is called, from 0 on.
        label: of the colours.
        limits: of the colours.
    """
    layers, shown = (sorted(set(cells[its].astype(int).tolist())) for its in ("layer", "position"))
    figure, axes = plt.subplots(
        len(layers),
        len(shown),
        figsize=(min(TEXT_WIDTH, 0.9 + 1.75 * len(shown)), 0.4 + 1.5 * len(layers)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    images = []
    for row, layer in zip(axes[::-1], layers, strict=True):
        for axis, position in zip(row, shown, strict=True):
            its = cells[(cells["layer"] == layer) & (cells["position"] == position)]
            if its.empty:
                axis.set_visible(False)
                continue
            images.append(plot_steps(axis, its, limits))
            axis.set_title(f"{positions[position]}, {_done(layer)}", fontsize=6.5)
    figure.supxlabel("step that the state is of", fontsize=8)
    figure.supylabel("step of the model that goes on with it", fontsize=8)
    figure.colorbar(images[0], ax=axes, label=label, shrink=0.7)
    return figure


def _done(layer: int) -> str:
    """How many block applications a state has behind it."""
    return "embedded" if layer == 0 else f"after {layer} block{'s' if layer > 1 else ''}"


def _named(steps: pd.Index) -> tuple[list[int], list[str]]:
    """Where an axis names its steps, and how: the first, some between, the last."""
    last = len(steps) - 1
    between = max(1, math.ceil(last / (_MOST_NAMED - 1)))
    places = sorted({*range(0, last, between), last})
    places = [its for its in places if its == last or last - its >= between / 2]
    return places, [f"{int(steps[its]):,}" for its in places]
