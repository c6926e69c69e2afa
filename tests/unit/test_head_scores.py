"""Heads built by hand, whose attention and copying are known, and TransformerLens's word for the rest."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from onset.measures.answers import loss_by_position
from onset.measures.heads import head_composition, head_scores
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.tasks import induction

TASK = induction.Settings(
    name="induction", n_symbols=12, length=16, segment=(4, 7), n_train=8, n_test=32
)
WORLD = induction.generate(TASK, seed=0)
TOKENS = torch.from_numpy(WORLD.splits["test"].tokens)

GIVEN = ({"layer": 0, "head": 1, "looks_at": "previous_token"},
         {"layer": 1, "head": 0, "looks_at": "after_duplicate"})  # fmt: skip


def model(**changes) -> Transformer:
    settings = {"n_layers": 2, "d_model": 16, "n_heads": 2, "d_mlp": 0, **changes}
    return Transformer(Settings(name="transformer", **settings), TASK.n_tokens, TASK.length)


def values(measure, its: Transformer, parameters) -> dict[tuple, float]:
    with torch.inference_mode():
        rows = list(measure(its, parameters, WORLD))
    return {(m.measure, m.split, m.layer, m.head, m.position, m.component): m.value for m in rows}


class TestAttention:
    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"norm": "none"},
            {"n_layers": 1, "n_loops": 2},
            {"n_layers": 1, "n_loops": 2, "smeared_keys": True},
            {"smeared_keys": True, "given_attention": GIVEN},
        ],
    )
    def test_it_is_the_librarys(self, changes):
        """What the library lacks is added by hooks."""
        its = model(**changes)
        parameters = its.initial_parameters(0)
        for name in parameters:
            if name.endswith("smear.bias"):
                parameters[name] = torch.tensor([1.0, -2.0])
        with torch.inference_mode():
            _, cache = open_bridge(its, parameters).run_with_cache(TOKENS)
            for i, pattern in enumerate(its.attention(parameters, TOKENS)):
                torch.testing.assert_close(pattern, cache[f"blocks.{i}.attn.hook_pattern"])
            states = its.residual_stream(parameters, TOKENS)[-1]
            torch.testing.assert_close(cache[f"blocks.{i}.hook_resid_post"], states)

    def test_hooks_that_stay_outlast_a_reset(self):
        its = model(given_attention=GIVEN)
        bridge = open_bridge(its, its.initial_parameters(0))
        before = bridge(TOKENS)
        bridge.reset_hooks()
        torch.testing.assert_close(bridge(TOKENS), before)

    def test_smeared_keys_are_shares_of_two(self):
        """With a share of nearly 1 the keys are as they were, of nearly 0 those of the token before."""
        plain, smeared = model(n_layers=1), model(n_layers=1, smeared_keys=True)
        parameters = plain.initial_parameters(0)
        smear = {"layers.0.attn.smear.bias": torch.tensor([30.0, -30.0])}
        found = smeared.attention({**parameters, **smear}, TOKENS)[0]
        expected = plain.attention(parameters, TOKENS)[0]
        torch.testing.assert_close(found[:, 0], expected[:, 0])
        # Weights of head 1 move one place to the right, but for the first key, which has none before it.
        q, k = 10, 5
        ratio = found[:, 1, q, k + 1] / found[:, 1, q, k]
        torch.testing.assert_close(ratio, expected[:, 1, q, k] / expected[:, 1, q, k - 1])

    def test_smeared_keys_can_be_trained(self):
        its = model(n_layers=1, smeared_keys=True)
        parameters = {n: p.requires_grad_() for n, p in its.initial_parameters(0).items()}
        assert parameters["layers.0.attn.smear.bias"].tolist() == [0, 0]
        logits = its.logits_of_sequences(parameters, TOKENS, tuple(range(15)), 1)
        F.cross_entropy(logits, TOKENS[:, 1:].ravel()).backward()
        assert parameters["layers.0.attn.smear.bias"].grad.abs().min() > 0


class TestGivenAttention:
    def test_heads_look_where_they_are_told_and_the_others_where_they_like(self):
        free, told = model(), model(given_attention=GIVEN)
        parameters = free.initial_parameters(0)
        own, found = free.attention(parameters, TOKENS), told.attention(parameters, TOKENS)
        torch.testing.assert_close(found[0, :, 0], own[0, :, 0])
        torch.testing.assert_close(found.sum(-1), torch.ones(found.shape[:-1]))
        places = head_scores.wanted(TOKENS.numpy())
        assert head_scores.seen(found, places["previous_token"])[0, 1] == pytest.approx(1)
        assert head_scores.seen(found, places["induction"])[1, 0] == pytest.approx(1)

    def test_what_they_write_is_what_they_see(self):
        """Each position gets what the one before has to say."""
        told = model(n_layers=1, n_heads=1, given_attention=({**GIVEN[0], "head": 0},))
        parameters = told.initial_parameters(0)
        states = told.residual_stream(parameters, TOKENS)
        normed = F.layer_norm(states[0], (16,))
        value = F.linear(
            normed, parameters["layers.0.attn.v.weight"], parameters["layers.0.attn.v.bias"]
        )
        before = torch.cat([value[:, :1], value[:, :-1]], 1)
        written = F.linear(
            before, parameters["layers.0.attn.o.weight"], parameters["layers.0.attn.o.bias"]
        )
        torch.testing.assert_close(states[1], states[0] + written)

    def test_at_some_positions_as_at_all(self):
        told = model(given_attention=GIVEN)
        parameters = told.initial_parameters(0)
        every = told.logits_of_sequences(parameters, TOKENS, tuple(range(16)), 1).unflatten(
            0, (-1, 16)
        )
        some = told.logits_of_sequences(parameters, TOKENS, (3, 9), 1).unflatten(0, (-1, 2))
        torch.testing.assert_close(some, every[:, [3, 9]])

    def test_a_head_that_is_not_there_is_refused(self):
        with pytest.raises(ValueError, match="no head 5 in layer 0"):
            model(given_attention=({**GIVEN[0], "head": 5},))


class TestSeen:
    def attention(self, looks_at) -> torch.Tensor:
        """All of it at one place: by sequence and position."""
        n = TASK.length
        rows = [[looks_at(tokens, q) for q in range(n)] for tokens in TOKENS.numpy()]
        return F.one_hot(torch.tensor(rows), n).float()[None, :, None]

    @pytest.mark.parametrize(
        ("kind", "looks_at"),
        [
            ("previous_token", lambda tokens, q: max(q - 1, 0)),
            ("duplicate_token", lambda tokens, q: np.flatnonzero(tokens[: q + 1] == tokens[q])[0]),
            (
                "induction",
                lambda tokens, q: min(np.flatnonzero(tokens[: q + 1] == tokens[q])[0] + 1, q),
            ),
        ],
    )
    def test_a_perfect_head_of_a_kind_has_one(self, kind, looks_at):
        places = head_scores.wanted(TOKENS.numpy())
        attention = self.attention(looks_at)
        scores = {name: head_scores.seen(attention, its).item() for name, its in places.items()}
        assert scores.pop(kind) == pytest.approx(1)
        assert max(scores.values()) < 0.5

    def test_entropy_of_even_and_of_single_attention(self):
        even = torch.full((1, 2, 1, 8, 8), 1 / 8)
        assert head_scores.entropy(even).item() == pytest.approx(math.log(8))
        single = F.one_hot(torch.zeros(1, 2, 1, 8, dtype=torch.long), 8).float()
        assert head_scores.entropy(single).item() == 0


class TestCopying:
    def test_eigenvalues_are_those_of_the_whole_circuit(self):
        its = model()
        parameters = its.initial_parameters(3)
        embedding = parameters["tok_embed.weight"]
        found = head_scores.copying(its, parameters)
        for layer in range(2):
            value, output = head_scores.value_and_output(its, parameters, layer)
            for head in range(2):
                whole = embedding @ value[head] @ output[head] @ embedding.T
                eigenvalues = torch.linalg.eigvals(whole)
                expected = eigenvalues.sum().real / eigenvalues.abs().sum()
                torch.testing.assert_close(found[layer, head].float(), expected, atol=1e-4, rtol=0)

    def test_a_head_that_writes_what_it_reads_copies(self):
        its = model(n_layers=1, n_heads=1)
        parameters = its.initial_parameters(0)
        for sign in (1, -1):
            parameters["layers.0.attn.v.weight"] = torch.eye(16)
            parameters["layers.0.attn.o.weight"] = sign * torch.eye(16)
            assert head_scores.copying(its, parameters).item() == pytest.approx(sign, abs=1e-6)


def test_composition_is_the_librarys():
    its = model(norm="none")
    parameters = its.initial_parameters(0)
    bridge = open_bridge(its, parameters)
    found = values(head_composition.measure, its, parameters)
    for mode in "QKV":
        expected = bridge.all_composition_scores(mode).scores
        for writer in range(2):
            for reader in range(2):
                key = (f"{mode.lower()}_composition", None, 1, reader, None, writer)
                assert found[key] == pytest.approx(expected[0, writer, 1, reader].item(), rel=1e-4)


def test_scores_are_told_by_layer_and_head():
    its = model()
    found = values(head_scores.measure, its, its.initial_parameters(0))
    of_heads = [key for key in found if key[3] is not None]
    assert len(of_heads) == len({key[0] for key in of_heads}) * 4
    assert {key[2:4] for key in of_heads} == {(layer, head) for layer in (0, 1) for head in (0, 1)}


def test_of_a_whole_model_the_strongest_heads_are_told():
    its = model()
    found = values(head_scores.measure, its, its.initial_parameters(0))
    whole = {key[0]: value for key, value in found.items() if key[3] is None}
    by_head = {
        kind: {
            key[2:4]: value
            for key, value in found.items()
            if key[0] == f"{kind}_score" and key[3] is not None
        }
        for kind in ("previous_token", "induction")
    }
    for kind, scores in by_head.items():
        assert whole[f"strongest_{kind}_score"] == max(scores.values())
    layers = [max(scores, key=scores.get)[0] for scores in by_head.values()]
    assert whole["previous_token_below"] == (layers[0] < layers[1])
    assert whole["clear_induction_heads"] == np.mean(
        [its > 0.5 for its in by_head["induction"].values()]
    )


class Knowing:
    """A model that is sure of what has come before, and of nothing else."""

    constants = decaying = frozenset()

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        found = []
        for group in questions:
            for tokens in group.tokens:
                for position in group.scored:
                    before = np.flatnonzero(tokens[:position] == tokens[position])
                    row = torch.zeros(TASK.n_tokens)
                    if len(before):
                        row[tokens[before[-1] + 1]] = 30.0
                    found.append(row)
        return torch.stack(found)


def test_losses_by_position_fall_where_something_has_come_before():
    found = values(loss_by_position.measure, Knowing(), {})
    assert found["position_loss", "test", None, None, 0, None] == pytest.approx(
        math.log(12), rel=1e-5
    )
    for position in WORLD.splits["repeats"].scored:
        assert found["position_loss", "repeats", None, None, position, None] < 1e-3
    assert found["in_context_score", "test", None, None, None, None] == pytest.approx(
        -math.log(12), rel=0.01
    )
    assert not any("validation" in (key[1] or "") for key in found)
