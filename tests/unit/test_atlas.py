"""The head atlas: heads whose kind and use are known, and any model that TransformerLens opens."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from transformer_lens.model_bridge import TransformerBridge

from onset import models, tasks
from onset.collections.atlas import ablation, look, scores
from onset.collections.atlas.kinds import kinds_of
from onset.collections.atlas.names import BY_CONTENT, BY_PLACE
from onset.collections.atlas.shown_tokens import LONGEST, probe
from onset.measures.heads import head_scores
from onset.models import inspection
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.tasks import composition
from tests import checkpoints
from tests.texts import checkpoint_for
from tests.worlds import settings_of

N_TOKENS, LENGTH = 40, 16
WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.7), seed=0
)
GIVEN = ({"layer": 0, "head": 1, "looks_at": "previous_token"},
         {"layer": 1, "head": 0, "looks_at": "after_duplicate"})  # fmt: skip


def model(n_tokens: int = N_TOKENS, length: int = LENGTH, **changes) -> Transformer:
    settings = {"n_layers": 2, "d_model": 16, "n_heads": 2, "d_mlp": 16, **changes}
    return Transformer(Settings(name="transformer", **settings), n_tokens, length)


def values(measurements) -> dict[str, dict[tuple, float]]:
    """By measure, then by split, layer and head."""
    found = defaultdict(dict)
    for m in measurements:
        assert (m.split, m.layer, m.head) not in found[m.measure]
        found[m.measure][m.split, m.layer, m.head] = m.value
    return found


def heads_of(its, parameters, ablate=True, world=WORLD):
    with torch.inference_mode():
        return values(look.heads_of(its, parameters, world, 0, ablate))


class TestProbe:
    @pytest.mark.parametrize("length", [4, 5, 6, 48])
    def test_what_came_after_a_duplicate_is_never_the_token_before(self, length):
        repeated, fresh = probe(99, length)
        assert repeated.shape == fresh.shape == (64, length)
        for tokens in repeated:
            period = np.flatnonzero(tokens[1:] == tokens[0])[0] + 1
            assert max(3, length // 4) <= period <= max(3, math.ceil(length / 2))
            assert (tokens[period:] == tokens[:-period]).all()
        assert all(len(set(tokens)) == length for tokens in fresh.tolist())

    def test_three_tokens_end_as_they_began_and_two_do_not_repeat(self):
        three, two = probe(9, 3).repeated, probe(9, 2).repeated
        assert (three[:, 2] == three[:, 0]).all()
        assert (two[:, 1] != two[:, 0]).all()

    def test_it_is_no_longer_than_the_vocabulary_and_than_a_probe_should_be(self):
        assert probe(7, 48).fresh.shape[1] == 7
        assert probe(999, 999).fresh.shape[1] == LONGEST


class TestScores:
    def of(self, its: Transformer, parameters=None) -> dict[str, dict[tuple, float]]:
        bridge = open_bridge(its, parameters or its.initial_parameters(0))
        with torch.inference_mode():
            return values(scores.scores(bridge))

    def test_heads_that_look_where_they_are_told_are_of_that_kind(self):
        found = self.of(model(given_attention=GIVEN))
        assert found["previous_token_score"][None, 0, 1] == pytest.approx(1)
        assert found["induction_score"][None, 1, 0] == pytest.approx(1)
        assert found["induction_chance"][None, 1, 0] < 0.2
        table = pd.DataFrame({m: pd.Series(of) for m, of in found.items()})
        for kind in BY_PLACE:
            table[f"own_{kind}_score"] = table[f"own_{kind}_chance"] = np.nan
        kinds = kinds_of(table)
        assert (kinds[None, 0, 1], kinds[None, 1, 0]) == ("previous_token", "induction")

    def test_a_head_that_goes_by_place_is_not_taken_for_one_that_goes_by_content(self):
        """With three tokens the duplicate is always the first: whoever looks there has a high score."""
        its = model(length=3, n_layers=1)
        parameters = its.initial_parameters(0)
        layer = "layers.0.attn"
        parameters["pos.weight"] = 50 * F.one_hot(torch.tensor([0, 1, 1]), 16).float()
        parameters[f"{layer}.q.weight"] = torch.zeros(16, 16)
        parameters[f"{layer}.q.bias"] = torch.ones(16)
        parameters[f"{layer}.k.weight"] = torch.zeros(16, 16)
        parameters[f"{layer}.k.weight"][:, 0] = 20.0
        found = self.of(its, parameters)
        assert found["duplicate_token_score"][None, 0, 0] > 0.99
        assert found["duplicate_token_chance"][None, 0, 0] > 0.99
        assert found["first_token_score"][None, 0, 0] > 0.99

    def test_even_attention_is_chance(self):
        its = model()
        parameters = its.initial_parameters(0)
        for layer in (0, 1):
            for name in ("weight", "bias"):
                parameters[f"layers.{layer}.attn.q.{name}"].zero_()
        found = self.of(its, parameters)
        for kind in (*BY_PLACE, *BY_CONTENT):
            assert found[f"{kind}_score"] == pytest.approx(found[f"{kind}_chance"], abs=1e-6)
        entropy = np.mean([math.log(n) for n in range(2, LENGTH + 1)])
        assert found["attention_entropy"][None, 0, 0] == pytest.approx(entropy, rel=1e-5)

    @pytest.mark.parametrize(
        ("length", "missing"),
        [
            (2, {"first_token", "duplicate_token", "induction"}),
            (3, {"induction"}),
            (4, set()),
        ],
    )
    def test_what_is_too_short_for_a_score_has_none(self, length, missing):
        found = self.of(model(length=length))
        for kind in (*BY_PLACE, *BY_CONTENT):
            assert math.isnan(found[f"{kind}_score"][None, 0, 0]) == (kind in missing)

    def test_copying_is_that_of_the_measure(self):
        for changes in ({}, {"norm": "none"}, {"tied_embeddings": False, "n_loops": 2}):
            its = model(**changes)
            parameters = its.initial_parameters(1)
            expected = head_scores.copying(its, parameters)
            found = scores.copying(open_bridge(its, parameters))
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


class TestAblation:
    def test_without_a_head_that_writes_nothing_nothing_changes(self):
        its = model(WORLD.n_tokens, WORLD.length)
        parameters = its.initial_parameters(0)
        parameters["layers.1.attn.o.weight"][:, :8] = 0  # of head 0
        found = heads_of(its, parameters)
        for split in found["loss"]:
            loss = found["loss"][split]
            assert found["loss_without"][split[0], 1, 0] == pytest.approx(loss, abs=1e-6)
            assert found["loss_without"][split[0], 1, 1] != pytest.approx(loss, abs=1e-6)

    def test_a_head_is_replaced_by_its_mean_over_the_questions_of_its_split(self):
        its = model()
        bridge = open_bridge(its, its.initial_parameters(0))
        tokens = torch.randint(N_TOKENS, (10, 6), generator=torch.Generator().manual_seed(0))
        split = torch.tensor([0] * 4 + [1] * 6)
        asked = ablation.Asked(tokens, tokens[:, [2, 5]], (2, 5), split)
        with torch.inference_mode():
            found = [said.loss for said in ablation.without_each(bridge, asked)]
            for rows in (slice(0, 4), slice(4, 10)):

                def replaced(z, hook):
                    z = z.clone()
                    z[:, :, 1] = z[:, :, 1].mean(0)
                    return z

                hooks = [("blocks.0.attn.hook_z", replaced)]
                logits = bridge.run_with_hooks(tokens[rows], fwd_hooks=hooks)[:, [2, 5]]
                loss = F.cross_entropy(logits.mT, asked.targets[rows], reduction="none").mean(1)
                assert found[0][1, rows].tolist() == pytest.approx(loss.tolist(), rel=1e-5)

    def test_heads_by_heads_is_as_all_at_once(self, monkeypatch):
        its = model(WORLD.n_tokens, WORLD.length)
        parameters = its.initial_parameters(0)
        at_once = heads_of(its, parameters)["loss_without"]
        monkeypatch.setattr(ablation, "_MOST_LOGITS", 1)
        assert heads_of(its, parameters)["loss_without"] == pytest.approx(at_once, rel=1e-5)


class TestRun:
    @pytest.mark.parametrize(
        "changes",
        [
            {"n_layers": 1, "n_loops": 2, "readout": "per_hop"},
            {"smeared_keys": True},
            {"given_attention": GIVEN},
        ],
    )
    def test_what_is_said_with_all_heads_is_what_the_model_says(self, changes, monkeypatch):
        monkeypatch.setattr(look, "MOST_QUESTIONS", 10_000)
        its = model(WORLD.n_tokens, WORLD.length, **changes)
        parameters = its.initial_parameters(0)
        found = heads_of(its, parameters)
        for name, split in WORLD.splits.items():
            if name.endswith("_validation"):
                assert (name, None, None) not in found["loss"]
                continue
            tokens = torch.from_numpy(split.tokens)
            logits = its.logits_of_sequences(parameters, tokens, split.scored, split.hops)
            loss = F.cross_entropy(logits, torch.from_numpy(split.targets).flatten())
            assert found["loss"][name, None, None] == pytest.approx(loss.item(), rel=1e-5)

    def test_a_question_read_out_early_has_no_rows_for_later_heads(self):
        its = model(WORLD.n_tokens, WORLD.length, n_layers=1, n_loops=2, readout="per_hop")
        found = heads_of(its, its.initial_parameters(0))
        layers = {(split, layer) for split, layer, _ in found["loss_without"]}
        assert ("oo", 1) in layers
        assert ("atomic", 0) in layers
        assert ("atomic", 1) not in layers
        assert {layer for _, layer, _ in found["copying_score"]} == {0, 1}

    def test_own_scores_are_of_the_positions_that_answer(self):
        its = model(WORLD.n_tokens, WORLD.length, given_attention=(GIVEN[0],))
        found = heads_of(its, its.initial_parameters(0), ablate=False)
        assert found["own_previous_token_score"]["oo", 0, 1] == pytest.approx(1)
        assert found["own_current_token_score"]["oo", 0, 1] == pytest.approx(0)
        assert found["own_first_token_chance"]["oo", 0, 0] == pytest.approx(1 / 3)
        assert "loss_without" not in found


@pytest.fixture(scope="module", params=checkpoints.KINDS)
def folder(request, tmp_path_factory):
    return checkpoints.save(request.param, tmp_path_factory.mktemp(request.param) / "checkpoint")


class TestPretrained:
    """The same code on models that others made."""

    def test_a_bridge_is_all_that_is_needed(self, folder):
        bridge = TransformerBridge.boot_transformers(str(folder), device="cpu").eval()
        with torch.inference_mode():
            found = values(scores.scores(bridge))
        assert all(len(of) == 4 for of in found.values())
        assert not any(math.isnan(value) for of in found.values() for value in of.values())
        assert 0 < found["induction_score"][None, 1, 1] < 1

    def test_it_is_asked_its_own_task_in_its_own_vocabulary(self, folder):
        given = {"name": "pretrained", "checkpoint": str(folder), "first_token": 5}
        its = models.build(given, WORLD.n_tokens, WORLD.length)
        parameters = its.initial_parameters(0)
        found = heads_of(its, parameters)
        split = WORLD.splits["oo"]
        assert len(split) <= look.MOST_QUESTIONS
        logits = inspection.open_bridge(its, parameters)(torch.from_numpy(split.tokens + 5))[:, -1]
        loss = F.cross_entropy(logits, torch.from_numpy(split.targets[:, 0] + 5))
        assert found["loss"]["oo", None, None] == pytest.approx(loss.item(), rel=1e-4)
        assert len(found["loss_without"]) == 4 * len(found["loss"])

    def test_heads_of_a_large_model_are_not_taken_out_one_by_one(self, folder, monkeypatch):
        monkeypatch.setattr(look, "_MOST_ABLATED", 3)
        given = {"name": "pretrained", "checkpoint": str(folder), "first_token": 5}
        its = models.build(given, WORLD.n_tokens, WORLD.length)
        found = heads_of(its, its.initial_parameters(0))
        assert "loss_without" not in found
        assert len(found["induction_score"]) == 4

    def test_of_texts_those_of_the_commonest_length_are_asked(self, tmp_path):
        folder = checkpoint_for("ioi", "llama", tmp_path / "own")
        given = {"name": "pretrained", "checkpoint": str(folder)}
        world = tasks.load("ioi").generate(settings_of("ioi"), 0, models.open_tokenizer(given))
        its = models.build(given, *world.sizes)
        found = heads_of(its, its.initial_parameters(0), world=world)
        assert {split for split, *_ in found["loss"]} == {"ioi", "three_names"}
        split = look._of_one_shape(world.splits["ioi"])
        (place,) = split.scored
        assert (world.splits["ioi"].positions == place).sum() == len(split)
        logits = inspection.open_bridge(its, its.initial_parameters(0))
        said = logits(torch.from_numpy(split.tokens))[:, place]
        loss = F.cross_entropy(said, torch.from_numpy(split.targets[:, 0])).item()
        assert found["loss"]["ioi", None, None] == pytest.approx(loss, rel=1e-4)
