"""The world of two symbols, and by how much the right one leads."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from onset import measures, models, tasks
from onset.models.batch import Questions
from onset.tasks.worlds import length_of
from tests.worlds import settings_of

TASK, LEAD = tasks.load("skeleton"), measures.load("skeleton_lead")
SMALL_WORLDS = [
    {"n_symbols": 8},
    {"n_symbols": 6, "train_fraction": 0.3},
    {"n_symbols": 8, "answers": "either"},
]
"""that no two splits share an example of; measures are tried on the first"""


def world(seed: int = 0, **changes: Any):
    return TASK.generate(settings_of("skeleton", **changes), seed)


def pairs(dataset, *names: str) -> list[tuple[int, ...]]:
    return [tuple(row) for name in names for row in dataset.splits[name].tokens[:, :2].tolist()]


def test_the_settings_tell_of_the_dataset():
    settings, dataset = settings_of("skeleton"), world()
    assert dataset.sizes == (settings.n_tokens, settings.length)
    assert tuple(dataset.splits) == settings.splits
    assert all(its.tokens.shape[1] == length_of(settings, n) for n, its in dataset.splits.items())


def test_every_pair_is_in_one_split():
    found = pairs(world(), *settings_of("skeleton").splits)
    assert sorted(found) == [(a, b) for a in range(8) for b in range(8) if a != b]


def test_the_first_is_the_answer_and_the_other_is_the_other():
    for its in world().splits.values():
        assert (its.targets[:, 0] == its.tokens[:, 0]).all()
        assert (its.truth["other"] == its.tokens[:, 1]).all()


def test_random_answers_are_of_the_same_pairs_and_say_nothing():
    first, either = world(), world(answers="either")
    assert pairs(first, "train") == pairs(either, "train")
    its = world(answers="either", n_symbols=40).splits["train"]
    assert abs((its.targets[:, 0] == its.tokens[:, 0]).mean() - 0.5) < 0.1
    assert (its.targets[:, 0] != its.truth["other"]).all()


def test_a_seed_is_a_world():
    assert pairs(world(1), "train") == pairs(world(1), "train") != pairs(world(2), "train")


def test_too_few_symbols_are_refused():
    with pytest.raises(ValueError, match="change n_symbols, train_fraction or validation"):
        settings_of("skeleton", n_symbols=3)


def test_the_lead_is_the_difference_of_two_logits():
    dataset = world()
    model = models.build({"name": "transformer", "d_model": 16, "n_heads": 2}, *dataset.sizes)
    parameters = model.initial_parameters(0)
    found = {its.split: its.value for its in LEAD.measure(model, parameters, dataset)}
    assert set(found) == set(dataset.splits)
    for name, split in dataset.splits.items():
        logits = model.logits(parameters, [Questions(split.tokens, split.scored)])
        rows = torch.arange(len(split))
        lead = logits[rows, split.tokens[:, 0]] - logits[rows, split.tokens[:, 1]]
        assert found[name] == pytest.approx(lead.mean().item(), abs=1e-5)
