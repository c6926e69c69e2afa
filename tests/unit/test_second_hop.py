"""Closer looks at facts in a tiny adapted model: what is written in is what is found."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset import models, tasks
from onset.analyses.residual import second_hop
from onset.analyses.weights import adapted_blocks
from onset.measures.answers import among_candidates, change
from onset.measures.residual import alias_states
from tests import checkpoints
from tests.texts import checkpoint_for
from tests.worlds import settings_of

ADAPTER = {"rank": 2, "scale": 1.0}


@pytest.fixture(scope="module", params=checkpoints.KINDS)
def asked(request, tmp_path_factory):
    """Model, untouched parameters, and the world."""
    folder = checkpoint_for("invented_facts", request.param, tmp_path_factory.mktemp("c") / "own")
    told = {"name": "pretrained", "checkpoint": str(folder), "adapter": ADAPTER}
    tokenizer = models.open_tokenizer(told)
    world = tasks.load("invented_facts").generate(settings_of("invented_facts"), 0, tokenizer)
    model = models.build(told, *world.sizes)
    return model, model.initial_parameters(0), world


def with_noise(parameters: dict, only: str = "") -> dict:
    """Adapters that do something, in a block or in all."""
    generator = torch.Generator().manual_seed(1)
    return {
        name: torch.randn(its.shape, generator=generator)
        if name.endswith("adapter_out") and only in name
        else its
        for name, its in parameters.items()
    }


def by_name(found) -> dict:
    return {(its.measure, its.split, its.layer, its.position): its.value for its in found}


@torch.no_grad()
def test_among_candidates_by_hand(asked):
    model, parameters, world = asked
    found = by_name(among_candidates.measure(model, parameters, world))
    its = world.splits["boss"]
    ranks, firsts, leads = [], [], []
    for row, end, target in zip(its.tokens, its.positions[:, 0], its.targets[:, 0], strict=True):
        logits = model.residual_stream(parameters, torch.from_numpy(row[None, : end + 1]))
        logits = model.unembed(parameters, logits[-1, 0, end]).double()
        others = [logits[c].item() for c in its.candidates if c != target]
        ranks.append(1 + sum(other > logits[target] for other in others))
        firsts.append(ranks[-1] == 1)
        leads.append(logits[target].item() - np.mean(others))
    assert found["rank_among", "boss", None, None] == pytest.approx(np.mean(ranks))
    assert found["right_among", "boss", None, None] == pytest.approx(np.mean(firsts))
    assert found["lead_among", "boss", None, None] == pytest.approx(np.mean(leads), abs=1e-4)
    assert not any(split in ("told", "prose") for _, split, *_ in found)


@torch.no_grad()
def test_change_is_none_before_training_and_some_after(asked):
    model, parameters, world = asked
    before = change.at_end(model, with_noise(parameters), world)
    none = by_name(change.measure(model, parameters, world, before))
    some = by_name(change.measure(model, with_noise(parameters), world, before))
    assert all(abs(value) < 1e-5 for value in none.values())
    assert all(value > 1e-3 for (name, *_), value in some.items() if name == "change")
    assert ("change", "prose_held_out", None, None) in some


@torch.no_grad()
def test_someone_is_in_every_layer_like_themselves(asked):
    model, parameters, world = asked
    its = world.splits["reliable"]
    own = {**its.truth, "base": its.truth["entity"]}
    alike = type(its)(**{**vars(its), "truth": own})
    same = type(world)({"reliable": alike}, world.vocabulary)
    found = by_name(alias_states.measure(model, parameters, same))
    n_layers = model.depth(1) + 1
    cosines = [value for (name, *_), value in found.items() if name == "state_cosine"]
    assert len(cosines) == 2 * n_layers
    assert np.allclose(cosines, 1)
    start = {
        name: value for (name, _, layer, place), value in found.items() if (layer, place) == (0, 2)
    }
    assert start["state_cosine_null"] < 0.99


@torch.no_grad()
def test_a_bridge_that_is_written_before_the_first_block_is_a_question_about_it(asked):
    model, parameters, world = asked
    parameters = with_noise(parameters)
    found = by_name(second_hop.analyse(model, parameters, world, 0))
    its, rows = world.splits["two_hop"], []
    for row, end, bridge, person in zip(
        its.tokens, its.positions[:, 0], its.truth["bridge"], its.truth["person_place"], strict=True
    ):
        swapped = row[None, : end + 1].copy()
        swapped[0, person] = bridge
        rows.append(swapped)
    stream = model.residual_stream(parameters, torch.from_numpy(np.concatenate(rows)))
    logits = model.unembed(parameters, stream[-1, :, -1])
    targets = torch.from_numpy(its.targets[:, 0])
    expected = among_candidates.of_candidates(logits, torch.from_numpy(its.candidates), targets)
    # Positions are rotary in two of the architectures, and added to the states in the third.
    if model.config.model_type != "gpt2":
        found_lead = found["given_bridge_lead", "two_hop", 0, None]
        assert found_lead == pytest.approx(expected["lead_among"].mean().item(), abs=1e-4)
    assert not any(split == "two_hop_missing" for _, split, *_ in found)
    assert {name for name, *_ in found} <= set(second_hop.QUANTITIES)


@torch.no_grad()
def test_blocks_alone_and_missing_are_each_others_complement(asked):
    model, parameters, world = asked
    world = world.only(["boss", "two_hop"])
    in_first = with_noise(parameters, only=".0.")
    right = by_name(among_candidates.measure(model, in_first, world))[
        "right_among", "boss", None, None
    ]
    before = by_name(among_candidates.measure(model, parameters, world))
    found = by_name(adapted_blocks.analyse(model, in_first, world, 0))
    assert found["alone_right", "boss", 0, None] == right
    assert found["missing_right", "boss", 0, None] == before["right_among", "boss", None, None]
    assert found["missing_right", "boss", 1, None] == right
    assert not any(split == "two_hop" for _, split, *_ in found)
