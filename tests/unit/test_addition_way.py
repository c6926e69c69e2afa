"""Principal components of a run whose way is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from onset.notebook.addition_way import principal_components
from onset.results import Run
from tests.unit.test_fourier import WORLD, A, B, C, P

W = 2 * torch.pi / P
STEPS = [0, 10, 20, 30]


class Wave:
    """A model whose logits are one wave of a + b − c, as large as its first parameter."""

    constants = decaying = frozenset()

    def initial_parameters(self, seed): ...

    def logits(self, parameters, questions):
        a, b, _ = torch.cat([torch.from_numpy(group.tokens) for group in questions]).T
        wave = torch.cos(3 * W * (A + B - C))[a, b]
        return torch.cat([parameters["w"][0] * wave, torch.zeros(len(a), 1)], 1)


class Going(Run):
    """A run whose logits grow, and whose weights go straight on."""

    condition, seed, steps, dataset, model = "one", 0, STEPS, WORLD, Wave()

    def parameters(self, step=None):
        return {"w": torch.tensor([step / 10, 1.0])}


def test_a_straight_way_is_one_component_of_known_nature():
    (logits, places), (weights, _) = principal_components(Going(Path()), keys=[3], n=2)
    first = logits.iloc[0]
    assert first["explained"] == pytest.approx(1)
    assert first["waves"] == pytest.approx(1, abs=1e-4)
    assert first["key_waves"] == pytest.approx(1, abs=1e-4)
    assert 0 < first["trained"] < 1
    assert list(places["step"]) == STEPS
    assert (np.diff(places[1]) > 0).all()
    assert weights.iloc[0]["explained"] == pytest.approx(1)
    assert (weights["kind"] == "weights").all()


def test_other_keys_have_no_share():
    (logits, _), _ = principal_components(Going(Path()), keys=[4], n=1)
    assert logits.iloc[0]["key_waves"] == pytest.approx(0, abs=1e-4)
