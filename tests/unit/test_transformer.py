"""The training forward against TransformerLens: values, gradients, names, residual streams."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.func import functional_call
from torch.testing import assert_close
from transformer_lens.tools.analysis.logit_lens import logit_lens

from onset.models.batch import Batch, Questions
from onset.models.transformer import folded, mixed_mlp
from onset.models.transformer import model as model_module
from onset.models.transformer.activations import solu
from onset.models.transformer.bridge import native_model, native_state_dict, open_bridge
from onset.models.transformer.gpt2 import open_as_gpt2
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.planning import problems
from onset.models.transformer.prefix_tree import PrefixTree
from onset.models.transformer.settings import Settings
from onset.training.losses import loss_on

N_TOKENS, LENGTH, D_MODEL = 11, 6, 16

STACKS = [  # distinct blocks, how often the stack is applied, where it is read out
    (1, 1, "last"),
    (2, 1, "last"),
    (2, 1, "per_hop"),
    (1, 2, "last"),
    (1, 2, "per_hop"),
    (1, 3, "per_hop"),
    (2, 2, "last"),
    (2, 2, "per_loop"),
]
BLOCKS = {
    "MLP": {},
    "one head": {"n_heads": 1},
    "GELU": {"activation": "gelu"},
    "SiLU": {"activation": "silu", "n_heads": 2},
    "SoLU": {"activation": "solu_ln"},
    "SoLU, no other norm": {"activation": "solu_ln", "norm": "none"},
    "attention only": {"d_mlp": 0},
    "no norm": {"norm": "none"},
    "attention only, no norm": {"d_mlp": 0, "norm": "none"},
}


def settings(**changes) -> Settings:
    given = {"name": "transformer", "d_model": D_MODEL, "n_heads": 4, "d_mlp": 24}
    return Settings(**{**given, **changes})


def stacked(stack: tuple[int, int, str], **changes) -> Transformer:
    n_layers, n_loops, readout = stack
    chosen = settings(n_layers=n_layers, n_loops=n_loops, readout=readout, **changes)
    return build(chosen, N_TOKENS, LENGTH)


def drawn(
    model: Transformer, seed: int = 0, dtype: torch.dtype = torch.float64
) -> dict[str, Tensor]:
    """Random parameters: where all biases are zero and all norms the identity, a mistake could hide."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(shape, generator=generator, dtype=dtype) / math.sqrt(D_MODEL)
        for name, shape in model.shapes().items()
    }


def questions(n: int, length: int, scored: tuple[int, ...], hops: int) -> Questions:
    """Random sequences, each of them twice."""
    tokens = np.random.default_rng(length).integers(N_TOKENS, size=(n, length))
    return Questions(np.concatenate([tokens, tokens[::-1]]), scored, hops)


SHORT = [questions(9, 2, (1,), hops=1), questions(12, 3, (2,), hops=2)]
LONG = [
    questions(5, 6, (1, 4, 5), hops=2),
    questions(4, 5, (0, 3), hops=1),
    questions(6, 2, (1,), 2),
]

# Tied embeddings and positions, each with short and with long sequences.
ENDS = [
    ((True, "learned"), SHORT),
    ((True, "none"), LONG),
    ((False, "learned"), LONG),
    ((False, "none"), SHORT),
]


def batch_of(groups: list[Questions]) -> Batch:
    rng = np.random.default_rng(0)
    return Batch.of(
        (g, rng.integers(N_TOKENS, size=(len(g.tokens), len(g.scored)))) for g in groups
    )


def by_the_library(
    model: Transformer, parameters: dict[str, Tensor], groups: list[Questions]
) -> Tensor:
    """The logits of TransformerLens's NativeModel, differentiable in Onset's parameters."""
    found = []
    for group in groups:
        n = model.depth(group.hops)
        native = native_model(model, parameters, n)
        # The state dict repeats shared tensors, so their gradients add up in the one tensor.
        state = native_state_dict(model, parameters, n)
        logits = functional_call(native, state, (torch.from_numpy(group.tokens),))
        found.append(logits[:, list(group.scored)].flatten(0, 1))
    return torch.cat(found)


