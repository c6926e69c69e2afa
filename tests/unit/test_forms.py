"""Models in Hugging Face's form: opened by `transformers` alone, they are the same functions as ours."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor
from torch.testing import assert_close
from transformers import AutoConfig, AutoTokenizer, PreTrainedModel, dynamic_module_utils

from onset import models
from onset.code.own_files import modules_in
from onset.export import forms
from onset.export.forms import form_of
from onset.export.forms import transformer as transformer_form
from onset.export.forms.transformer import is_gpt2
from onset.export.revisions import model_files
from onset.export.vocabulary import can_be_read, of_names, tokenizer_files
from onset.models import inspection
from onset.models.batch import AnyModel, Questions
from onset.models.transformer.settings import Settings
from tests import checkpoints
from tests.unit.test_families import EXAMPLES as FAMILIES
from tests.unit.test_transformer import BLOCKS, STACKS

N_TOKENS, LENGTH = 11, 6
GIVEN = [
    {"layer": 0, "head": 1, "looks_at": "previous_token"},
    {"layer": 1, "head": 2, "looks_at": "after_duplicate"},
]
SMALL = {"name": "transformer", "n_layers": 2, "d_model": 16, "n_heads": 4, "d_mlp": 24}
TRANSFORMERS = {
    **{
        str(stack): dict(zip(("n_layers", "n_loops", "readout"), stack, strict=True))
        for stack in STACKS
    },
    **BLOCKS,
    "untied": {"tied_embeddings": False},
    "no positions": {"positions": "none"},
    "smeared keys": {"smeared_keys": True, "n_loops": 2},
    "given attention": {"given_attention": GIVEN},
    "all of it": {
        "given_attention": GIVEN, "smeared_keys": True, "n_loops": 2, "tied_embeddings": False,
        "norm": "none", "positions": "none",
    },
}  # fmt: skip
BY_OWN_CODE = {
    name: changes
    for name, changes in TRANSFORMERS.items()
    if not is_gpt2(Settings.model_validate({**SMALL, **changes}))
}
TOKENS = np.random.default_rng(0).integers(N_TOKENS, size=(5, LENGTH))
TOKENS[0, 3:] = TOKENS[0, :3]  # so that heads that look for duplicates find some


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    """Code that `transformers` copies before it imports it goes to a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("modules"))
        patch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", folder)
        yield


def drawn(model: AnyModel, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """Random parameters: where all biases are zero and all norms the identity, a mistake could hide."""
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(its.shape, generator=generator, dtype=dtype) / 4
        for name, its in model.initial_parameters(0).items()
    }


def opened(folder: Path, model: AnyModel, parameters: dict[str, Tensor], **how) -> PreTrainedModel:
    """The model's files, opened by the line that its card has."""
    folder.mkdir()
    form = form_of(model)
    for name, content in model_files(form, parameters, {"step": 3}).items():
        (folder / name).write_bytes(content)
    line = form.opened.format(folder=folder)
    its = eval(line, {form.auto_class: getattr(transformers, form.auto_class)})
    assert its.config.onset == {"step": 3}
    assert all(its.dtype == torch.float32 for its in its.parameters())
    return its


def build(changes: dict[str, Any]) -> AnyModel:
    return models.build({**SMALL, **changes}, N_TOKENS, LENGTH)


@pytest.mark.parametrize("changes", TRANSFORMERS.values(), ids=TRANSFORMERS)
def test_a_transformer_is_the_same_function(tmp_path, changes):
    model = build(changes)
    parameters, tokens = drawn(model), torch.from_numpy(TOKENS)
    its = opened(tmp_path / "model", model, parameters)
    assert type(its).__name__ == (
        "GPT2LMHeadModel" if is_gpt2(model.settings) else "OnsetForCausalLM"
    )
    # Of equal parameters there are as many: no part too many, and none missing.
    assert sum(p.numel() for p in its.parameters()) == sum(p.numel() for p in parameters.values())
    with torch.no_grad():
        if not is_gpt2(model.settings):
            assert torch.equal(its(tokens).logits, logits_of(model, parameters, tokens))
            return
        # Products and sums in another order: equal but for the last digits, whatever the precision.
        said = its(tokens).logits
        assert_close(said, logits_of(model, parameters, tokens), rtol=2e-6, atol=2e-6)
        doubled = {name: p.double() for name, p in parameters.items()}
        said = its.double()(tokens).logits
        assert_close(said, logits_of(model, doubled, tokens), rtol=1e-14, atol=1e-14)


