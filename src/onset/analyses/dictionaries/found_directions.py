"""Is a feature's direction found by those who look for it with labels?

Features are known, and with each the direction that it is written in. A direction can be good for three
things, and need not be for all: it may be the true one; reading along it may tell where the feature is;
and writing along it may change the feature and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Bool, Float
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from onset.measures.dictionaries.matching import detection_by_all
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.statistics.prediction import auc
from onset.statistics.ridge import ridge
from onset.tasks.vectors import VectorDataset

NEEDS = ("amounts", "dictionary")
QUANTITIES = {
    "true_by_*": {"kind": "cosine", "label": "cosine with the true direction: *"},
    "read_by_*": {"kind": "share", "label": "feature told by reading (AUC): *"},
    "aside_by_*": {"kind": "ratio", "label": "others changed by writing, over the feature: *"},
}

N_LABELS = (16, 64, 256, 1024)
_N_FEATURES = 16
_RIDGE = 1e-2  # of the mean square of a dimension

Examples = Float[np.ndarray, "examples dimensions"]


def analyse(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset, seed: int
) -> Iterator[Measurement]:
    """Per split and number of labels (`component`), half of them of examples with the feature; means
    over 16 features, from the most frequent to the rarest of which there are enough examples:

    * `true_by_METHOD`: cosine with the feature's direction;
    * `read_by_METHOD`: the probability that of two unseen examples the one with the feature lies
      farther along;
    * `aside_by_METHOD`: by how much writing along it changes what is read of another feature (root mean
      square over all others), over how much it changes the feature; what is read is what a regression
      on all amounts reads (a ridge regression, the best linear one).

    Methods: `means` (difference of means), `logistic` (regression), `lda` (with shrinkage), `latent`
    (of the first dictionary the latent whose activity tells the labels best), `truth` (the direction
    itself) and `random`.
    """
    rng = np.random.Generator(np.random.Philox([seed, len(N_LABELS)]))
    for name, split in dataset.splits.items():
        x, amounts = split.inputs.astype("f8"), split.truth["amounts"].astype("f8")
        reading, half = ridge(x, amounts, _RIDGE), len(x) // 2
        found: dict[tuple[str, int], list[float]] = {}
        features, numbers = _enough(amounts[:half] > 0)
        for feature in features:
            there = amounts[:, feature] > 0
            truth = dataset.truth["directions"][feature].astype("f8")
            on, off = (
                rng.permutation(np.flatnonzero(there[:half] == its)) for its in (True, False)
            )
            for n in numbers:
                labelled = x[np.concatenate([on[: n // 2], off[: n // 2]])]
                directions = {
                    **_directions(labelled, rng),
                    "latent": _latent(model, parameters, labelled),
                    "truth": truth,
                }
                for method, its in directions.items():
                    unit = its / np.linalg.norm(its)
                    values = {
                        "true": unit @ truth,
                        "read": auc(x[half:] @ unit, there[half:]),
                        "aside": _aside(unit @ reading, feature),
                    }
                    for kind, value in values.items():
                        found.setdefault((f"{kind}_by_{method}", n), []).append(float(value))
        for (measure_name, n), values in found.items():
            yield Measurement(measure_name, float(np.mean(values)), name, component=n)


def _enough(there: Bool[np.ndarray, "examples features"]) -> tuple[list[int], list[int]]:
    """Features of all frequencies that there are enough examples of, and for which numbers of labels."""
    counts = there.sum(0)
    numbers = [n for n in N_LABELS if n // 2 <= counts.max()]
    enough = np.flatnonzero(counts >= max(numbers, default=N_LABELS[0]) // 2)
    places = np.linspace(0, len(enough) - 1, min(_N_FEATURES, len(enough)))
    return enough[np.unique(places.round().astype(int))].tolist(), numbers


def _aside(changes: Float[np.ndarray, " features"], feature: int) -> float:
    others = np.delete(changes, feature)
    return float(np.sqrt(np.square(others).mean()) / max(abs(changes[feature]), 1e-6))


def _directions(
    x: Examples, rng: np.random.Generator
) -> dict[str, Float[np.ndarray, " dimensions"]]:
    """By method, from examples with the feature and then as many without."""
    labels = np.arange(len(x)) < len(x) // 2
    scaled = x.std()
    return {
        "means": x[labels].mean(0) - x[~labels].mean(0),
        "logistic": LogisticRegression(max_iter=300).fit(x / scaled, labels).coef_[0],
        "lda": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(x, labels).coef_[0],
        "random": rng.standard_normal(x.shape[1]),
    }


def _latent(
    model: Dictionary, parameters: Parameters, x: Examples
) -> Float[np.ndarray, " dimensions"]:
    """Direction of the latent whose being active has the largest F1 for the feature."""
    inputs = torch.from_numpy(x.astype("f4"))
    labels = (torch.arange(len(x)) < len(x) // 2)[:, None]
    told = detection_by_all(labels, model.latents(parameters, inputs)[0] > 0).f1[0]
    return model.directions(parameters)[0, told.argmax()].cpu().numpy().astype("f8")