@pytest.fixture(params=["tree", "folded", "sequences"])
def way(request, monkeypatch) -> str:
    """All ways in which the model computes its answers, wherever they are possible."""
    longest = 0 if request.param == "sequences" else LENGTH
    monkeypatch.setattr(model_module, "_LONGEST_TREE", longest)

    def pays(settings: Settings, n_tokens: int, tree: PrefixTree) -> bool:
        normed = settings.norm != "none" or settings.norms_neurons
        possible = not normed and len(tree.applications) == 1
        return possible and request.param == "folded"

    monkeypatch.setattr(folded, "pays", pays)
    return request.param


class TestForward:
    @pytest.mark.parametrize("block", ["no norm", "attention only, no norm"])
    def test_in_parts_where_nothing_is_kept_for_a_gradient(self, block, monkeypatch):
        monkeypatch.setattr(folded, "pays", lambda *_: True)
        monkeypatch.setattr(mixed_mlp, "_AT_ONCE", 5)
        model = stacked((1, 1, "last"), **BLOCKS[block])
        parameters = drawn(model)
        expected = by_the_library(model, parameters, SHORT)
        with torch.inference_mode():
            assert_close(model.logits(parameters, SHORT), expected)

    @pytest.mark.parametrize("block", BLOCKS)
    @pytest.mark.parametrize("stack", STACKS, ids="{0[0]}x{0[1]} {0[2]}".format)
    def test_values_and_gradients_are_the_librarys(self, stack, block, way):
        for (tied, positions), groups in ENDS:
            model = stacked(stack, tied_embeddings=tied, positions=positions, **BLOCKS[block])
            parameters = {name: p.requires_grad_() for name, p in drawn(model).items()}
            batch = batch_of(groups)

            expected = by_the_library(model, parameters, groups)
            assert_close(model.logits(parameters, groups), expected)
            loss = torch.nn.functional.cross_entropy(expected, batch.targets)
            assert_close(loss_on(batch, model, parameters), loss)

            def gradients(of: Tensor, parameters=parameters) -> dict[str, Tensor]:
                # A block that no question reaches has none; the library says so, too.
                found = torch.autograd.grad(of, list(parameters.values()), materialize_grads=True)
                return dict(zip(parameters, found, strict=True))

            assert_close(gradients(loss_on(batch, model, parameters)), gradients(loss))

    def test_only_short_batches_take_the_tree(self, monkeypatch):
        tree_of, built = model_module._tree, []
        spy = lambda *given: built.append(given) or tree_of(*given)  # noqa: E731
        monkeypatch.setattr(model_module, "_tree", spy)
        model = stacked((2, 1, "last"))
        for groups, expected in ((SHORT, 1), (LONG, 0)):
            built.clear()
            model.logits(drawn(model), groups)
            assert len(built) == expected

    def test_what_comes_after_the_scored_position_does_not_matter(self, way):
        model = stacked((2, 1, "last"))
        tokens = np.array([[1, 2, 3, 4], [1, 2, 5, 6]])
        one, other = model.logits(drawn(model), [Questions(tokens, (1,))])
        assert_close(one, other)

    @pytest.mark.parametrize(
        ("shape", "per_hop"), [((1, 3, "per_hop"), 1), ((2, 3, "per_loop"), 2)]
    )
    def test_an_application_or_a_loop_per_hop(self, way, shape, per_hop):
        """A question's answer comes from the residual stream after its hops: as many times all blocks."""
        model = stacked(shape)
        parameters = drawn(model)
        tokens = SHORT[1].tokens
        residual = model.residual_stream(parameters, torch.from_numpy(tokens))
        for hops in (1, 2, 3):
            logits = model.logits(parameters, [Questions(tokens, (2,), hops)])
            assert_close(logits, model.unembed(parameters, residual[per_hop * hops, :, 2]))

    def test_too_few_applications_for_the_hops_are_a_problem(self):
        one_block = settings(n_layers=1, readout="per_hop")
        assert "1, the task has questions of 2 hops" in problems(one_block, 2, N_TOKENS, LENGTH)[0]
        assert problems(one_block, 1, N_TOKENS, LENGTH) == []
        assert problems(settings(n_layers=1), 2, N_TOKENS, LENGTH) == []
        looped = settings(n_layers=2, n_loops=2, readout="per_loop")
        assert (
            "n_loops is 2, the task has questions of 3" in problems(looped, 3, N_TOKENS, LENGTH)[0]
        )
        assert problems(looped, 2, N_TOKENS, LENGTH) == []


