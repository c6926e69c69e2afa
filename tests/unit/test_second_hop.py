"""Closer looks at facts in a tiny adapted model: what is written in is what is found."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset import models, tasks
from onset.analyses.components import recall
from onset.analyses.residual import bridge_probe, second_hop
from onset.comparisons.changes import held_by_parts
from onset.measures.answers import among_candidates, change
from onset.measures.residual import alias_states
from onset.models import inspection
from tests import checkpoints
from tests.members import made
from tests.texts import checkpoint_for
from tests.unit.test_comparisons import compared
from tests.worlds import settings_of

ADAPTER = {"rank": 2, "scale": 1.0}

# TransformerLens warns of its own accord.
pytestmark = pytest.mark.filterwarnings("ignore")


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
def test_before_training_is_asked_no_second_time(asked, monkeypatch):
    """Of a checkpoint as before training, it is what that says; the numbers are the same in any order."""
    model, parameters, world = asked
    trained = {
        name: its + 1 if name.endswith("adapter_in") else its
        for name, its in with_noise(parameters).items()
    }
    found, n_asked, ask = [], [], change._said
    monkeypatch.setattr(change, "_said", lambda *its: n_asked.append(len(found)) or ask(*its))
    for order in ((0, 1), (1, 0)):
        before = change.at_end(model, trained, world)
        checkpoints = {0: parameters, 1: trained}
        rows = {
            step: by_name(change.measure(model, checkpoints[step], world, before)) for step in order
        }
        found.append((rows[0], rows[1]))
    assert found[0] == found[1]
    assert set(found[0][0].values()) == {0.0}
    assert n_asked == [0, 0, 1, 1, 1]


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
def test_another_bridge_that_is_written_before_the_first_block_is_a_question_about_that_one(asked):
    model, parameters, world = asked
    parameters = with_noise(parameters)
    found = by_name(second_hop.analyse(model, parameters, world, 0))
    its = world.splits["two_hop"]
    end, others = its.positions[0, 0], np.roll(its.targets[:, 0], 1)
    tokens = its.tokens[:, : end + 1].copy()
    tokens[np.arange(len(its)), its.truth["person_place"]] = np.roll(its.truth["bridge"], 1)
    logits = model.unembed(
        parameters, model.residual_stream(parameters, torch.from_numpy(tokens))[-1, :, -1]
    )
    candidates, answers = torch.from_numpy(its.candidates), torch.from_numpy(others)
    follows = among_candidates.of_candidates(logits, candidates, answers)["right_among"]
    # As above: the third architecture adds positions to the states.
    if model.config.model_type != "gpt2":
        differ = others != its.targets[:, 0]
        share = found["given_other_follows", "two_hop", 0, None]
        assert share == pytest.approx(follows[differ].mean().item())
    assert 0 <= found["given_stranger_follows", "two_hop", 0, None] <= 1


def right(model, parameters, world, split: str) -> float:
    found = by_name(among_candidates.measure(model, parameters, world.only([split])))
    return found["right_among", split, None, None]


class TestHeldByParts:
    @torch.no_grad()
    def test_a_part_alone_and_the_rest_without_it(self, asked):
        """Adapters of the first block alone were trained, so that it holds everything."""
        model, before, world = asked
        world = world.only(["boss", "two_hop"])
        after = with_noise(before, only=".0.")
        run = made(model, {0: before, 3: after}, world)
        rows = compared(held_by_parts, [run], n_groups=2)
        assert {(its.step, its.other_step) for its in rows} == {(3, 0)}
        assert {its.found.layer for its in rows} == {0}
        assert {its.found.split for its in rows} == {"boss", None}
        found = {
            (its.found.measure, held_by_parts.KINDS[its.found.component]): its.found.value
            for its in rows
        }
        kinds = {kind for _, kind in found}
        assert kinds <= {"attention", "mlp"}
        if len(kinds) == 1:
            (kind,) = kinds
            assert found["part_alone_right", kind] == right(model, after, world, "boss")
            assert found["part_missing_right", kind] == right(model, before, world, "boss")
        assert all(found["part_moved", kind] > 0 for kind in kinds)

    @torch.no_grad()
    def test_all_that_is_trained_belongs_to_one_part(self, asked):
        adapted, _, world = asked
        told = adapted.settings.model_copy(update={"adapter": None})
        model = models.build(told.model_dump(mode="json"), *world.sizes)
        before = model.initial_parameters(0)
        after = {name: its + 0.5 * its.abs().mean() for name, its in before.items()}
        run = made(model, {0: before, 3: after}, world.only(["boss"]))
        rows = [its.found for its in compared(held_by_parts, [run], n_groups=2)]
        parts = [(held_by_parts.KINDS[its.component], its.layer) for its in rows]
        in_blocks = {(kind, layer) for kind in ("attention", "mlp") for layer in (0, 1, None)}
        assert set(parts) == in_blocks | {("outside", None), ("norms", None)}
        moved = {
            (held_by_parts.KINDS[its.component], its.layer): its.value
            for its in rows
            if its.measure == "part_moved"
        }
        own = [name for name in before if "mlp" in name and ".1." in name]
        far = sum((after[name] - before[name]).square().sum() for name in own) ** 0.5
        norm = sum(before[name].square().sum() for name in own) ** 0.5
        assert moved["mlp", 1] == pytest.approx((far / norm).item(), rel=1e-4)


class TestRecall:
    @torch.no_grad()
    def test_what_is_put_nowhere_changes_nothing(self, asked):
        """Where nothing was trained, what was written before is what is written now."""
        model, parameters, world = asked
        found = list(recall.analyse(model, parameters, world.only(["boss", "others"]), 0))
        assert {its.split for its in found} == {"boss"}
        values = {(its.measure, its.layer, its.position): its.value for its in found}
        for part in ("attention", "mlps"):
            own = {key[1:]: v for key, v in values.items() if key[0] == f"recall_of_{part}"}
            before = {
                key[1:]: v for key, v in values.items() if key[0] == f"recall_of_{part}_before"
            }
            assert own == pytest.approx(before, abs=1e-4)
            assert any(abs(value) > 1e-4 for value in own.values())

    @torch.no_grad()
    def test_everything_that_is_written_at_the_end_is_the_answer(self, asked):
        """With the states at the last place given by hand: the bridge says what its own parts write."""
        model, parameters, world = asked
        trained = with_noise(parameters)
        its = recall._Asked.of(model, world.splits["boss"], 0)
        bridge = inspection.open_bridge(model, trained)
        lead = its.lead(bridge(its.own))
        written = its.written(bridge)
        end = its.own.shape[1] - 1
        hooks = [(name, recall._putting(states, end)) for name, states in written.items()]
        # All questions of a split end in the same token, so that what is written there is all there is.
        assert its.lead(bridge.run_with_hooks(its.other, fwd_hooks=hooks)) == pytest.approx(
            lead, abs=1e-3
        )
        found = {
            row.measure: row.value
            for row in recall.analyse(model, trained, world.only(["boss"]), 0)
            if row.measure == "recall_of_all"
        }
        nothing = its.lead(bridge(its.other))
        assert found["recall_of_all"] == pytest.approx(lead - nothing, abs=1e-3)


class TestBridgeProbe:
    def test_what_is_there_in_the_same_form_for_all_is_found(self):
        """A code that is turned around along half of the axes, amid who is who."""
        rng = np.random.default_rng(0)
        codes, people = (torch.from_numpy(rng.standard_normal((20, 64))) for _ in range(2))
        signs = torch.from_numpy(np.where(np.arange(64) % 2, 1.0, -1.0))
        found = bridge_probe.probed(people + signs * codes, codes, np.random.default_rng(1))
        assert found["probed_as_{}"] > 0.8
        assert found["control_as_{}"] < 0.2
        assert found["probed_rank_as_{}"] < 2 < found["control_rank_as_{}"]

    def test_who_is_who_does_not_tell_whose_bridge_is_whose(self):
        rng = np.random.default_rng(0)
        codes, people = (torch.from_numpy(rng.standard_normal((40, 64))) for _ in range(2))
        found = bridge_probe.probed(people, codes, np.random.default_rng(1))
        assert found["probed_as_{}"] < 0.2
        assert found["probed_rank_as_{}"] == pytest.approx(20.5, abs=7)

    def test_where_all_states_are_the_same_a_probe_guesses(self):
        codes = torch.from_numpy(np.random.default_rng(0).standard_normal((10, 8)))
        found = bridge_probe.probed(torch.zeros(10, 8), codes, np.random.default_rng(1))
        assert found["probed_as_{}"] == found["control_as_{}"] == pytest.approx(0.1)
        assert found["probed_rank_as_{}"] == pytest.approx(5.5)

    def test_in_controls_nobody_has_their_own(self):
        people = np.arange(3, 9)
        own, *others = bridge_probe._partners(people, np.random.default_rng(0))
        assert (own == people).all()
        assert len(others) == 20
        assert all((its != people).all() and set(its) == set(people) for its in others)

    @torch.no_grad()
    def test_of_all_splits_whose_facts_are_told_and_of_the_first_hop(self, asked):
        model, parameters, world = asked
        rows = list(bridge_probe.analyse(model, parameters, world, 0))
        assert {its.split for its in rows} == {"boss", "two_hop"}
        assert {its.position for its in rows if its.split == "two_hop"} == {
            int(world.splits["two_hop"].truth["person_place"][0]),
            int(world.splits["two_hop"].positions.max()),
        }
        names = {its.measure for its in rows}
        assert len(names) == 8
        again = list(bridge_probe.analyse(model, parameters, world, 0))
        assert rows == again
