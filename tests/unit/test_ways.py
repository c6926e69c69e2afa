"""Principal components of a run whose way is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from onset.notebook.ways import ways_of_addition
from onset.results import Run
from onset.statistics.rows import where
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

    condition, seed, dataset, model = "one", 0, WORLD, Wave()
    scheduled_steps = STEPS

    def parameters(self, step=None):
        return {"w": torch.tensor([step / 10, 1.0])}


GOING = Going(Path())


def test_a_straight_way_is_one_component_of_known_nature():
    found = ways_of_addition([GOING], {("one", 0): [3]}, n=2)
    logits, weights = (where(found.components, kind=its) for its in ("logits", "weights"))
    first = logits.iloc[0]
    assert first["explained"] == pytest.approx(1)
    assert first["waves"] == pytest.approx(1, abs=1e-4)
    assert first["key_waves"] == pytest.approx(1, abs=1e-4)
    assert 0 < first["trained"] < 1
    assert weights.iloc[0]["explained"] == pytest.approx(1)
    places = where(found.places, kind="logits")
    assert list(places["step"]) == STEPS
    assert (np.diff(places[1]) > 0).all()


@pytest.mark.parametrize("keys", [{("one", 0): [4]}, {}])
def test_other_keys_have_no_share(keys):
    found = ways_of_addition([GOING], keys, n=1).components
    assert where(found, kind="logits")["key_waves"].item() == pytest.approx(0, abs=1e-4)


def test_shares_are_those_that_there_are():
    """Weights have no waves."""
    shares = ways_of_addition([GOING], {("one", 0): [3]}, n=1).shares()
    assert set(where(shares, kind="weights")["what"]) == {"explained", "by_chance"}
    found = where(shares, kind="logits").set_index("what")["mean"]
    assert found["key_waves"] == pytest.approx(1, abs=1e-4)