class TestBridge:
    @pytest.mark.parametrize("block", BLOCKS)
    def test_names_and_shapes_are_the_librarys(self, block):
        model = stacked((2, 1, "last"), tied_embeddings=False, **BLOCKS[block])
        native = native_model(model, drawn(model))
        assert model.shapes() == {name: tuple(p.shape) for name, p in native.state_dict().items()}

    @pytest.mark.parametrize("block", [{}, {"d_mlp": 0}, {"activation": "gelu", "n_loops": 2}])
    @pytest.mark.parametrize("ends", [{}, {"tied_embeddings": False}, {"positions": "none"}])
    def test_as_a_gpt2_it_says_the_same(self, block, ends):
        model = Transformer(settings(n_layers=2, **block, **ends), N_TOKENS, LENGTH)
        parameters = drawn(model, dtype=torch.float32)
        tokens = torch.from_numpy(LONG[0].tokens)
        every = Questions(tokens.numpy(), tuple(range(LENGTH)))
        with torch.inference_mode():
            logits = open_as_gpt2(model, parameters)(tokens)
            assert_close(logits.flatten(0, 1), model.logits(parameters, [every]))

    @pytest.mark.parametrize(
        ("block", "said"), [("no norm", "norm none"), ("SoLU", "norm layer, solu_ln")]
    )
    def test_with_other_norms_it_is_no_gpt2(self, block, said):
        model = Transformer(settings(**BLOCKS[block]), N_TOKENS, LENGTH)
        with pytest.raises(ValueError, match=f"not a GPT-2: {said}"):
            open_as_gpt2(model, drawn(model))

    @pytest.mark.parametrize("stack", STACKS[:5], ids="{0[0]}x{0[1]} {0[2]}".format)
    @pytest.mark.parametrize("block", ["MLP", "attention only, no norm"])
    def test_logits_and_residual_stream(self, stack, block):
        model = stacked(stack, **BLOCKS[block])
        parameters = drawn(model, dtype=torch.float32)
        tokens = torch.from_numpy(LONG[0].tokens)
        with torch.inference_mode():
            logits, cache = open_bridge(model, parameters).run_with_cache(tokens)
            residual = model.residual_stream(parameters, tokens)
        assert len(residual) == model.settings.n_applications + 1
        for i, (before, after) in enumerate(pairwise(residual)):
            assert_close(cache[f"blocks.{i}.hook_resid_pre"], before)
            assert_close(cache[f"blocks.{i}.hook_resid_post"], after)
        assert f"blocks.{model.settings.n_applications}.hook_resid_pre" not in cache
        every = Questions(tokens.numpy(), tuple(range(LENGTH)), hops=model.settings.n_applications)
        assert_close(logits.flatten(0, 1), model.logits(parameters, [every]))

    def test_neurons_that_compete_are_the_librarys(self):
        model = stacked((2, 1, "last"), **BLOCKS["SoLU"])
        parameters = drawn(model, dtype=torch.float32)
        every = Questions(LONG[0].tokens, tuple(range(LENGTH)))
        with torch.inference_mode():
            _, cache = open_bridge(model, parameters).run_with_cache(torch.from_numpy(every.tokens))
            for layer in range(2):
                found = model.neurons(parameters, every, layer)
                # Hooked before and after the norm: it is what comes after that is written.
                normed = cache[f"blocks.{layer}.mlp.out.hook_in"]
                assert_close(found, normed.flatten(0, 1))
                assert_close(cache[f"blocks.{layer}.mlp.hook_post"], normed)

    def test_one_application_answers_questions_of_one_hop(self):
        model = stacked((1, 2, "per_hop"))
        parameters = drawn(model, dtype=torch.float32)
        bridge = open_bridge(model, parameters, n_applications=1)
        assert bridge.cfg.n_layers == 1
        group = SHORT[0]
        logits = bridge(torch.from_numpy(group.tokens))[:, group.scored[0]]
        assert_close(logits, model.logits(parameters, [group]))

    @pytest.mark.parametrize("norm", ["layer", "none"])
    def test_unembed_is_the_librarys_logit_lens(self, norm):
        model = stacked((1, 2, "last"), norm=norm)
        parameters = drawn(model, dtype=torch.float32)
        tokens = torch.from_numpy(SHORT[1].tokens)
        lens = logit_lens(open_bridge(model, parameters), tokens, positions=None)
        ours = model.unembed(parameters, model.residual_stream(parameters, tokens))
        assert_close(lens.readout.values, ours)


