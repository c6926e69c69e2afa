"""Are values written on a circle, in their order?

A fact with n values, 0 to n − 1, may be written as cos and sin of 2πkv/n for some frequency k: in two
dimensions, of which neither alone is a feature. States are read linearly, so that a circle is only
found if it is written linearly; what shows that two dimensions alone don't do it are the same two read
for values in another order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int

from onset.measures.measurement import Measurement
from onset.models.batch import AnyModel, Parameters
from onset.statistics.irreducible import mixture, separability
from onset.statistics.ridge import ridge
from onset.tasks.vectors import VectorDataset

NEEDS = ("token",)
QUANTITIES = {
    "circle_of_*": {"kind": "explained", "label": "variance of a circle that is read: *"},
    "shuffled_circle_of_*": {"kind": "explained", "label": "the same in another order: *"},
    "line_of_*": {"kind": "explained", "label": "variance of the value that is read: *"},
    "bits_of_*": {
        "kind": "bits",
        "label": "what one axis of the circle says of the other (bits): *",
    },
    "band_of_*": {"kind": "share", "label": "points of the circle within a narrow band: *"},
}

_LEAST_VALUES = 7
_RIDGE = 1e-3
"""in parts of the states' mean variance"""

States = Float[np.ndarray, "states dimensions"]
Values = Int[np.ndarray, " states"]


def analyse(
    model: AnyModel, parameters: Parameters, dataset: VectorDataset, seed: int
) -> Iterator[Measurement]:
    """Per fact with at least seven values, on `test`; read by ridge regression on `train`:

    * `circle_of_FACT`: variance explained of the circle with the frequency that is read best on one half
      of `train` by what the other half says; `shuffled_circle_of_FACT`: the same of values in a random
      order, of all frequencies too (a null of two dimensions as well);
    * `line_of_FACT`: of the value as a number, one dimension;
    * `bits_of_FACT`, `band_of_FACT`: separability and mixture of the points that are read of that circle
      (`statistics.irreducible`).
    """
    rng = np.random.Generator(np.random.Philox([seed, len(dataset.truth)]))
    train, test = dataset.splits["train"], dataset.splits["test"]
    for fact, values in train.truth.items():
        there, in_test = values >= 0, test.truth[fact] >= 0
        n = int(max(values.max(), test.truth[fact].max())) + 1
        if n < _LEAST_VALUES or len(np.unique(values[there])) < _LEAST_VALUES or not in_test.any():
            continue
        of_train = train.inputs[there], values[there]
        of_test = test.inputs[in_test], test.truth[fact][in_test]
        shuffled = rng.permutation(n)
        for name, shown in (
            (f"circle_of_{fact}", np.arange(n)),
            (f"shuffled_circle_of_{fact}", shuffled),
        ):
            best = _best_frequency(of_train[0], shown[of_train[1]], n)
            said = _read(of_train[0], _circle(shown[of_train[1]], n, best), of_test[0])
            value = _explained(said, _circle(shown[of_test[1]], n, best))
            yield Measurement(name, value, "test")
            if shown is not shuffled:
                yield Measurement(f"bits_of_{fact}", separability(said), "test")
                yield Measurement(f"band_of_{fact}", mixture(said), "test")
        line = _read(of_train[0], of_train[1][:, None].astype(float), of_test[0])
        yield Measurement(f"line_of_{fact}", _explained(line, of_test[1][:, None]), "test")


def _best_frequency(states: States, values: Values, n: int) -> int:
    """That which is read best on half of the states by what the other half says."""
    half = len(states) // 2
    circles = np.concatenate([_circle(values, n, k) for k in range(1, n // 2 + 1)], axis=1)
    said = _read(states[:half], circles[:half], states[half:])
    missed = np.square(said - circles[half:]).sum(0).reshape(-1, 2).sum(1)
    there = np.square(circles[half:] - circles[half:].mean(0)).sum(0).reshape(-1, 2).sum(1)
    return int(np.argmin(missed / np.maximum(there, 1e-12))) + 1


def _circle(values: Values, n: int, frequency: int) -> Float[np.ndarray, "states 2"]:
    angles = 2 * np.pi * frequency * values / n
    return np.stack([np.cos(angles), np.sin(angles)], 1)


def _read(
    states: States,
    wanted: Float[np.ndarray, "states wanted"],
    of: Float[np.ndarray, "others dimensions"],
) -> Float[np.ndarray, "others wanted"]:
    """What a ridge regression on the states says of others."""
    mean, centre = states.mean(0), wanted.mean(0)
    return (of - mean) @ ridge(states - mean, wanted - centre, _RIDGE) + centre


def _explained(said: np.ndarray, wanted: np.ndarray) -> float:
    return float(1 - np.square(said - wanted).sum() / np.square(wanted - wanted.mean(0)).sum())
