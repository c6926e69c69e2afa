"""Plots of analyses: where heads attend, what parts write, what remains without a part."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from onset.figures.style import NEUTRAL, Style, Styles, styles
from onset.statistics.seeds import over_seeds
from onset.statistics.spread import opacity, seeds_in

REPLACEMENTS = {
    "donor": "donor's state",
    "written": "entity written",
    "random": "random (null)",
}
"""what the analysis `patching` puts in a state's place, with a title for each"""

_SHADES = ("0.85", "0.6", "0.3", "0.1")
ABLATIONS = {"zero": "zeros", "mean": "the mean", "resample": "that of another question"}
"""what the analysis `ablation` puts in the place of a part's output, with a name for each"""


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


def accuracy_without_parts(analyses: pd.DataFrame) -> pd.DataFrame:
    """What is left of the accuracy without one head or MLP, over seeds.

    Args:
        analyses: of some runs, one checkpoint each.

    Returns:
        replacement (zero, mean, resample), condition, split, layer, head (NaN: the MLP), whole (the mean
        accuracy with nothing replaced), mean, low, high, seed_0, …
    """
    without = analyses[analyses["measure"].str.startswith("without_")]
    replacements = without["measure"].str.extract("_(zero|mean|resample)_")[0]
    keys = ["condition", "split"]
    # A missing head would be dropped from the groups.
    marked = without.assign(replacement=replacements, head=without["head"].fillna(-1))
    left = over_seeds(marked, ["replacement", *keys, "layer", "head"])
    left["head"] = left["head"].where(left["head"] >= 0)
    with_all = analyses[analyses["measure"] == "with_all_accuracy"]
    whole = with_all.groupby(keys, observed=True)["value"].mean().rename("whole")
    return left.merge(whole.reset_index(), on=keys)


def plot_parts(axis: Axes, left: pd.DataFrame) -> None:
    """Accuracy without each head and MLP: a column per part, a marker of `styles(ABLATIONS)` each.

    Args:
        axis: to draw on.
        left: of `accuracy_without_parts`, one condition and split.
    """
    parts = left[["layer", "head"]].drop_duplicates().sort_values(["layer", "head"])
    names = [_name(layer, head) for layer, head in parts.itertuples(index=False)]
    places = {name: place for place, name in enumerate(names)}
    axis.axhline(left["whole"].iloc[0], color=NEUTRAL, linewidth=0.8)
    for shift, (name, style) in zip((-0.25, 0, 0.25), styles(ABLATIONS).items(), strict=True):
        its = left[left["replacement"] == name]
        x = [places[_name(row.layer, row.head)] + shift for row in its.itertuples()]
        _plot_column(axis, x, its, style)
    axis.set_xticks(range(len(names)), names, rotation=60)
    axis.set(ylim=(-0.03, 1.03))


def follows_donor(analyses: pd.DataFrame, layer: int, position: int) -> pd.DataFrame:
    """How often the answer becomes the donor's when the state at one place is replaced, over seeds.

    Args:
        analyses: of some runs, one checkpoint each.
        layer: block applications done before the state is replaced.
        position: of the state.

    Returns:
        replacement (of `REPLACEMENTS`), condition, split, mean, low, high, seed_0, …
    """
    there = analyses[(analyses["layer"] == layer) & (analyses["position"] == position)]
    replacements = there["measure"].str.extract("^patch_(.*)_follows$")[0]
    rows = there.assign(replacement=replacements)[replacements.notna()]
    return over_seeds(rows, ["replacement", "condition", "split"])


def direct_effects(analyses: pd.DataFrame) -> pd.DataFrame:
    """What each part contributes to the logit of the right answer over the donor's, over seeds.

    Args:
        analyses: of some runs, one checkpoint each.

    Returns:
        part (`token`, `position`, `1.attention`, `1.mlp`, …), condition, split, mean, low, high,
        seed_0, …
    """
    rows = analyses[analyses["measure"].str.startswith("direct_effect_")]
    part = rows["measure"].str.removeprefix("direct_effect_").str.removesuffix("_embedding")
    of_layer = (rows["layer"] + 1).map("{:.0f}.".format).where(rows["layer"].notna(), "")
    return over_seeds(rows.assign(part=of_layer + part), ["part", "condition", "split"])


def plot_direct_effects(axis: Axes, effects: pd.DataFrame, styles: Styles) -> None:
    """A column per part, a marker per condition, dots for seeds: what parts write towards the right answer.

    Args:
        axis: to draw on.
        effects: of `direct_effects`, one split.
        styles: of the conditions to show.
    """
    parts = sorted(effects["part"].unique(), key=lambda part: (part[0].isdigit(), part))
    places = {part: place for place, part in enumerate(parts)}
    axis.axhline(0, color=NEUTRAL, linewidth=0.6)
    for number, (condition, style) in enumerate(styles.items()):
        its = effects[effects["condition"] == condition]
        shift = 0.6 * ((number + 0.5) / len(styles) - 0.5)
        x = its["part"].map(places) + shift
        _plot_column(axis, x, its, style)
    axis.set_xticks(range(len(parts)), parts, rotation=60)


def _plot_column(axis: Axes, x: pd.Series | list[float], rows: pd.DataFrame, style: Style) -> None:
    """Seeds as small dots, intervals as lines, means as markers, one above the other."""
    axis.vlines(x, rows["low"], rows["high"], color=style.colour, alpha=0.6, linewidth=0.8)
    seeds = seeds_in(rows)
    for seed in seeds:
        of_seed = {"color": style.colour, "markersize": 2, "alpha": opacity(seeds.shape[1])}
        axis.plot(x, rows[seed], ".", **of_seed)
    axis.plot(x, rows["mean"], **{**style.of_marker, "markersize": 3.2})


def _name(layer: float, head: float) -> str:
    """`1.h2`, `1.mlp`: applications are counted from 1, heads from 0."""
    return f"{layer + 1:.0f}." + ("mlp" if pd.isna(head) else f"h{head:.0f}")