class TestInitialParameters:
    def test_they_have_the_shapes(self):
        model = stacked((2, 1, "last"), tied_embeddings=False)
        parameters = model.initial_parameters(0)
        assert {name: tuple(p.shape) for name, p in parameters.items()} == model.shapes()

    def test_embeddings_are_normal_with_the_scales_asked_for(self):
        chosen = settings(d_model=64, token_scale=2.0, position_scale=0.25)
        parameters = build(chosen, n_tokens=1000, length=500).initial_parameters(0)
        for name, scale in (("tok_embed.weight", 2.0), ("pos.weight", 0.25)):
            p = parameters[name]
            assert abs(p.mean()) < 0.02 * scale / 8
            assert p.std().item() == pytest.approx(scale / math.sqrt(64), rel=0.02)
            assert (p.abs() > 2 * p.std()).float().mean().item() == pytest.approx(0.0455, rel=0.1)

    def test_linear_layers_are_uniform(self):
        model = build(settings(d_model=64, d_mlp=256, tied_embeddings=False), 1000, 3)
        parameters = model.initial_parameters(0)
        for name, n_in in {"layers.0.attn.q": 64, "layers.0.mlp.fc_out": 256, "head": 64}.items():
            weight = parameters[f"{name}.weight"]
            assert weight.abs().max() <= 1 / math.sqrt(n_in)
            assert weight.std().item() == pytest.approx(1 / math.sqrt(3 * n_in), rel=0.03)
        bias = parameters["layers.0.mlp.fc_out.bias"]
        assert 0.9 / math.sqrt(256) < bias.abs().max() <= 1 / math.sqrt(256)

    def test_normal_weights_have_the_papers_scales_and_no_biases(self):
        chosen = settings(d_model=64, d_mlp=256, tied_embeddings=False, weights="normal")
        parameters = build(chosen, n_tokens=1000, length=3).initial_parameters(0)
        for name in (
            "layers.0.attn.q",
            "layers.0.attn.o",
            "layers.0.mlp.fc_in",
            "layers.0.mlp.fc_out",
        ):
            weight = parameters[f"{name}.weight"]
            assert weight.std().item() == pytest.approx(1 / math.sqrt(64), rel=0.03)
            assert (weight.abs() > 2 * weight.std()).float().mean() > 0.03
            assert (parameters[f"{name}.bias"] == 0).all()
        assert parameters["head.weight"].std().item() == pytest.approx(
            1 / math.sqrt(1000), rel=0.03
        )

    def test_attention_without_biases_has_zeros_that_are_constants(self):
        model = build(settings(attention_biases=False), n_tokens=10, length=3)
        parameters = model.initial_parameters(0)
        assert model.constants == {f"layers.0.attn.{name}.bias" for name in "qkvo"}
        assert all((parameters[name] == 0).all() for name in model.constants)
        assert (parameters["layers.0.mlp.fc_in.bias"] != 0).any()
        assert not stacked((1, 1, "last")).constants

    def test_norms_are_the_identity(self):
        parameters = stacked((2, 1, "last")).initial_parameters(0)
        norms = [name for name in parameters if ".ln" in name or name.startswith("ln")]
        assert len(norms) == 2 * 2 * 2 + 2
        for name in norms:
            assert (parameters[name] == (1 if name.endswith("weight") else 0)).all()

    def test_a_seed_decides_them(self):
        model = stacked((1, 2, "per_hop"))
        one, same, other = (model.initial_parameters(seed) for seed in (0, 0, 1))
        for name in one:
            assert torch.equal(one[name], same[name])
            assert torch.equal(one[name], other[name]) == ("ln" in name)


def test_heads_have_to_divide_the_width():
    with pytest.raises(
        ValidationError, match=r"n_heads \(5\) must divide d_model \(16\).*\[1, 2, 4, 8"
    ):
        settings(n_heads=5)


def test_a_large_neuron_makes_the_others_small():
    """Elhage et al. 2022, section 3.1: equal ones each keep a share, a single large one nearly all."""
    equal = solu(torch.tensor([4.0, 4.0, 4.0, 4.0]))
    assert_close(equal, torch.ones(4))
    one = solu(torch.tensor([12.0, 2.0, 2.0, 2.0]))
    assert_close(one, torch.tensor([12.0, 0.0, 0.0, 0.0]), atol=2e-3, rtol=0)
