"""Do states hold more features than they have dimensions?

If there are more, and few at a time, a dictionary of twice as many directions as dimensions writes
states better than one of as many, with the same number of directions per state. But more directions are
better for any states: also for normally distributed ones of the same covariance, in which there are no
features. What counts is the rest.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import sparse_encode

from onset.measures.dictionaries.matching import latents_of
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

NEEDS = ("dictionary",)
QUANTITIES = {
    "gained": {"kind": "explained", "label": "variance gained by twice as many directions"},
    "gained_by_normal": {"kind": "explained", "label": "the same of normally distributed states"},
    "gained_beyond": {
        "kind": "signed_share",
        "label": "variance gained beyond normal states",
        "digits": 3,
    },
}

_N_SEEN = 2000
_N_UNSEEN = 1000
_ROUNDS = 8

States = Float[np.ndarray, "states dimensions"]
Directions = Float[np.ndarray, "directions dimensions"]


def analyse(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset, seed: int
) -> Iterator[Measurement]:
    """Per split; each state is written with as many directions as the model's first dictionary has
    active latents:

    * `gained`: variance explained on unseen states with twice as many directions as dimensions, less
      that with as many; directions are fitted in turn with the states' codes (the method of optimal
      directions, Engan et al. 1999, with orthogonal matching pursuit);
    * `gained_by_normal`: the same of normally distributed states with that mean and covariance;
    * `gained_beyond`: the first less the second, clearly above 0 where there are more features than
      dimensions.
    """
    rng = np.random.Generator(np.random.Philox([seed, _N_SEEN]))
    for name, split in dataset.splits.items():
        active = (latents_of(model, parameters, dataset)[name][0] > 0).float().sum(1).mean().item()
        k = max(1, round(active))
        states = rng.permutation(split.inputs.astype("f8"))[: _N_SEEN + _N_UNSEEN]
        normal = rng.multivariate_normal(states.mean(0), np.cov(states.T), len(states))
        gained = {which: _gained(its, k, rng) for which, its in (("", states), ("normal", normal))}
        yield Measurement("gained", gained[""], name)
        yield Measurement("gained_by_normal", gained["normal"], name)
        yield Measurement("gained_beyond", gained[""] - gained["normal"], name)


def _gained(states: States, k: int, rng: np.random.Generator) -> float:
    centred = states - states.mean(0)
    n_seen = round(len(states) * _N_SEEN / (_N_SEEN + _N_UNSEEN))
    seen, unseen = centred[:n_seen], centred[n_seen:]
    n = states.shape[1]
    few, many = (_explained(unseen, _fitted(seen, its, k, rng), k) for its in (n, 2 * n))
    return many - few


def _fitted(states: States, n: int, k: int, rng: np.random.Generator) -> Directions:
    """So many directions of unit norm, which begin as states."""
    found = _normed(states[rng.choice(len(states), n, replace=len(states) < n)])
    for _ in range(_ROUNDS):
        codes = _codes(states, found, k)
        found = np.linalg.lstsq(codes, states, rcond=None)[0]
        unused = np.linalg.norm(found, axis=1) < 1e-8
        found[unused] = states[rng.choice(len(states), unused.sum())]
        found = _normed(found)
    return found


def _normed(directions: Directions) -> Directions:
    return directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)


def _codes(
    states: States, directions: Directions, k: int
) -> Float[np.ndarray, "states directions"]:
    with warnings.catch_warnings():
        # Of directions that are nearly alike it uses fewer.
        warnings.simplefilter("ignore", RuntimeWarning)
        return sparse_encode(
            states, directions, algorithm="omp", n_nonzero_coefs=min(k, len(directions))
        )


def _explained(states: States, directions: Directions, k: int) -> float:
    written = _codes(states, directions, k) @ directions
    return float(1 - np.square(states - written).sum() / np.square(states).sum())
