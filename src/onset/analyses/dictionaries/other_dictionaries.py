"""What dictionaries without gradient descent achieve, compared on equal terms.

Principal components, independent components (Hyvärinen's FastICA, as scikit-learn has it) and random
directions, as many of these as a trained dictionary has; and the true features, the best there is. Each
example is written with k of a dictionary's directions by orthogonal matching pursuit.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from sklearn.decomposition import PCA, FastICA, sparse_encode
from sklearn.exceptions import ConvergenceWarning

from onset.measures.dictionaries.matching import cosines_between, one_to_one
from onset.measures.dictionaries.recovery import RECOVERED
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.statistics.chance import own_stream
from onset.tasks.vectors import VectorDataset

NEEDS = ("amounts", "dictionary")
QUANTITIES = {
    "*_mean_max_cosine": {"kind": "cosine", "label": "largest cosine with a feature, mean: *"},
    "*_matched_cosine": {"kind": "cosine", "label": "cosine of the matched direction, mean: *"},
    "*_recovered": {"kind": "share", "label": "features recovered: *"},
    "*_explained_variance": {"kind": "explained", "label": "variance explained: *"},
}

_N_WRITTEN = 1024
Directions = Float[np.ndarray, "directions dimensions"]


def analyse(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset, seed: int
) -> Iterator[Measurement]:
    """Per split, for each KIND of dictionary, fitted on the first half and tried on the second:

    * `KIND_mean_max_cosine`, `KIND_matched_cosine`, `KIND_recovered`: as of a trained dictionary
      (`measures.recovery`), with the larger of a direction's two signs where there is no sign;
    * `KIND_explained_variance` with k (`component`) directions per example, for each k that is about as
      sparse as one of the model's dictionaries.
    """
    truth = dataset.truth["directions"]
    for name, split in dataset.splits.items():
        half = len(split) // 2
        seen, unseen = split.inputs[:half], split.inputs[half:][:_N_WRITTEN]
        on = (model.latents(parameters, torch.from_numpy(split.inputs)) > 0).float().sum(2).mean(1)
        ks = sorted({max(1, round(k)) for k in on.tolist()})
        for kind, directions in dictionaries(seen, truth, model.settings.n_latents, seed).items():
            both = (
                np.concatenate([directions, -directions]) if kind in ("pca", "ica") else directions
            )
            cosines = cosines_between(torch.from_numpy(truth), torch.from_numpy(both)[None])
            matched = one_to_one(cosines).cosines
            yield Measurement(f"{kind}_mean_max_cosine", cosines.amax(2).mean().item(), name)
            yield Measurement(f"{kind}_matched_cosine", matched.mean().item(), name)
            share = (matched > RECOVERED).float().mean().item()
            yield Measurement(f"{kind}_recovered", share, name, n_examples=len(truth))
            for k in ks:
                value = explained(unseen - seen.mean(0), directions, k)
                yield Measurement(f"{kind}_explained_variance", value, name, component=k)


def dictionaries(
    x: np.ndarray, truth: Directions, n: int, seed: int
) -> dict[str, Float[np.ndarray, "_directions dimensions"]]:
    """By kind; directions of unit norm."""
    independent = FastICA(whiten="unit-variance", random_state=seed, max_iter=200, tol=1e-3)
    with warnings.catch_warnings():
        # As good as it gets: these data aren't what it is made for.
        warnings.simplefilter("ignore", ConvergenceWarning)
        independent.fit(x)
    random = own_stream(seed).standard_normal((n, x.shape[1]), dtype="f4")
    found = {
        "pca": PCA().fit(x).components_,
        "ica": independent.mixing_.T,
        "random": random,
        "truth": truth,
    }
    return {
        kind: (its / np.linalg.norm(its, axis=1, keepdims=True)).astype("f4")
        for kind, its in found.items()
    }


def explained(x: np.ndarray, directions: Directions, k: int) -> float:
    """Share of the variance that k directions per example write, by orthogonal matching pursuit."""
    codes = sparse_encode(x, directions, algorithm="omp", n_nonzero_coefs=min(k, *directions.shape))
    return float(1 - np.square(x - codes @ directions).sum() / np.square(x - x.mean(0)).sum())
