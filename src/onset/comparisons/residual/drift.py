"""Does a direction mean the same in the next layer, and at the next checkpoint?

The direction of a token is the mean state at its places, less the mean over all tokens. Between two
layers, or two checkpoints of one layer, directions may stay (the same for every token), change alike
(one linear map for all of them, which is then right for tokens that it wasn't fitted to), or each
change in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int

from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.statistics.ridge import ridge
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("residual_stream",)
OPTIONS = {"least": 8}
QUANTITIES = {
    "kept": {"kind": "cosine", "label": "cosine of a token's direction with itself"},
    "kept_by_chance": {"kind": "cosine", "label": "the same with another token's"},
    "mapped": {"kind": "explained", "label": "variance that one linear map explains, unseen tokens"},
    "mapped_by_chance": {"kind": "explained", "label": "the same of tokens in another order"},
    "scaled": {"kind": "explained", "label": "variance that one factor explains, unseen tokens"},
}  # fmt: skip

_RIDGES = np.logspace(-4, 1, 6)
"""in parts of the mean variance of a dimension"""
_FOLDS = 4

Directions = Float[np.ndarray, "tokens d_model"]


def compare(members: Sequence[Member[Any, Dataset]], least: int) -> Iterator[Compared]:
    """Per split, of the tokens that stand in at least so many scored places, and per `layer` (block
    applications done): at the last checkpoint with the layer before it, and (if there are several
    checkpoints) with the same layer at each checkpoint (`other_step`), from there to the last:

    * `kept`: mean cosine of a token's direction with its own there; `kept_by_chance`: with another token's;
    * `mapped`: variance of the later directions that one linear map of the earlier explains, on the
      quarter of the tokens that it wasn't fitted to (ridge regression, by cross-validation within the
      others); `mapped_by_chance`: of tokens in a random order; `scaled`: of one factor for all in place
      of the map.

    The tokens' own embeddings, layer 0, are what is common to states of a token everywhere, so that a
    direction that is kept may be what nothing has been added to.
    """
    (run,) = members
    for name, split in run.dataset.splits.items():
        found = {step: _directions(run, step, split, least) for step in run.steps}
        last = run.steps[-1]
        layers = range(len(found[last]))
        rng = np.random.Generator(np.random.Philox([run.seed, len(layers)]))
        if found[last].shape[1] < 2 * _FOLDS:
            continue
        for layer in layers[1:]:
            its = found[last][layer - 1], found[last][layer]
            for measure_name, value in _between(*its, rng).items():
                yield Compared(
                    Measurement(measure_name, value, name, layer=layer), run, run, last, last
                )
        for step in run.steps[:-1]:
            for layer in layers:
                its = found[step][layer], found[last][layer]
                for measure_name, value in _between(*its, rng).items():
                    yield Compared(
                        Measurement(measure_name, value, name, layer=layer), run, run, last, step
                    )


def _directions(
    run: Member[Any, Dataset], step: int, split: Any, least: int
) -> Float[np.ndarray, "layers tokens d_model"]:
    """Of each layer, of the tokens that there are enough of."""
    places = list(split.scored)
    tokens: Int[np.ndarray, " places"] = split.tokens[:, places].ravel()
    with torch.inference_mode():
        states = run.model.residual_stream(run.parameters(step), torch.from_numpy(split.tokens))
    at_places = states[:, :, places].flatten(1, 2).numpy()
    kinds, counts = np.unique(tokens, return_counts=True)
    sums = np.stack([at_places[:, tokens == its].mean(1) for its in kinds[counts >= least]], 1)
    return sums - sums.mean(1, keepdims=True)


def _between(one: Directions, other: Directions, rng: np.random.Generator) -> dict[str, float]:
    order = rng.permutation(len(one))
    tokens = rng.permutation(len(one))
    return {
        "kept": _cosine(one, other),
        "kept_by_chance": _cosine(one, other[order]),
        "mapped": _mapped(one[tokens], other[tokens]),
        "mapped_by_chance": _mapped(one[tokens], other[order]),
        "scaled": _scaled(one[tokens], other[tokens]),
    }


def _cosine(one: Directions, other: Directions) -> float:
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(((one * other).sum(1) / np.maximum(norms, 1e-12)).mean())


def _mapped(one: Directions, other: Directions) -> float:
    """Explained on tokens that were left out in turn; how much ridge is chosen among the rest."""
    missed = there = 0.0
    for held_out in _parts(len(one)):
        x, y = one[~held_out], other[~held_out]
        inner = np.arange(len(x)) % _FOLDS == 0
        errors = [
            np.square(x[inner] @ ridge(x[~inner], y[~inner], strength) - y[inner]).sum()
            for strength in _RIDGES
        ]
        best = ridge(x, y, _RIDGES[int(np.argmin(errors))])
        missed += np.square(one[held_out] @ best - other[held_out]).sum()
        there += np.square(other[held_out]).sum()
    return float(1 - missed / max(there, 1e-12))


def _scaled(one: Directions, other: Directions) -> float:
    missed = there = 0.0
    for held_out in _parts(len(one)):
        x, y = one[~held_out], other[~held_out]
        factor = (x * y).sum() / max(np.square(x).sum(), 1e-12)
        missed += np.square(factor * one[held_out] - other[held_out]).sum()
        there += np.square(other[held_out]).sum()
    return float(1 - missed / max(there, 1e-12))


def _parts(n: int) -> Iterator[np.ndarray]:
    """Each token in one of them."""
    for fold in range(_FOLDS):
        yield np.arange(n) % _FOLDS == fold
