"""Checkpoints held against known circuits: compiled models are theirs, untrained ones aren't."""

from __future__ import annotations

import pytest
import torch

from onset.circuits.plans import compiled
from onset.comparisons.circuits import known_circuit
from onset.tasks.programs import generate
from tests.members import made
from tests.unit.test_comparisons import compared
from tests.unit.test_programs import settings

TASK = settings("ioi", n_symbols=8, n_train=40)
WORLD = generate(TASK, 0)
MODEL, WEIGHTS = compiled(TASK)


@pytest.fixture(scope="module")
def found() -> dict[tuple, float]:
    its = {0: MODEL.initial_parameters(0), 10: WEIGHTS}
    run = made(MODEL, its, WORLD)
    run.__dict__["steps"] = [0, 10]
    rows = compared(known_circuit, [run], circuit="ioi")
    assert {row.found.split for row in rows} == {"test"}
    return {(row.found.measure, row.step): row.found.value for row in rows}


def test_a_compiled_model_is_its_circuit(found):
    assert found["scrubbed_recovered", 10] > 0.97
    assert found["exchanged_recovered", 10] < 0.3
    assert found["known_precision", 10] == found["known_recall", 10] == 1
    assert found["known_share", 10] < 0.1


def test_that_everything_matters_is_never_rejected(found):
    assert found["everything_recovered", 0] == pytest.approx(1, abs=1e-4)
    assert found["everything_recovered", 10] == pytest.approx(1, abs=1e-4)


def test_an_untrained_model_is_not(found):
    assert found["known_precision", 0] < 0.5


def test_another_circuit_is_not_in_it():
    run = made(MODEL, {10: WEIGHTS}, WORLD)
    values = {
        row.found.measure: row.found.value
        for row in compared(known_circuit, [run], circuit="induction")
    }
    assert values["scrubbed_recovered"] < 0.3


def test_a_model_without_its_parts_is_refused():
    task = settings("sorting", n_train=40)
    model, weights = compiled(task)
    run = made(model, {10: weights}, generate(task, 0))
    with (
        torch.inference_mode(),
        pytest.raises(ValueError, match="Induction: the model has no edge"),
    ):
        list(known_circuit.compare([run], circuit="induction"))