def logits_of(model: AnyModel, parameters: dict[str, Tensor], tokens: Tensor) -> Tensor:
    return model.unembed(parameters, model.residual_stream(parameters, tokens)[-1])


@pytest.mark.parametrize("changes", BY_OWN_CODE.values(), ids=BY_OWN_CODE)
def test_its_insides_and_its_bridge_are_ours(tmp_path, changes):
    model = build(changes)
    parameters, tokens = drawn(model), torch.from_numpy(TOKENS)
    its = opened(tmp_path / "model", model, parameters)
    with torch.no_grad():
        said = its(tokens, output_hidden_states=True, output_attentions=True)
        assert torch.equal(
            torch.stack(said.hidden_states), model.residual_stream(parameters, tokens)
        )
        assert_close(torch.stack(said.attentions), model.attention(parameters, tokens))
        for depth in range(1, model.settings.n_applications + 1):
            state = model.residual_stream(parameters, tokens)[depth]
            logits = its(tokens, n_applications=depth).logits
            assert torch.equal(logits, model.unembed(parameters, state))
            theirs = its.bridge(n_applications=depth)
            ours = inspection.open_bridge(model, parameters, depth)
            _, cache = theirs.run_with_cache(tokens)
            _, expected = ours.run_with_cache(tokens)
            assert cache.keys() == expected.keys()
            for name in expected:
                assert torch.equal(cache[name], expected[name]), name


def test_a_gpt2_opens_in_transformer_lens_by_its_folder(tmp_path):
    from transformer_lens.model_bridge import TransformerBridge

    model = build({"n_layers": 2, "tied_embeddings": False})
    assert is_gpt2(model.settings)
    parameters, tokens = drawn(model), torch.from_numpy(TOKENS)
    folder = tmp_path / "model"
    opened(folder, model, parameters)
    names = tokenizer_files(of_names([f"e{i}" for i in range(N_TOKENS)], LENGTH).save_pretrained)
    for name, content in names.items():
        (folder / name).write_bytes(content)
    line = form_of(model).lens.format(folder=folder)
    bridge = eval(line, {"TransformerBridge": TransformerBridge})
    states = model.residual_stream(parameters, tokens)
    assert_close(bridge(tokens), model.unembed(parameters, states[-1]), rtol=1e-5, atol=1e-5)
    assert bridge.to_tokens("e3 e1", prepend_bos=False).tolist() == [[3, 1]]


def test_what_is_trained_on_is_what_it_learns_from(tmp_path):
    """The library's own loss, and a step of it, as of any model."""
    model = build({"n_loops": 2})
    its = opened(tmp_path / "model", model, drawn(model))
    tokens = torch.from_numpy(TOKENS)
    before = its(tokens, labels=tokens).loss
    assert_close(
        before,
        torch.nn.functional.cross_entropy(
            its(tokens).logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()
        ),
    )
    before.backward()
    with torch.no_grad():
        for p in its.parameters():
            p -= 0.01 * p.grad
    assert its(tokens, labels=tokens).loss < before


def test_it_continues_a_sequence_greedily(tmp_path):
    model = build({"n_loops": 2})
    parameters = drawn(model)
    its = opened(tmp_path / "model", model, parameters)
    said = its.generate(torch.from_numpy(TOKENS[:, :2]))
    assert said.shape == (len(TOKENS), LENGTH)
    states = model.residual_stream(parameters, said)
    likeliest = model.unembed(parameters, states[-1]).argmax(-1)
    assert torch.equal(said[:, 2:], likeliest[:, 1:-1])


def test_no_setting_of_a_transformer_is_forgotten(tmp_path):
    """All that isn't about how parameters begin is one of the config's."""
    opened(tmp_path / "model", build({"n_loops": 2}), drawn(build({"n_loops": 2})))
    config = AutoConfig.from_pretrained(tmp_path / "model", trust_remote_code=True)
    known = set(inspect.signature(type(config).__init__).parameters) - {"self", "others"}
    of_world = {"vocab_size", "max_position_embeddings"}
    assert known - of_world == set(Settings.model_fields) - transformer_form.ONLY_AT_FIRST


