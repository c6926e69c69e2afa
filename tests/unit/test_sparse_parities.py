"""Multitask sparse parity: who asks for what, how often, and what a network that knows it would say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from onset.measures.answers import skill_losses
from onset.models.bottleneck.model import build
from onset.models.bottleneck.settings import Settings as Network
from onset.tasks import sparse_parities

SMALL_WORLDS = [
    {"n_skills": 2, "n_bits": 6, "k": 2, "n_test": 8},
    {"n_skills": 5, "n_bits": 8, "k": 3, "n_test": 4, "n_train": 50, "zipf": 0.0},
]


def world(**changes):
    given = {"n_skills": 6, "n_bits": 8, "k": 3, "n_train": 400, "n_test": 10}
    settings = sparse_parities.Settings(name="sparse_parities", **{**given, **changes})
    return settings, sparse_parities.generate(settings, 0)


def test_the_answer_is_the_product_of_the_skills_bits():
    _, its = world()
    for split in (*its.splits.values(), its.streams["fresh"](100, np.random.default_rng(0))):
        codes, bits = split.inputs[:, :6], split.inputs[:, 6:]
        assert (codes.argmax(1) == split.truth["skill"]).all()
        assert (codes.sum(1) == 1).all()
        for row, skill, answer in zip(bits, split.truth["skill"], split.targets, strict=True):
            assert row[its.truth["bits"][skill]].prod() == answer
    assert all(len(set(row)) == 3 for row in its.truth["bits"].tolist())


def test_skills_are_asked_for_by_their_frequencies():
    _, its = world(n_train=20_000, zipf=1.4)
    frequency = np.arange(1, 7) ** -1.4
    assert its.truth["frequency"] == pytest.approx(frequency / frequency.sum())
    asked = np.bincount(its.splits["train"].truth["skill"]) / 20_000
    assert asked == pytest.approx(its.truth["frequency"], abs=0.01)
    assert (np.bincount(its.splits["test"].truth["skill"]) == 10).all()


def test_patterns_of_the_test_are_held_out_of_all_skills():
    _, its = world()
    powers = 2 ** np.arange(8)
    drawn = {
        "train": its.splits["train"],
        "fresh": its.streams["fresh"](5000, np.random.default_rng(0)),
    }
    held = set(its.truth["held_out"].tolist())
    assert len(held) == 32
    shown = {
        name: set(((split.inputs[:, 6:] > 0) @ powers).astype(int).tolist())
        for name, split in {**drawn, "test": its.splits["test"]}.items()
    }
    assert shown["test"] <= held
    assert not held & (shown["train"] | shown["fresh"])


def test_no_skill_looks_at_more_bits_than_there_are():
    with pytest.raises(ValidationError, match="can't look at 5 of 4"):
        sparse_parities.Settings(name="sparse_parities", n_bits=4, k=5)


def test_the_loss_of_a_network_that_says_nothing_and_of_one_that_knows_a_skill():
    """Parity of one bit is the bit: a network with two neurons can know it."""
    _, its = world(n_skills=2, k=1, n_train=0, zipf=1.0)
    network = build(
        Network(
            name="bottleneck", n_inputs=10, d_hidden=4, tied=False, hidden_activation="relu",
            output_activation="none",
        ), 10, 1,
    )  # fmt: skip
    zero = {name: torch.zeros_like(p) for name, p in network.initial_parameters(0).items()}
    found = _found(skill_losses.measure(network, zero, its))
    assert found == {"skill_loss 0": 1, "skill_loss 1": 1, "asked_loss": 1, "skills_known": 0}
    knows = {name: p.clone() for name, p in zero.items()}
    bit = 2 + its.truth["bits"][0, 0]
    for neuron, sign in enumerate((1.0, -1.0)):  # off, unless the first skill is asked for
        knows["encode.weight"][0, neuron, bit] = sign
        knows["encode.weight"][0, neuron, 1] = -1.0
        knows["decode.weight"][0, 0, neuron] = sign
    found = _found(skill_losses.measure(network, knows, its))
    assert found["skill_loss 0"] == 0
    assert found["skill_loss 1"] == 1
    assert found["asked_loss"] == pytest.approx(1 / 3)
    assert found["skills_known"] == 1


def _found(rows):
    return {
        its.measure if its.component is None else f"{its.measure} {its.component}": its.value
        for its in rows
    }
