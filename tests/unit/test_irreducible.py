"""A circle is neither two features nor one of two at a time; what is, is told so."""

import numpy as np
import pytest

from onset.statistics.irreducible import irreducible, mixture, separability

N = 800


def points(shape: str, turned: float = 0.4) -> np.ndarray:
    rng = np.random.default_rng(3)
    amounts, angles = rng.uniform(0.5, 1.5, (N, 2)), rng.uniform(0, 2 * np.pi, N)
    first = rng.random((N, 1)) < 0.5
    its = {
        "pair": amounts,
        "either": amounts * np.concatenate([first, ~first], 1),
        "circle": np.stack([np.cos(angles), np.sin(angles)], 1),
        "normal": rng.standard_normal((N, 2)),
    }[shape]
    cos, sin = np.cos(turned), np.sin(turned)
    return its @ np.array([[cos, -sin], [sin, cos]])


@pytest.mark.parametrize("shape", ["pair", "normal"])
def test_two_independent_features_are_separable_however_they_are_turned(shape):
    assert separability(points(shape)) < 0.1


def test_half_of_a_mixture_lies_in_a_band():
    assert mixture(points("either")) > 0.45
    assert mixture(points("normal")) < 0.15


def test_a_circle_is_the_least_reducible():
    assert separability(points("circle")) > 1
    assert mixture(points("circle")) < 0.3
    assert irreducible(points("circle")) > irreducible(points("either"))
    assert irreducible(points("pair")) < 0.1
