"""Latents that tell when something happens, on states of which it is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.measures.dictionaries import event_latents
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset, VectorSplit


def world(n: int = 400) -> VectorDataset:
    """The first entry is large where it happens; the second is larger still, whatever happens."""
    rng = np.random.default_rng(0)
    splits = {}
    for name in ("train", "test"):
        its = rng.random(n) < 0.2
        states = np.abs(rng.normal(size=(n, 4))) * np.array([0.1, 5, 1, 1])
        states[:, 0] += its
        token = np.arange(n) % 3
        splits[name] = VectorSplit(states.astype("f4"), truth={"back": its, "token": token})
    return VectorDataset(splits, truth={})


@pytest.fixture
def values(monkeypatch) -> dict[tuple, float]:
    """Of two dictionaries: one has a latent for each entry, the other has none for the first."""
    dataset = world()

    def latents(model, parameters, dataset):
        found = {}
        for name, split in dataset.splits.items():
            states = torch.from_numpy(split.inputs)
            shown = torch.relu(states - torch.tensor([0.5, 0, 0, 0]))
            found[name] = torch.stack([shown, shown.roll(1, 0)])
        return found

    monkeypatch.setattr(event_latents, "latents_of", latents)
    model = Dictionary.__new__(Dictionary)
    rows = event_latents.measure(model, {}, dataset)
    return {(its.measure, its.component): its.value for its in rows}


def test_a_latent_that_tells_is_found(values):
    assert values["back_latent_auc", 0] == values["back_latent_f1", 0] == 1
    assert values["back_latent_auc_by_chance", 0] < 0.7


def test_one_that_tells_of_the_next_state_tells_nothing(values):
    assert values["back_latent_auc", 1] < 0.65
    assert values["back_latent_f1", 1] < 0.5


def test_a_difference_of_means_is_led_astray_by_what_varies_most(values):
    assert 0.5 < values["back_means_auc", None] <= 1
    assert 0.2 < values["back_means_f1", None] <= 1


def test_what_is_no_event_is_left_out(values):
    assert not [name for name, _ in values if name.startswith("token")]
