"""A transformer taken apart answers as it does whole, and its edges carry what they are said to."""

from __future__ import annotations

import pytest
import torch

from onset.models.batch import Questions
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from onset.models.transformer.wiring import Edge, Wiring, part_of

N_TOKENS, LENGTH, SCORED = 7, 6, (3, 5)
MODELS = {
    "one layer": {},
    "two layers": {"n_layers": 2},
    "no norms": {"n_layers": 2, "norm": "none", "tied_embeddings": False},
    "attention only": {"n_layers": 2, "d_mlp": 0},
    "no positions": {"n_layers": 2, "positions": "none"},
    "looped": {"n_loops": 3},
    "read out early": {"n_loops": 3, "readout": "per_hop"},
    "smeared": {"n_layers": 2, "smeared_keys": True},
    "given": {
        "n_layers": 2,
        "given_attention": [{"layer": 1, "head": 0, "looks_at": "previous_token"}],
    },
}


def made(changes: dict, seed: int = 0) -> tuple[Transformer, dict[str, torch.Tensor]]:
    settings = {"name": "transformer", "d_model": 12, "n_heads": 2, "d_mlp": 16, **changes}
    model = build(Settings.model_validate(settings), N_TOKENS, LENGTH)
    drawing = torch.Generator().manual_seed(seed)
    # Biases and norms as well, so that none can be forgotten.
    parameters = {
        name: its + 0.1 * torch.randn(its.shape, generator=drawing)
        for name, its in model.initial_parameters(seed).items()
    }
    return model, parameters


def tokens(seed: int) -> torch.Tensor:
    drawing = torch.Generator().manual_seed(seed)
    return torch.randint(N_TOKENS, (5, LENGTH), generator=drawing)


def answers(model: Transformer, parameters: dict, asked: torch.Tensor) -> torch.Tensor:
    return model.logits(parameters, [Questions(asked.numpy(), SCORED)]).view(5, len(SCORED), -1)


@pytest.mark.parametrize("changes", MODELS.values(), ids=MODELS)
def test_taken_apart_it_answers_the_same(changes):
    model, parameters = made(changes)
    its = Wiring.of(model, parameters)
    asked = tokens(1)
    expected = answers(model, parameters, asked)
    assert torch.allclose(its.run(asked, SCORED).logits[0], expected, atol=1e-5)
    kept = torch.ones(2, len(its.edges))
    other = its.run(tokens(2), SCORED).written[:, 0]
    for logits in its.run(asked, SCORED, kept, other).logits:
        assert torch.allclose(logits, expected, atol=1e-5)


@pytest.mark.parametrize("changes", MODELS.values(), ids=MODELS)
def test_with_all_edges_patched_it_answers_the_other_question(changes):
    model, parameters = made(changes)
    if model.settings.given_attention:
        pytest.skip("given patterns are those of the tokens, and cross no edge")
    its = Wiring.of(model, parameters)
    other = its.run(tokens(2), SCORED).written[:, 0]
    patched = its.run(tokens(1), SCORED, torch.zeros(1, len(its.edges)), other)
    expected = answers(model, parameters, tokens(2))
    assert torch.allclose(patched.logits[0], expected, atol=1e-5)
    # The other question's edges to the logits are enough.
    kept = torch.tensor([[float(edge.reader != "logits") for edge in its.edges]])
    patched = its.run(tokens(1), SCORED, kept, other)
    assert torch.allclose(patched.logits[0], expected, atol=1e-5)


@pytest.mark.parametrize("changes", MODELS.values(), ids=MODELS)
def test_what_is_known_need_not_be_computed(changes):
    """Edges of the last layer and of the logits are patched; what comes before is taken as it was."""
    its = Wiring.of(*made(changes))
    asked = tokens(1)
    own, other = (its.run(tokens(seed), SCORED).written[:, 0] for seed in (1, 2))
    begin = next(i for i, r in enumerate(its.readings) if r.layer == its.readings[-2].layer)
    kept = torch.ones(2, len(its.edges))
    kept[0, its.readings[-1].edges[0]] = kept[1, its.readings[begin].edges[-1]] = 0
    whole = its.run(asked, SCORED, kept, other)
    part = its.run(asked, SCORED, kept, other, own, begin)
    assert torch.allclose(part.logits, whole.logits, atol=1e-6)
    assert torch.allclose(part.written, whole.written, atol=1e-6)
    assert len(part.read) == len(its.readings) - begin


def test_parts_and_edges():
    model, parameters = made({"n_layers": 2})
    its = Wiring.of(model, parameters)
    assert its.writers == (
        *("tokens", "positions", "head 0.0", "head 0.1", "mlp 0"),
        *("head 1.0", "head 1.1", "mlp 1"),
    )
    # Two heads with three inputs each read 2 parts, then 5; MLPs 4 and 7; the logits 8.
    assert len(its.edges) == len(set(its.edges)) == 6 * 2 + 4 + 6 * 5 + 7 + 8
    assert Edge("mlp 0", "head 1.1 key") in its.edges
    assert Edge("head 0.0", "head 0.1 query") not in its.edges
    assert Edge("head 1.0", "mlp 1") in its.edges
    assert {edge.part for edge in its.edges} == {*its.writers[2:], "logits"}
    assert part_of("mlp 1") == "mlp 1"


def test_each_edge_carries_what_its_writer_writes():
    """To the logits: without the norm, cutting an edge takes away what the part writes there."""
    model, parameters = made(MODELS["no norms"])
    its = Wiring.of(model, parameters)
    asked = tokens(1)
    run = its.run(asked, SCORED)
    nothing = torch.zeros_like(run.written[:, 0])
    for i, writer in enumerate(its.writers):
        kept = torch.tensor([[float(edge != (writer, "logits")) for edge in its.edges]])
        cut = its.run(asked, SCORED, kept, nothing)
        lost = run.written[i, 0][:, list(SCORED)] @ parameters["head.weight"].T
        assert torch.allclose(run.logits - cut.logits, lost[None], atol=1e-5), writer


def test_queries_keys_and_values_are_read_apart():
    """A head whose value alone comes from elsewhere still looks where it looked."""
    model, parameters = made({"norm": "none", "d_mlp": 0, "tied_embeddings": False})
    its = Wiring.of(model, parameters)
    asked, others = tokens(1), tokens(2)
    other = its.run(others, SCORED).written[:, 0]
    kept = torch.tensor([[float(edge.reader != "head 0.1 value") for edge in its.edges]])
    written = its.run(asked, SCORED, kept, other).written[its.writers.index("head 0.1"), 0]
    pattern = model.attention(parameters, asked)[0, :, 1]
    state = model.residual_stream(parameters, others)[0]
    rows = slice(6, 12)
    values = (
        state @ parameters["layers.0.attn.v.weight"][rows].T
        + parameters["layers.0.attn.v.bias"][rows]
    )
    expected = pattern @ values @ parameters["layers.0.attn.o.weight"][:, rows].T
    assert torch.allclose(written, expected, atol=1e-5)


def test_gradients_pass_even_where_nothing_is_to_be_learnt():
    model, parameters = made({"n_layers": 2})
    with torch.inference_mode():
        inference = {name: its.clone() for name, its in parameters.items()}
        its = Wiring.of(model, inference)
        with torch.inference_mode(False), torch.enable_grad():
            asked = tokens(1)
            other = its.run(tokens(2), SCORED).written[:, 0].detach()
            kept = torch.ones(1, len(its.edges), requires_grad=True)
            its.run(asked, SCORED, kept, other).logits.sum().backward()
    assert kept.grad.abs().sum() > 0