@pytest.mark.parametrize(("settings", "sizes"), FAMILIES["bottleneck"], ids=str)
def test_a_bottleneck_is_the_same_function(tmp_path, settings, sizes):
    for activation in ("none", "relu"):
        model = models.build({**settings, "hidden_activation": activation}, *sizes)
        parameters, inputs = drawn(model), torch.randn(7, sizes[0])
        its = opened(tmp_path / activation, model, parameters)
        hidden = model.hidden(parameters, model.by_instance(inputs))
        outputs = model.outputs(parameters, model.by_instance(inputs))
        with torch.no_grad():
            said = its(inputs)
        assert torch.equal(said.hidden, hidden.permute(2, 0, 1))
        assert torch.equal(said.outputs, outputs.permute(2, 0, 1).flatten(1))


@pytest.mark.parametrize(("settings", "sizes"), FAMILIES["factors"], ids=str)
def test_products_of_factors_are_the_same_function(tmp_path, settings, sizes):
    model = models.build(settings, *sizes)
    parameters, inputs = drawn(model), torch.randn(7, sizes[0])
    with torch.no_grad():
        said = opened(tmp_path / "model", model, parameters)(inputs).outputs
    x = inputs.view(7, -1, 2).permute(1, 2, 0)
    outputs = torch.cat([model.outputs(parameters, k, x) for k in settings["factors"]])
    assert torch.equal(said, outputs.transpose(1, 2))


@pytest.mark.parametrize(("settings", "sizes"), FAMILIES["mlp"], ids=str)
def test_a_perceptron_is_the_same_function(tmp_path, settings, sizes):
    n_tokens, length = sizes
    for activation in ("relu", "gelu"):
        model = models.build({**settings, "activation": activation}, *sizes)
        parameters, tokens = drawn(model), torch.randint(n_tokens, (7, length))
        with torch.no_grad():
            said = opened(tmp_path / activation, model, parameters)(tokens).logits
        asked = Questions(tokens.numpy(), (length - 1,))
        assert torch.equal(said, model.logits(parameters, [asked]))


@pytest.mark.parametrize(("settings", "sizes"), FAMILIES["dictionary"], ids=str)
def test_a_dictionary_is_the_same_function(tmp_path, settings, sizes):
    model = models.build(settings, *sizes)
    parameters, inputs = drawn(model), torch.randn(50, sizes[0])
    its = opened(tmp_path / "model", model, parameters)
    latents = model.latents(parameters, inputs)
    assert 0 < (latents > 0).float().mean() < 1
    with torch.no_grad():
        said = its(inputs)
    assert torch.equal(said.latents, latents)
    assert torch.equal(said.reconstructed, model.reconstructed(parameters, latents))


@pytest.mark.parametrize("kind", checkpoints.KINDS)
def test_a_fine_tuned_model_stays_what_it_was(tmp_path, kind):
    source = checkpoints.save(kind, tmp_path / "source")
    settings = {"name": "pretrained", "checkpoint": str(source), "first_token": 5}
    model = models.build(settings, N_TOKENS, LENGTH)
    parameters = drawn(model)
    its = opened(tmp_path / "model", model, parameters)
    numbers = torch.from_numpy(model.in_vocabulary(TOKENS))
    last = model.residual_stream(parameters, torch.from_numpy(TOKENS))[-1]
    with torch.no_grad():
        said = its(numbers).logits[..., 5 : 5 + N_TOKENS]
        assert_close(said, model.unembed(parameters, last)[..., :N_TOKENS])
    form = form_of(model)
    assert (form.first_token, form.made_of, form.base_model) == (5, "source", None)
    for name, content in tokenizer_files(form.tokenizer).items():
        (tmp_path / "model" / name).write_bytes(content)
    assert AutoTokenizer.from_pretrained(tmp_path / "model")("w7 w2")["input_ids"] == [7, 2]


def test_names_become_tokens_and_back(tmp_path):
    names = ["e0", "r→1", "=", "e1", "+"]
    for name, content in tokenizer_files(of_names(names, 4).save_pretrained).items():
        (tmp_path / name).write_bytes(content)
    its = AutoTokenizer.from_pretrained(tmp_path)
    assert its("= e1  r→1")["input_ids"] == [2, 3, 1]
    assert its.decode([2, 3, 1]) == "= e1 r→1"
    assert its("e7")["input_ids"] == [len(names)]  # for which a model has no row
    assert its.model_max_length == 4


@pytest.mark.parametrize("names", [["a", "a"], ["a b"], ["a", ""], ["[UNK]"]])
def test_some_names_can_not_be_typed(names):
    assert can_be_read(["a", "b"])
    assert not can_be_read(names)


def test_every_family_has_a_form():
    assert set(models.names()) <= set(modules_in(forms.__path__))
