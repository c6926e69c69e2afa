"""What closer looks found, drawn: where heads attend to, and what is left without a part."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from onset.figures.style import NEUTRAL, Styles

_SHADES = ("0.85", "0.6", "0.3", "0.1")
_KINDS = {"zero": "o", "mean": "s", "resample": "^"}


def plot_attention(axis: Axes, attention: pd.DataFrame, styles: Styles) -> None:
    """A bar per condition, divided by the attention that each position gets; dots: its borders per head.

    Args:
        axis: to draw on; the first row is at 0, the next at 1.
        attention: condition, position, seed, head, value, of one block application.
        styles: of the conditions, in the order of the rows.
    """
    mean = attention.pivot_table("value", index="condition", columns="position")
    for place, condition in enumerate(styles):
        left = 0.0
        for shade, (position, share) in zip(_SHADES, mean.loc[condition].items(), strict=False):
            axis.barh(place, share, left=left, color=shade, height=0.7, label=f"{position:.0f}")
            left += share
        heads = attention[attention["condition"] == condition]
        borders = heads.pivot_table("value", index=["seed", "head"], columns="position").cumsum(
            axis=1
        )
        for border in borders.iloc[:, :-1]:
            axis.plot(borders[border], [place] * len(borders), ".", color="white", markersize=2)
    axis.set(xlim=(0, 1), xticks=[0, 0.5, 1], xticklabels=["0", ".5", "1"])


def plot_parts(axis: Axes, left: pd.DataFrame, whole: float) -> None:
    """Accuracy without each head and each MLP, one column per part, one marker per kind of ablation.

    Args:
        axis: to draw on.
        left: kind (zero, mean, resample), layer, head (NaN: the MLP), mean, low, high.
        whole: the accuracy with nothing replaced.
    """
    parts = left[["layer", "head"]].drop_duplicates().sort_values(["layer", "head"])
    names = [_name(layer, head) for layer, head in parts.itertuples(index=False)]
    places = {name: place for place, name in enumerate(names)}
    axis.axhline(whole, color=NEUTRAL, linewidth=0.8)
    for shift, (kind, marker) in zip((-0.22, 0, 0.22), _KINDS.items(), strict=True):
        of_kind = left[left["kind"] == kind]
        x = [places[_name(row.layer, row.head)] + shift for row in of_kind.itertuples()]
        errors = [of_kind["mean"] - of_kind["low"], of_kind["high"] - of_kind["mean"]]
        axis.errorbar(
            x, of_kind["mean"], errors, fmt=marker, markersize=3, linewidth=0.6, label=kind
        )
    axis.set_xticks(range(len(names)), names, rotation=60)
    axis.set(ylim=(-0.03, 1.03))


def _name(layer: float, head: float) -> str:
    """`1.h2`, `1.mlp`: applications are counted from 1, heads from 0."""
    return f"{layer + 1:.0f}." + ("mlp" if pd.isna(head) else f"h{head:.0f}")
