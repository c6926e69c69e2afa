"""What decides between two answers is found where a compiled model has it, and nowhere before."""

from __future__ import annotations

import pytest
import torch

from onset.analyses.circuits.alignment import analyse
from onset.circuits.plans import compiled
from onset.tasks.programs import generate
from tests.unit.test_programs import settings

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def found() -> dict[tuple, float]:
    task = settings("counting", n_symbols=8, n_train=40, n_test=64)
    model, parameters = compiled(task)
    with torch.inference_mode():
        rows = list(analyse(model, parameters, generate(task, 0), 0))
    return {(row.measure, row.layer, row.component): row.value for row in rows}


def test_a_number_is_in_four_dimensions_once_it_has_been_counted(found):
    """Five numbers, one-hot: what differs between any two of them lies in four dimensions. The search comes
    near to these."""
    assert found["aligned", 1, 4] > 0.75
    assert found["aligned", 1, 4] > found["aligned", 1, 1]
    assert found["aligned", 1, 4] > found["aligned_placebo", 1, 4] + 0.2


def test_before_it_is_not_there(found):
    """The last symbol by itself doesn't say how often it has come."""
    assert found["aligned", 0, 4] < 0.6
    assert found["aligned", 0, 1] < 0.6


def test_every_number_has_its_controls(found):
    kinds = ("aligned", "aligned_placebo", "aligned_untrained", "aligned_arbitrary")
    assert set(found) == {
        (k, layer, rank) for k in kinds for layer in (0, 1) for rank in (1, 4, 16)
    }
