"""What is said of the losses of a text, and whether neurons of two models are the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from onset.comparisons.neurons.same_neurons import compare, nearest
from onset.measures.answers import loss_by_slot, readers
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.tasks.dataset import VALIDATION
from onset.tasks.language import stories
from tests.members import made

TASK = stories.Settings(
    name="stories", n_topics=2, length=40, n_train=4, n_test=12, n_asked=4, n_counted=50
)
WORLD = stories.generate(TASK, 0)
MODEL = build(
    Settings(name="transformer", d_model=16, n_heads=2, d_mlp=24), WORLD.n_tokens, WORLD.length
)
OWN = MODEL.initial_parameters(0)
TEST = WORLD.splits["test"]


def losses() -> np.ndarray:
    tokens = torch.from_numpy(TEST.tokens)
    said = MODEL.unembed(OWN, MODEL.residual_stream(OWN, tokens)[-1])[:, :-1]
    return F.cross_entropy(said.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none").numpy()


def test_what_readers_lose_is_what_the_world_knows():
    found = {(its.measure, its.split): its.value for its in readers.measure(MODEL, OWN, WORLD)}
    assert not any(split.endswith(VALIDATION) for _, split in found)
    for fact in ("floor", "unbound", "unigram"):
        assert found[fact, "test"] == pytest.approx(float(TEST.truth[fact][:, 1:].mean()))
    assert found["above_floor", "test"] == pytest.approx(losses().mean() - found["floor", "test"])
    # In a split that asks for one token of each story, it is that one's.
    last = WORLD.splits["song"].truth["unbound"][:, -1].mean()
    assert found["unbound", "song"] == pytest.approx(float(last))


def test_parts_of_slots_add_up_to_what_is_lost():
    rows = [its for its in loss_by_slot.measure(MODEL, OWN, WORLD) if its.split == "test"]
    parts = [its.value for its in rows if its.measure == "slot_part"]
    beyond = losses().mean() - TEST.truth["unbound"][:, 1:].mean()
    assert sum(parts) == pytest.approx(beyond, abs=1e-6)
    number = WORLD.names["slot"].index("surname")
    (found,) = (i.value for i in rows if i.measure == "slot_loss" and i.component == number)
    here = TEST.truth["slot"][:, 1:].ravel() == number
    assert found == pytest.approx(losses()[here].mean())
    assert {its.component for its in rows if its.measure == "rule_loss"} <= set(range(8))
    assert not any(its.split == "song" for its in loss_by_slot.measure(MODEL, OWN, WORLD))


def test_nearest_neurons():
    one = torch.tensor([[0.0, 1.0, 5.0], [1.0, 0.0, 5.0], [2.0, 4.0, 5.0]])
    assert nearest(one, one * 3 + 2).tolist() == pytest.approx([1, 1])  # the third never varies
    assert nearest(one[:, :1], -one[:, :1]).tolist() == pytest.approx([-1])
    assert nearest(one, one[:, 2:]).tolist() == [0, 0]


def test_neurons_are_found_again_in_another_order_and_nowhere_else():
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    moved = dict(OWN)
    moved["layers.0.mlp.fc_in.weight"] = 3 * OWN["layers.0.mlp.fc_in.weight"][order]
    moved["layers.0.mlp.fc_in.bias"] = 3 * OWN["layers.0.mlp.fc_in.bias"][order]
    runs = [
        made(MODEL, {0: MODEL.initial_parameters(5), 9: its}, WORLD, seed)
        for seed, its in enumerate((OWN, moved))
    ]
    rows = [its for its in compare(runs) if its.of is runs[0]]
    found = {its.found.measure: its.found for its in rows}
    assert found["found_again"].value == 1
    assert found["found_again"].layer == 1
    assert found["best_match"].value == pytest.approx(1, abs=1e-5)
    assert found["found_in_untrained"].value < 0.5
    assert found["found_in_random"].value < 0.5


def test_trainings_of_one_seed_are_not_compared_and_those_by_hand_are():
    trained = made(MODEL, {0: OWN, 9: OWN}, WORLD, seed=1)
    same = made(MODEL, {0: OWN, 9: OWN}, WORLD, seed=1, condition="two")
    by_hand = [made(MODEL, {0: OWN}, WORLD, seed, condition="by_hand") for seed in (1, 2)]
    pairs = {(its.of, its.other) for its in compare([trained, same, *by_hand])}
    assert pairs == {
        pair for other in (trained, same) for pair in ((other, by_hand[0]), (by_hand[0], other))
    }
