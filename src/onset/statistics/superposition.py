"""Features that share dimensions: how often as predicted, at which fractions, in which figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from onset.statistics.boundary import falling_edge
from onset.statistics.rows import where
from onset.statistics.wording import format_values


def agreement(networks: Mapping[str, pd.DataFrame], predictions: Iterable[str]) -> pd.DataFrame:
    """In which share of the cells of a map a network's phase is the predicted one.

    Args:
        networks: name → seed, phase, and a column per prediction, a row per cell and seed.
        predictions: the columns.

    Returns:
        network, prediction, seed, kind, value, n_examples (cells).
    """
    rows = [
        (name, prediction, seed, "share", (its["phase"] == its[prediction]).mean(), len(its))
        for name, of_network in networks.items()
        for prediction in predictions
        for seed, its in of_network.groupby("seed")
    ]
    columns = ["network", "prediction", "seed", "kind", "value", "n_examples"]
    return pd.DataFrame(rows, columns=columns)


def largest_densities(cells: pd.DataFrame, phase: str) -> pd.DataFrame:
    """Up to which density there is a phase, by interpolation in its logarithm.

    Args:
        cells: seed, importance, density, phase, for a whole grid.
        phase: which one.

    Returns:
        seed, importance, density: NaN where there is no such border within the grid.
    """
    there = cells.assign(there=(cells["phase"] == phase).astype(float))
    grid = there.pivot(index=["seed", "importance"], columns="density", values="there")
    densities = grid.columns.to_numpy()
    edges = [falling_edge(densities, of_row, 0.5) for of_row in grid.to_numpy()]
    return grid.index.to_frame(index=False).assign(density=[at for _, at, _ in edges])


def near_fractions(
    features: pd.DataFrame, fractions: Iterable[float], within: float
) -> pd.DataFrame:
    """Which share of the features has a dimensionality near one of some fractions.

    Args:
        features: condition, seed, instance, dimensionality.
        fractions: the numbers that are hit or missed.
        within: how near is near.

    Returns:
        condition, seed, kind, value, n_examples: instances, since features of one share its room.
    """
    off = np.abs(features["dimensionality"].to_numpy()[:, None] - np.array(list(fractions)))
    hit = features.assign(value=(off < within).any(axis=1))
    of_seeds = hit.groupby(["condition", "seed"], sort=False, observed=True)
    shares = of_seeds.agg(value=("value", "mean"), n_examples=("instance", "nunique"))
    return shares.reset_index().assign(kind="share")


def near_by_chance(fractions: Iterable[float], within: float, largest: float) -> float:
    """The share of all numbers between 0 and the largest that is near one of some fractions."""
    return 2 * within * len(list(fractions)) / largest


def dimensionality_in(figures: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """The mean dimensionality of features in instances all of whose represented features are in one figure.

    Args:
        figures: condition, seed, instance, figure, value: the share of the instance's features in each.
        features: represented ones: condition, seed, instance, dimensionality.

    Returns:
        figure, seed, value.
    """
    there = figures[(figures["value"] > 0) & (figures["figure"] != "ignored")]
    instance = ["condition", "seed", "instance"]
    alone = there[~there.duplicated(instance, keep=False)]
    within = features.merge(alone[[*instance, "figure"]])
    means = within.groupby(["figure", "seed"])["dimensionality"].mean()
    return means.rename("value").reset_index()


def number_with(figures: pd.DataFrame) -> pd.DataFrame:
    """In how many instances there is each figure: figure, n."""
    return figures[figures["value"] > 0].groupby("figure").size().rename("n").reset_index()


def largest_gain(losses: pd.DataFrame, condition: str, null: str) -> pd.DataFrame:
    """What is lost at the density at which a layer gains most over its null and over one by one.

    Args:
        losses: condition, seed, density, value, one_by_one: all relative to saying the mean; of these
            layers and maybe others.
        condition: the layer.
        null: the one that it is compared with.

    Returns:
        condition, what (density, ours, null, one_by_one; dense: ours at the largest density), said.
    """
    ours, theirs = (where(losses, condition=name) for name in (condition, null))
    alone = ours.groupby("density")["one_by_one"].first()
    mean, of_null = (its.groupby("density")["value"].mean() for its in (ours, theirs))
    at = (mean / np.minimum(alone, of_null)).idxmin()
    said = {
        "density": f"{at:g}",
        "ours": format_values(where(ours, density=at)["value"]),
        "null": format_values(where(theirs, density=at)["value"]),
        "one_by_one": f"{alone[at]:.2f}",
        "dense": f"{mean[mean.index.max()]:.2f}",
    }
    rows = [(condition, *its) for its in said.items()]
    return pd.DataFrame(rows, columns=["condition", "what", "said"])
