"""Where descriptions of latents fail, on a model in which it is known what feeds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from onset.analyses.dictionaries import latent_failures
from onset.circuits.plans import compiled
from onset.models.dictionary.model import build
from onset.models.dictionary.settings import Settings
from onset.runs.source import Source
from onset.store.layout import RunFolder
from onset.tasks.programs import generate
from onset.tasks.vectors import VectorDataset, VectorSplit
from tests.unit.test_programs import settings

TASK = settings("previous", n_symbols=8, n_train=16, n_test=128)
MODEL, WEIGHTS = compiled(TASK)
D = MODEL.settings.d_model
ANSWER = TASK.n_tokens + TASK.length
"""the first dimension that answers are written to"""


class Parent(Source):
    """The compiled model, in place of one on disk."""

    dataset = generate(TASK, 0)
    model = MODEL

    def parameters(self, step: int | None = None) -> dict[str, torch.Tensor]:
        return WEIGHTS


PARENT = Parent(RunFolder(Path("study/condition/seed_0")))


def dictionary(first: int) -> tuple:
    """A latent for each symbol, read from the dimensions from `first` on."""
    told = {"name": "dictionary", "kind": "l1", "n_latents": TASK.n_symbols, "sparsities": [1.0]}
    reads = torch.zeros(1, D, TASK.n_symbols)
    reads[0, range(first, first + TASK.n_symbols), range(TASK.n_symbols)] = 1
    parameters = {
        "decoder.weight": reads.mT.contiguous(),
        "decoder.bias": torch.zeros(1, D),
        "encoder.weight": reads,
        "encoder.bias": torch.full((1, TASK.n_symbols), -0.5),
    }
    return build(Settings.model_validate(told), D, D), parameters


WORLD = VectorDataset(
    {"train": VectorSplit(np.zeros((1, D), "f4"), truth={"token": np.zeros(1, int)})},
    truth={"centre": np.zeros(D, "f4"), "scale": np.ones(1, "f4"), "place": np.array([1, -1])},
)


def analysed(first: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    with torch.inference_mode():
        for row in latent_failures.analyse(*dictionary(first), WORLD, 0, PARENT):
            found.setdefault(row.measure, []).append(row.value)
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, list[float]]:
    return analysed(ANSWER)


def test_the_circuit_tells_where_the_token_before_decides(found):
    assert len(found["description_holds"]) == latent_failures.N_LATENTS
    assert min(found["failures_told_by_circuit"]) > 0.99
    assert min(found["failures_told_by_all_examples"]) > 0.9


def test_weights_of_other_tokens_tell_nothing(found):
    assert abs(np.mean(found["failures_told_by_chance"]) - 0.5) < 0.2


def test_a_description_that_never_fails_is_not_looked_at():
    """Latents of the token itself."""
    assert analysed(0) == {}


def test_texts_that_the_parent_lacks_are_named():
    class Poorer(Parent):
        """Without a validation part."""

        dataset = PARENT.dataset.only(("train", "test"))

    parent = Poorer(RunFolder(Path("study/condition/seed_0")))
    with (
        torch.inference_mode(),
        pytest.raises(ValueError, match="'test_validation'; there are train, test"),
    ):
        list(latent_failures.analyse(*dictionary(ANSWER), WORLD, 0, parent))
