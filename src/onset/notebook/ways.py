"""The ways of runs through spaces of many dimensions, by the principal components of their checkpoints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from onset.measures.fourier import spectrum
from onset.notebook.spaces import logits_of_pairs, losses_of_tokens, weights
from onset.runs.run import Run
from onset.statistics.milestones import highest
from onset.statistics.seeds import over_seeds
from onset.statistics.times import Times
from onset.statistics.trajectories import Way, explained_by_chance, principal_way, turns

Keys = Mapping[tuple[str, int], Collection[int]]
"""the key frequencies of each run, by condition and seed"""


class Ways(NamedTuple):
    """Of several runs."""

    components: pd.DataFrame
    """what is known of components, or of the whole way: condition, seed, …"""
    places: pd.DataFrame
    """of checkpoints: condition, seed, step, …, and a column per component, from 1"""

    def turns(self) -> pd.DataFrame:
        """By how many degrees ways turn at each step, over seeds: condition, step, mean, low, high, …"""
        there = self.places.rename(columns={"turn": "value"}).dropna(subset="value")
        return over_seeds(there, ["condition", "step"], "angle")

    def when_turned(self) -> Times:
        """When each way turns most."""
        return highest(self.places.rename(columns={"turn": "value"}).dropna(subset="value"))

    def shares(self) -> pd.DataFrame:
        """Of several spaces, over seeds: condition, kind, component, what, mean, low, high, …"""
        of = ["condition", "kind", "component"]
        each = self.components.melt([*of, "seed"], var_name="what").dropna(subset="value")
        return over_seeds(each, [*of, "what"], "share")


def ways_of_losses(runs: Iterable[Run], split: str) -> Ways:
    """In the plane of the first two components of the losses of single tokens.

    Args:
        runs: any that are scored by tokens.
        split: whose tokens.

    Returns:
        Of each way: turn (the largest, in degrees), at (its step), explained (the plane's share of the
        variance); and `turn` in degrees beside the places, NaN near the ends.
    """
    about, places = [], []
    for run in runs:
        way = principal_way(losses_of_tokens(run, split), run.scheduled_steps, n=2)
        its = turns(way.places)
        largest = {"turn": its.max(), "at": its.idxmax(), "explained": way.explained.sum()}
        about.append({"condition": run.condition, "seed": run.seed, **largest})
        places.append(_of_run(way.places.assign(turn=its).reset_index(), run))
    return Ways(pd.DataFrame(about), pd.concat(places, ignore_index=True))


def ways_of_addition(runs: Iterable[Run], keys: Keys, n: int = 3) -> Ways:
    """Of runs of modular addition, in the spaces (`kind`) of their logits and of their weights.

    Args:
        runs: of modular addition.
        keys: their key frequencies; a run that isn't there has none.
        n: how many components.

    Returns:
        Of each component: its number (from 1), the share of variance that is `explained`, that of a random
        walk with steps as long (`by_chance`) and, of logits, the shares that lie along `waves` of
        a + b − c, along `key_waves`, and on `trained` pairs; and the places.
    """
    components, places = [], []
    for run in runs:
        for kind, points in (("logits", logits_of_pairs(run)), ("weights", weights(run))):
            way = principal_way(points, run.scheduled_steps, n)
            its = _components(way, points, n)
            if kind == "logits":
                of_run = keys.get((run.condition, run.seed), [])
                its = its.join(pd.DataFrame(_nature(d, run, of_run) for d in way.directions))
            components.append(_of_run(its, run).assign(kind=kind))
            places.append(_of_run(way.places.reset_index(), run).assign(kind=kind))
    return Ways(pd.concat(components, ignore_index=True), pd.concat(places, ignore_index=True))


def _of_run(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    return table.assign(condition=run.condition, seed=run.seed)


def _components(way: Way, points: Float[np.ndarray, "steps n"], n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "component": way.places.columns,
            "explained": way.explained,
            "by_chance": explained_by_chance(points, n),
        }
    )


def _nature(
    direction: Float[np.ndarray, " n"], run: Run, keys: Collection[int]
) -> dict[str, float]:
    """What a direction in the space of logits is made of."""
    p = spectrum.modulus(run.dataset)
    its = torch.from_numpy(direction).view(p, p, p)
    shares = spectrum.shares_on_the_circle(its)
    return {
        "waves": shares.sum().item(),
        "key_waves": sum(shares[k - 1].item() for k in keys),
        "trained": its[spectrum.pairs_of(run.dataset, "train")].square().sum().item(),
    }
