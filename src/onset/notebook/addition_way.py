"""The path of a modular-addition run through the space of its logits, and of its weights."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float

from onset.measures.fourier import spectrum
from onset.runs.run import Run
from onset.statistics.trajectories import explained_by_chance, principal_way


def principal_components(
    run: Run, keys: Collection[int], n: int = 3
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """PCA over all checkpoints of a run of modular addition.

    Args:
        run: whose logits for all pairs (relative to their mean over answers) and weights are taken.
        keys: its key frequencies.
        n: how many components.

    Yields:
        For the logits, then the weights: of each component its `component` (from 1), the share of variance
        that is `explained`, that of a random walk with steps as long (`by_chance`) and, of logits, the
        shares that lie along `waves` of a + b − c, along `key_waves`, and on `trained` pairs; and the
        places of the checkpoints, by step, a column per component.
    """
    for kind, points in _points(run).items():
        way = principal_way(points, run.steps, n)
        components = pd.DataFrame(
            {
                "component": way.places.columns,
                "explained": way.explained,
                "by_chance": explained_by_chance(points, n),
            }
        )
        if kind == "logits":
            natures = pd.DataFrame([_nature(direction, run, keys) for direction in way.directions])
            components = components.join(natures)
        about = {"condition": run.condition, "seed": run.seed, "kind": kind}
        yield components.assign(**about), way.places.reset_index().assign(**about)


def _points(run: Run) -> dict[str, Float[np.ndarray, "steps n"]]:
    logits, weights = [], []
    for step in run.steps:
        parameters = run.parameters(step)
        its = spectrum.logits_of_pairs(run.model, parameters, run.dataset)
        logits.append((its - its.mean(-1, keepdim=True)).flatten().numpy())
        weights.append(np.concatenate([p.numpy().ravel() for p in parameters.values()]))
    return {"logits": np.stack(logits), "weights": np.stack(weights)}


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
