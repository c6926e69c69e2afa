"""What each model family declares of its parameters, and what trainings make of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from onset import models
from onset.models.batch import AnyModel
from onset.tasks.vectors import VectorDataset, VectorSplit
from onset.training.loop import train
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState
from onset.training.updater import Updater
from tests import checkpoints

DICTIONARY = {"name": "dictionary", "n_latents": 8}
FACTORS = {"name": "factors", "n_signs": 2, "width": 4, "factors": [1, 3], "scales": [0.5, 0.1]}
EXAMPLES: dict[str, list[tuple[dict[str, Any], tuple[int, int]]]] = {
    "adapted": [
        ({"name": "adapted", "d_mlp": 32, "adapter": {"rank": 2}}, (9, 3)),
        ({"name": "adapted", "n_loops": 2, "adapter": {"rank": 1, "parts": ["mlp.*"]}}, (9, 3)),
    ],
    "bottleneck": [
        ({"name": "bottleneck", "n_inputs": 3, "d_hidden": 2}, (9, 9)),
        ({"name": "bottleneck", "n_inputs": 3, "d_hidden": 2, "tied": False}, (9, 6)),
    ],
    "dictionary": [
        ({**DICTIONARY, "kind": "l1", "sparsities": [0.5, 0.1]}, (6, 6)),
        ({**DICTIONARY, "kind": "jump_relu", "sparsities": [0.5, 0.1]}, (6, 6)),
        ({**DICTIONARY, "kind": "topk", "sparsities": [1, 3]}, (6, 6)),
        ({**DICTIONARY, "kind": "batch_topk", "sparsities": [1, 3], "revival": 0.1}, (6, 6)),
        ({**DICTIONARY, "kind": "matryoshka", "sparsities": [1, 3], "nested": [4]}, (6, 6)),
    ],
    "factors": [
        ({**FACTORS, "activation": "relu"}, (4, 2)),
        ({**FACTORS, "attention": True, "norm": True, "restarts": 2}, (6, 2)),
    ],
    "mlp": [
        ({"name": "mlp", "width": 6}, (9, 3)),
        ({"name": "mlp", "width": 6, "n_hidden": 2, "places": "alike"}, (9, 3)),
    ],
    "pretrained": [({"name": "pretrained", "checkpoint": kind}, (9, 3)) for kind in checkpoints.KINDS],
    "transformer": [
        ({"name": "transformer"}, (9, 3)),
        ({"name": "transformer", "smeared_keys": True, "tied_embeddings": False}, (9, 3)),
    ],
}  # fmt: skip
CASES = [case for cases in EXAMPLES.values() for case in cases]
SIDE_BY_SIDE = [case for family in ("bottleneck", "dictionary") for case in EXAMPLES[family]]
NO_WEIGHTS = ("bias", "threshold", ".ln", "ln_", "norm")
"""what is in the names of biases, thresholds and norms"""


@pytest.fixture
def build(tmp_path):
    def its(settings: dict[str, Any], sizes: tuple[int, int]) -> AnyModel:
        if settings["name"] == "pretrained":
            folder = checkpoints.save(settings["checkpoint"], tmp_path / settings["checkpoint"])
            settings = {**settings, "checkpoint": str(folder), "first_token": 1}
        return models.build(settings, *sizes)

    return its


def test_every_family_is_tried():
    assert set(EXAMPLES) == set(models.names())


def training(**changes: Any) -> TrainingSettings:
    given = {"steps": 4, "batch_size": None, "mixture": {"test": 1.0}, "learning_rate": 0.1}
    return TrainingSettings.model_validate({**given, **changes})


@pytest.mark.parametrize(("settings", "sizes"), CASES, ids=str)
def test_weights_decay_and_nothing_else(build, settings, sizes):
    model = build(settings, sizes)
    parameters = {n: torch.ones_like(p) for n, p in sorted(model.initial_parameters(0).items())}
    wanted = {n for n in parameters if not any(word in n for word in NO_WEIGHTS)}
    updater = Updater(parameters, model, training(weight_decay=2.0))
    updater.step(sum(0.0 * p.sum() for p in parameters.values()), 0)
    shrunk = {n for n, p in parameters.items() if (p != 1).any()}
    assert shrunk == wanted == model.decaying
    for name in shrunk:
        assert_close(parameters[name].detach(), torch.full_like(parameters[name], 1 - 0.1 * 2.0))


@pytest.mark.parametrize(("settings", "sizes"), SIDE_BY_SIDE, ids=str)
def test_instances_are_trained_as_they_would_be_alone(settings, sizes):
    """With a gradient that is clipped for some of them and not for others."""
    model = models.build(settings, *sizes)
    start = model.initial_parameters(0)
    assert all(len(p) == model.n_instances for p in start.values())
    sources = np.random.default_rng(0).standard_normal((64, sizes[0]), np.float32)
    sources *= np.repeat([3.0, 1.0, 0.3], sizes[0] // 3).astype(np.float32)
    wanted = None if sizes[0] == sizes[1] else np.abs(sources[:, : sizes[1]])
    how = training(gradient_clip=1.0, weight_decay=0.1)
    together = trained(model, sources, wanted, start, how)
    for i in range(model.n_instances):
        if settings["name"] == "bottleneck":
            alone = models.build(settings, 3, sizes[1] // 3)
            inputs = sources[:, 3 * i : 3 * i + 3]
            n = sizes[1] // 3
            targets = None if wanted is None else wanted[:, n * i : n * i + n]
        else:
            alone = models.build(
                {**settings, "sparsities": settings["sparsities"][i : i + 1]}, *sizes
            )
            inputs, targets = sources, wanted
        its = trained(alone, inputs, targets, {n: p[i : i + 1] for n, p in start.items()}, how)
        for name, parameter in its.parameters.items():
            assert_close(together.parameters[name][i : i + 1], parameter, atol=2e-5, rtol=1e-4)


def trained(
    model: AnyModel,
    inputs: np.ndarray,
    targets: np.ndarray | None,
    start: dict[str, torch.Tensor],
    settings: TrainingSettings,
) -> TrainingState:
    split = VectorSplit(np.ascontiguousarray(inputs), targets)
    world = VectorDataset({"test": split})
    return train(model, world, settings, (), 0, TrainingState(0, start), lambda state: None)
