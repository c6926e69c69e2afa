"""Tools of model diffing on models of which it is known what is different."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from onset.comparisons.changes import (
    barrier,
    beforehand,
    component_swaps,
    crosscoder,
    crosscoder_over_training,
    direct_effects,
    divergence_by_place,
    find_change,
    foretold,
    forgotten,
    rewiring,
    stagewise,
    steering,
    still_readable,
)
from onset.comparisons.changes.dictionaries import belonging, learned, side_by_side
from onset.comparisons.changes.parts import part_of, parts_of
from onset.comparisons.changes.tools import random_direction
from onset.comparisons.changes.versions import Asked, divergence
from onset.comparisons.member import Member
from onset.diffing import diff
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from onset.tasks import changed_facts
from onset.tasks.dataset import Dataset
from onset.training.batches import draw
from onset.training.losses import loss_on
from tests.members import made
from tests.unit.test_changed_facts import SIZES
from tests.unit.test_comparisons import compared

# TransformerLens warns of its own accord.
pytestmark = pytest.mark.filterwarnings("ignore")


def world(change: str) -> Dataset:
    return changed_facts.generate(
        changed_facts.Settings(name="changed_facts", **SIZES, change=change), seed=0
    )


WORLD, NOTHING = world("entities"), world("nothing")
ASKED = Asked.of(WORLD.splits)
SMALL = {"name": "transformer", "n_layers": 2, "d_model": 16, "n_heads": 2, "d_mlp": 32}
MODEL = build(Settings(**SMALL), WORLD.n_tokens, WORLD.length)
OLD = MODEL.initial_parameters(5)
DICTIONARY = {"latents": 48, "active": 2, "updates": 150}


class Told:
    """A model that says what it was taught of world one, or of world two, and has states of its answers."""

    constants = decaying = frozenset()
    settings = SimpleNamespace(name="transformer")

    def __init__(self, dataset: Dataset) -> None:
        self._answers: dict[tuple[int, ...], tuple[int, int]] = {}
        self._n = dataset.n_tokens
        for split in dataset.splits.values():
            if split.truth:
                told = zip(
                    split.truth["before"].tolist(), split.targets[:, 0].tolist(), strict=True
                )
                self._answers |= dict(zip(map(tuple, split.tokens.tolist()), told, strict=True))

    def initial_parameters(self, seed: int) -> Parameters:
        return {"version": torch.tensor(0)}

    def depth(self, hops: int) -> int:
        return hops

    def _says(self, parameters: Parameters, tokens: Tensor) -> Tensor:
        its = [self._answers[tuple(row)][int(parameters["version"])] for row in tokens.tolist()]
        return F.one_hot(torch.tensor(its), self._n).float()

    def logits(self, parameters: Parameters, questions: Any) -> Tensor:
        return torch.cat(
            [4 * self._says(parameters, torch.from_numpy(its.tokens)) for its in questions]
        )

    def residual_stream(self, parameters: Parameters, tokens: Tensor) -> Tensor:
        its = self._says(parameters, tokens)
        return its[None, :, None].expand(3, -1, tokens.shape[1], -1)

    def unembed(self, parameters: Parameters, states: Tensor) -> Tensor:
        return 4 * states

    def attention(self, parameters: Parameters, tokens: Tensor) -> Tensor:
        raise NotImplementedError


def told(dataset: Dataset, condition: str, steps: tuple[int, ...] = (0, 3)) -> Member:
    versions = {step: {"version": torch.tensor(int(step > 0))} for step in steps}
    return made(Told(dataset), versions, dataset, condition=condition)


def between(new: Parameters, dataset: Dataset = WORLD, model: Transformer = MODEL) -> Member:
    return made(model, {0: OLD, 3: new}, dataset)


def values(rows: list) -> dict[tuple, float]:
    return {
        (its.found.measure, its.found.split, its.found.layer, its.found.head, its.found.component):
        its.found.value
        for its in rows
    }  # fmt: skip


def plain(rows: list) -> dict[str, float]:
    return {its.found.measure: its.found.value for its in rows}


class TestFindingTheChange:
    def test_what_answers_and_states_show_is_found_and_a_null_raises_no_alarm(self):
        found = plain(compared(find_change, [told(WORLD, "one"), told(NOTHING, "null")]))
        for tool in ("kl", "norm", "swap"):
            assert found[f"{tool}_recall"] == found[f"{tool}_found"] == 1, tool
            assert found[f"{tool}_auc"] == 1
            assert found[f"{tool}_flagged"] == 0
        assert found["means_recall"] > 0.8
        assert found["recall_by_chance"] == ASKED.changed.mean()
        null = plain(compared(find_change, [told(NOTHING, "again"), told(NOTHING, "null")]))
        assert set(null) == {its for its in find_change.QUANTITIES if its.endswith("flagged")}
        assert set(null.values()) == {0}

    def test_each_step_after_the_first_is_judged(self):
        rows = compared(find_change, [told(WORLD, "one", (0, 1, 3)), told(NOTHING, "null")])
        assert {its.step for its in rows} == {1, 3}

    def test_scores_that_say_nothing_are_worth_nothing(self):
        rng = np.random.default_rng(0)
        changed = rng.random(20_000) < 0.2
        found = find_change.judged(rng.standard_normal(20_000), changed, border=1.2816)
        assert found["auc"] == pytest.approx(0.5, abs=0.02)
        assert found["recall"] == pytest.approx(0.2, abs=0.03)
        assert found["found"] == pytest.approx(0.1, abs=0.02)
        assert found["flagged"] == pytest.approx(0.1, abs=0.02)

    def test_divergence_by_hand(self):
        one, other = (torch.tensor([its]).log() for its in ([0.5, 0.5], [0.25, 0.75]))
        by_hand = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
        assert divergence(one, other).item() == pytest.approx(by_hand, rel=1e-5)
        assert divergence(one, one).item() == 0

    def test_a_random_direction_is_none_that_a_model_begins_with(self):
        drawn = torch.randn(16, generator=torch.Generator().manual_seed(3))
        its = random_direction(16, 3)
        assert its.norm() == pytest.approx(1)
        assert abs(F.cosine_similarity(its, drawn.double(), dim=0)) < 0.9
        assert not torch.equal(its, random_direction(16, 4))

    def test_sequences_are_chosen_in_their_groups(self):
        rows = np.arange(len(ASKED)) % 3 == 0
        its = ASKED.only(rows)
        assert len(its) == rows.sum()
        assert (its.changed == ASKED.changed[rows]).all()
        tokens = [row for group in ASKED.questions for row in group.tokens.tolist()]
        kept = [row for group in its.questions for row in group.tokens.tolist()]
        assert kept == [row for row, mask in zip(tokens, rows, strict=True) if mask]


class TestParts:
    def test_parameters_of_several_families(self):
        names = {
            "tok_embed.weight": "tok_embed", "ln_out.weight": "norms",
            "layers.1.attn.q.weight": "attention_1", "layers.0.mlp.fc_in.bias": "mlp_0",
            "layers.0.ln1.bias": "norms", "transformer.h.3.attn.c_attn.weight": "attention_3",
            "transformer.h.3.ln_1.weight": "norms", "transformer.wte.weight": "transformer.wte",
            "model.layers.2.self_attn.q_proj.weight": "attention_2",
            "model.layers.2.input_layernorm.weight": "norms", "model.norm.weight": "norms",
            "model.layers.2.mlp.up_proj.weight": "mlp_2",
        }  # fmt: skip
        assert {name: part_of(name) for name in names} == names

    def test_every_parameter_is_in_one_part(self):
        found = [name for names in parts_of(OLD).values() for name in names]
        assert sorted(found) == sorted(OLD)

    def test_a_change_of_one_mlp_lies_in_it(self):
        new = OLD | {
            "layers.1.mlp.fc_out.weight": MODEL.initial_parameters(6)["layers.1.mlp.fc_out.weight"]
        }
        found = values(compared(component_swaps, [between(new)]))
        mlp = component_swaps.PARTS.index("mlp")
        assert found["answered_anew", None, None, None, None] > 0.2
        assert found["into_old", None, 1, None, mlp] == 1
        assert found["into_new", None, 1, None, mlp] == 1
        assert found["into_old_shuffled", None, 1, None, mlp] < 0.9
        assert found["disturbed", None, 1, None, mlp] == 0
        assert found["parts_needed", None, None, None, None] == 1
        assert found["parts_moved", None, None, None, None] == 1
        assert found["sum_of_parts", None, None, None, None] == pytest.approx(1, abs=1e-4)
        assert {key[2:] for key in found if key[0] == "into_old"} == {(1, None, mlp)}

    def test_a_head_is_part_of_its_attention(self):
        name = "layers.0.attn.o.weight"
        new = OLD | {name: OLD[name].clone()}
        new[name][:, 8:] = 5 * MODEL.initial_parameters(6)[name][:, 8:]
        found = values(compared(component_swaps, [between(new)]))
        head = component_swaps.PARTS.index("head")
        assert found["into_old", None, 0, 1, head] == 1
        assert ("into_old", None, 0, 0, head) not in found

    def test_nothing_changed_is_nothing_to_tell(self):
        rows = compared(component_swaps, [between(dict(OLD))])
        assert plain(rows) == {"answered_anew": 0}


class TestForgetting:
    def run(self, rate: float) -> Member:
        """A child after one step down the gradient of its first batch."""
        mixture = {"changed_facts": 1.0}
        training = {"steps": 1, "batch_size": 64, "mixture": mixture, "learning_rate": rate}
        own = {name: its.clone().requires_grad_() for name, its in OLD.items()}
        loss_on(draw(WORLD, {"changed_facts": 64}, 0, 0), MODEL, own).backward()
        new = {
            name: (its - rate * (0 if its.grad is None else its.grad)).detach()
            for name, its in own.items()
        }
        its = between(new)
        its.__dict__["_index"] = {"settings": {"training": training}}
        its.__dict__["training_data"] = WORLD
        return its

    def test_a_small_step_harms_what_the_gradient_says(self):
        found = plain(compared(forgotten, [self.run(1e-3)], batches=1))
        assert found["harm_by_gradient"] > 0.99
        assert abs(found["harm_by_chance"]) < 0.3
        assert 0.1 < found["harm_in_worst_tenth"] <= 1

    def test_tokens_of_what_changes(self):
        kept, changed = ASKED.only(~ASKED.changed), ASKED.only(ASKED.changed)
        its = beforehand._overlap(kept, changed)
        assert its.shape == (len(kept),)
        first = kept.questions[0].tokens[0]
        by_hand = sum(
            sum(other[place] == token for group in changed.questions for other in group.tokens
                if place < len(other))
            for place, token in enumerate(first)
        )  # fmt: skip
        assert its[0] == pytest.approx(by_hand / len(changed))

    def test_ranks_are_compared_within_each_kind_of_question(self):
        harm = np.array([1.0, 2.0, 3.0, 11.0, 12.0, 13.0])
        told = np.array([3.0, 2.0, 1.0, 13.0, 12.0, 11.0])
        assert forgotten.alike(told, harm, [3, 3]) == pytest.approx(-1)
        assert forgotten.alike(told, harm, [6]) > 0
        assert forgotten.alike(np.ones(6), harm, [3, 3]) is None

    def test_what_is_learnt_from_another_run_foretells_this_one(self):
        rows = compared(foretold, [self.run(1e-3), self.run(1e-3)], batches=1)
        found = plain(rows)
        assert set(found) == set(foretold.QUANTITIES)
        assert found["unseen_harm"] > 0.9
        assert abs(found["unseen_harm_shuffled"]) < found["unseen_harm"] / 2
        assert found["worst_foretold"] > 3 * found["worst_by_chance"]
        assert not compared(foretold, [self.run(1e-3)], batches=1)


class TestPlaces:
    def test_only_from_the_position_on_at_which_something_is_changed(self):
        new = OLD | {"pos.weight": OLD["pos.weight"].clone()}
        new["pos.weight"][1] += torch.randn(16, generator=torch.Generator().manual_seed(0))
        rows = compared(divergence_by_place, [between(new)])
        at = {(its.found.split, its.found.position): its.found.value for its in rows}
        for name, split in WORLD.splits.items():
            assert at[name, 0] == pytest.approx(0, abs=1e-6)
            assert at[name, 1] > 0
            assert (name, split.tokens.shape[1] - 1) in at

    def test_tokens_whose_questions_are_answered_otherwise_are_named(self):
        model = build(Settings(**SMALL, tied_embeddings=False), WORLD.n_tokens, WORLD.length)
        entities = torch.from_numpy(np.unique(WORLD.splits["changed_facts"].tokens[:, 0]))
        old = model.initial_parameters(5)
        new = old | {"tok_embed.weight": old["tok_embed.weight"].clone()}
        new["tok_embed.weight"][entities] = 5 * torch.randn(
            len(entities), 16, generator=torch.Generator().manual_seed(0)
        )
        found = plain(compared(divergence_by_place, [made(model, {0: old, 3: new}, WORLD)]))
        assert found["tokens_named"] > 0.7 > 3 * found["tokens_named_by_chance"]
        nothing = plain(compared(divergence_by_place, [made(model, {0: old, 3: new}, NOTHING)]))
        assert "tokens_named" not in nothing


class _Mute(Told):
    """Whatever it says, its states hold the answers of world two."""

    def residual_stream(self, parameters: Parameters, tokens: Tensor) -> Tensor:
        return super().residual_stream({"version": torch.tensor(1)}, tokens)


@pytest.mark.parametrize(("kind", "is_there"), [(_Mute, True), (Told, False)])
def test_a_probe_reads_what_is_no_longer_said(kind, is_there):
    versions = {step: {"version": torch.tensor(int(step == 0))} for step in (0, 3)}
    run = made(kind(WORLD), versions, WORLD, splits=("changed_composed",))
    rows = compared(still_readable, [run])
    at = {(its.found.measure, its.step): its.found.value for its in rows}
    assert (at["said", 0], at["said", 3]) == (1, 0)
    assert at["read", 0] > 0.4
    assert at["read_shuffled", 3] < 0.3
    assert (at["read", 3] > 0.4) == is_there


def test_parts_that_are_as_they_were_write_what_they_wrote():
    model = build(Settings(**SMALL, norm="none"), WORLD.n_tokens, WORLD.length)
    name = "layers.1.mlp.fc_out.weight"
    old = model.initial_parameters(5)
    new = old | {name: 3 * model.initial_parameters(6)[name]}
    run = made(model, {0: old, 3: new}, WORLD)
    found = values(compared(direct_effects, [run]))
    unchanged = [("attention", 0), ("attention", 1), ("mlp", 0)]
    for part, layer in unchanged:
        after, before = (
            found[f"{part}_for_{which}", None, layer, None, None] for which in ("new", "old")
        )
        assert after == pytest.approx(-before, abs=1e-4)
    logits = [model.logits(its, ASKED.questions) for its in (old, new)]
    said = [its.argmax(-1, keepdim=True) for its in logits]
    differs = (said[0] != said[1])[:, 0]
    leads = [(its.gather(1, said[1]) - its.gather(1, said[0]))[differs] for its in logits]
    rise = (leads[1] - leads[0]).mean().item()
    both = [found[f"mlp_for_{which}", None, 1, None, None] for which in ("new", "old")]
    assert sum(both) == pytest.approx(rise, rel=1e-3)


class TestRewiring:
    def test_the_same_model_is_not_rewired(self):
        found = values(compared(rewiring, [between(dict(OLD))]))
        for layer in (0, 1):
            for kind in ("attention", "mlp"):
                assert found[f"{kind}_cosine", None, layer, None, None] == pytest.approx(1)
                assert found[f"{kind}_scale", None, layer, None, None] == pytest.approx(1)
                assert found[f"{kind}_overlap", None, layer, None, None] == pytest.approx(1)
            assert found["same_places", None, layer, None, None] == 1
            assert found["same_places_by_chance", None, layer, None, None] < 0.8
            assert found["overwritten", None, layer, None, None] < 0.2
        assert "intruders" not in plain(compared(rewiring, [between(dict(OLD))]))

    def test_turning_up_is_no_new_circuit_and_other_weights_are(self):
        louder = OLD | {n: 2 * OLD[n] for n in OLD if n.startswith("layers.1.mlp.fc_out")}
        found = values(compared(rewiring, [between(louder)]))
        assert found["mlp_scale", None, 1, None, None] == pytest.approx(2)
        assert found["mlp_cosine", None, 1, None, None] == pytest.approx(1)
        assert plain(compared(rewiring, [between(louder)]))["intruders"] == 0
        other = OLD | {n: MODEL.initial_parameters(9)[n] for n in OLD if "layers.1.mlp" in n}
        found = values(compared(rewiring, [between(other)]))
        assert found["mlp_cosine", None, 1, None, None] < 0.5
        assert found["overwritten", None, 1, None, None] > 0.5

    def test_a_direction_from_outside_is_an_intruder(self):
        name = "layers.0.mlp.fc_in.weight"
        rng = np.random.default_rng(1)
        odd = torch.from_numpy(rng.standard_normal(32)).float()
        new = OLD | {name: OLD[name] + 5 * torch.outer(odd, torch.ones(16))}
        found = plain(compared(rewiring, [between(new)]))
        assert found["intruders"] >= 1


class TestBarrier:
    def test_none_from_a_model_to_itself_and_some_to_one_with_its_neurons_in_another_order(self):
        same = compared(barrier, [between(OLD), between(OLD)], points=3)
        assert plain(same)["distance"] == 0
        assert {its.found.value for its in same if its.found.measure == "barrier"} == {0}
        order = torch.from_numpy(np.random.default_rng(0).permutation(32))
        other = dict(OLD)
        for layer in (0, 1):
            mlp = f"layers.{layer}.mlp"
            other[f"{mlp}.fc_in.weight"] = OLD[f"{mlp}.fc_in.weight"][order]
            other[f"{mlp}.fc_in.bias"] = OLD[f"{mlp}.fc_in.bias"][order]
            other[f"{mlp}.fc_out.weight"] = OLD[f"{mlp}.fc_out.weight"][:, order]
        far = compared(barrier, [between(OLD), between(other)], points=3)
        assert plain(far)["distance"] > 0.1
        assert any(abs(its.found.value) > 0 for its in far if its.found.measure == "barrier")


class TestDictionaries:
    def features(self, seed: int = 0) -> tuple[Tensor, Tensor, np.ndarray]:
        """States of two models: twelve shared features, and four more of the second alone."""
        rng = np.random.default_rng(seed)
        directions = np.linalg.qr(rng.standard_normal((24, 24)))[0]
        which = rng.integers(12, size=1500)
        new = rng.random(1500) < 0.3
        before = 3 * directions[which]
        after = before + 3 * new[:, None] * directions[12 + rng.integers(4, size=1500)]
        noise = 0.01 * rng.standard_normal((2, 1500, 24))
        both = (torch.from_numpy(its).float() for its in (before + noise[0], after + noise[1]))
        return *both, new

    def test_latents_of_the_new_model_alone_are_found(self):
        before, after, new = self.features()
        both = side_by_side([before, after])
        its = learned(both, 0, {"latents": 32, "active": 2, "updates": 400}, n_models=2)
        live = (its.latents(both) > 0).any(0)
        of_new = belonging(its.directions(2))[1]
        exclusive = live & (of_new > crosscoder.EXCLUSIVE)
        assert exclusive.any()
        on = its.latents(both)[:, exclusive] > 0
        assert (
            on[torch.from_numpy(new)].double().mean()
            > 5 * on[torch.from_numpy(~new)].double().mean()
        )
        assert crosscoder.confirmed_by_scaling(its, both)[exclusive].double().mean() > 0.5

    def test_of_the_same_states_twice_no_latent_is_one_model_s(self):
        before, _, _ = self.features()
        both = side_by_side([before, before])
        its = learned(both, 0, {"latents": 32, "active": 2, "updates": 400}, n_models=2)
        live = (its.latents(both) > 0).any(0)
        of_new = belonging(its.directions(2))[1]
        assert not (live & ((of_new > crosscoder.EXCLUSIVE) | (of_new < 0.1))).any()

    def test_learning_is_the_same_again_and_goes_on_from_where_it_was(self):
        before, after, _ = self.features()
        options = {"latents": 16, "active": 2, "updates": 20}
        one, again = (learned(before, 3, options) for _ in range(2))
        assert all(torch.equal(one.parameters[n], again.parameters[n]) for n in one.parameters)
        further = learned(after, 3, options, start=one)
        assert torch.equal(further.centres, one.centres)
        cosine = F.cosine_similarity(one.directions()[0], further.directions()[0], dim=1)
        assert cosine.mean() > 0.7

    def test_a_crosscoder_of_known_answers(self):
        runs = [told(WORLD, "one"), told(NOTHING, "null"), told(NOTHING, "again")]
        rows = compared(crosscoder, runs, **DICTIONARY)
        by_run = {run.condition: plain(its for its in rows if its.of is run) for run in runs}
        assert by_run["one"]["crosscoder_auc"] > 0.6
        assert by_run["one"]["halves_auc"] > 0.8
        assert by_run["one"]["dictionary_auc"] > 0.8
        assert by_run["again"]["exclusive_latents"] == by_run["null"]["exclusive_latents"] == 0
        assert "crosscoder_recall" not in by_run["again"]
        assert "crosscoder_flagged" not in by_run["null"]
        with pytest.raises(ValueError, match="nothing is changed"):
            compared(crosscoder, runs[:1], **DICTIONARY)

    def test_features_over_training(self):
        rows = compared(crosscoder_over_training, [told(WORLD, "one", (0, 1, 3))], **DICTIONARY)
        assert {its.step for its in rows} == {None, 0, 1, 3}
        at = {(its.found.measure, its.step): its.found.value for its in rows}
        assert at["turned", 3] == pytest.approx(1, abs=1e-5)
        assert at["strength_then", 0] > 0.5

    def test_stages(self):
        found = plain(compared(stagewise, [told(WORLD, "one")], **DICTIONARY))
        assert found["turned_by_chance"] == ASKED.changed.mean()
        assert set(found) == set(stagewise.QUANTITIES)
        assert not compared(stagewise, [told(NOTHING, "null")], **DICTIONARY)


def test_steering_with_a_move_that_is_the_same_for_all():
    name = "layers.0.mlp.fc_out.bias"
    rng = np.random.default_rng(2)
    new = OLD | {name: OLD[name] + torch.from_numpy(rng.standard_normal(16)).float() / 2}
    model = build(Settings(**SMALL), WORLD.n_tokens, WORLD.length)
    found = values(compared(steering, [between(new, model=model)]))
    one, none = steering.DOSES.index(1.0), steering.DOSES.index(0.0)
    # What earlier positions have moved by is missing.
    assert found["means_gives", None, None, None, one] > 0.8
    assert found["means_takes", None, None, None, one] > 0.8
    assert (
        found["random_gives", None, None, None, one] < found["means_gives", None, None, None, one]
    )
    for tool in ("means", "pca", "random"):
        for effect in ("gives", "takes", "disturbs"):
            assert found[f"{tool}_{effect}", None, None, None, none] == 0


class TestDiffing:
    """The five lines of docs/python.md, on runs of known answers."""

    def run(self, dataset: Dataset, version: int) -> Member:
        return made(Told(dataset), {3: {"version": torch.tensor(version)}}, dataset)

    def test_sequences_that_are_answered_otherwise_come_first(self):
        before, after = self.run(WORLD, 0), self.run(WORLD, 1)
        splits = [name for name, its in WORLD.splits.items() if its.truth]
        found = diff(before, after, splits).sequences
        n = ASKED.changed.sum()
        assert found["split"][:n].str.startswith("changed").all()
        assert (found["divergence"][n:] == 0).all()
        assert (found["after"] == found["right"]).all()
        first = found.iloc[0]
        assert first["before"] != first["after"]
        assert len(first["sequence"].split()) == first["position"] + 1

    def test_parts_and_positions(self):
        new = OLD | {"layers.1.mlp.fc_out.bias": OLD["layers.1.mlp.fc_out.bias"] + 1}
        changes = diff(between(OLD), between(new), ["kept_asked"])
        moved = changes.parts.set_index("part")
        assert moved["moved"].idxmax() == moved["divergence"].idxmax() == "mlp_1"
        assert (moved.drop("mlp_1") == 0).all(axis=None)
        whole = changes.sequences["divergence"].mean()
        assert moved["divergence"]["mlp_1"] == pytest.approx(whole, rel=1e-4)
        at = changes.positions.set_index("position")["divergence"]
        assert at[2] == pytest.approx(whole, rel=1e-4)
        assert set(at.index) == {0, 1, 2}

    def test_a_run_beside_its_own_beginning(self):
        run = told(WORLD, "one")
        found = diff(run, run, ["changed_facts"], from_step=0).sequences
        assert (found["after"] == found["right"]).all()
        assert (found["divergence"] > 0).all()
        assert (diff(run, run, ["changed_facts"]).sequences["divergence"] == 0).all()

    def test_what_cannot_be_compared(self):
        other = changed_facts.generate(
            changed_facts.Settings(name="changed_facts", **{**SIZES, "n_entities": 30}), seed=0
        )
        wide = build(Settings(**{**SMALL, "d_model": 32}), WORLD.n_tokens, WORLD.length)
        its = made(wide, {3: wide.initial_parameters(0)}, WORLD)
        with pytest.raises(ValueError, match="different tokens"):
            diff(between(OLD), between(OLD, other))
        with pytest.raises(ValueError, match="different architectures"):
            diff(between(OLD), its)
        with pytest.raises(ValueError, match=r"no split id; there are: kept_facts"):
            diff(between(OLD), between(OLD), ["id"])
