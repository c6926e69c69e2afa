"""The multi-layer perceptron: what a neuron reads, and that all ways of asking agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from onset.models.batch import Questions
from onset.models.mlp.model import build
from onset.models.mlp.settings import Settings

TOKENS = torch.tensor([[0, 3, 4], [3, 0, 4], [2, 2, 4]])
ASKED = Questions(TOKENS.numpy(), (2,))


def made(**changes):
    model = build(Settings(name="mlp", width=5, **changes), 5, 3)
    return model, {n: p + 0.1 for n, p in model.initial_parameters(0).items()}


@pytest.mark.parametrize("n_hidden", [1, 2, 3])
def test_it_is_layers_on_one_hot_codes(n_hidden):
    model, parameters = made(n_hidden=n_hidden)
    codes = torch.nn.functional.one_hot(TOKENS, 5).float()  # examples places tokens
    table = parameters["tok_embed.weight"].view(5, 3, 5)  # tokens places neurons
    x = torch.einsum("ept,tpn->en", codes, table) + parameters["hidden_0.bias"]
    for i in range(1, n_hidden):
        x = x.relu() @ parameters[f"hidden_{i}.weight"].T + parameters[f"hidden_{i}.bias"]
    assert_close(model.before_activation(parameters, ASKED, n_hidden - 1), x)
    assert_close(model.neurons(parameters, ASKED, n_hidden - 1), x.relu())
    assert_close(model.logits(parameters, [ASKED]), x.relu() @ parameters["head.weight"].T)


@pytest.mark.parametrize("places", ["own", "alike"])
def test_members_of_a_population_are_asked_the_same(places):
    model, parameters = made(places=places, n_hidden=2)
    said = model.logits_of_sequences(parameters, TOKENS, (2,), 1)
    assert_close(said, model.logits(parameters, [ASKED]))


def test_places_that_are_alike_dont_count():
    for places, same in (("own", False), ("alike", True)):
        model, parameters = made(places=places)
        one, other, _ = model.logits(parameters, [ASKED])
        assert torch.allclose(one, other) == same


def test_the_scale_is_that_of_the_first_weights():
    small, large = (made(weight_scale=scale)[1]["head.weight"] - 0.1 for scale in (0.5, 1.0))
    assert_close(2 * small, large)


@pytest.mark.parametrize(("tokens", "scored"), [((2, 2), 1), ((2, 3), 1)])
def test_what_isnt_a_whole_sequence_is_refused(tokens, scored):
    model, parameters = made()
    with pytest.raises(ValueError, match="whole sequences of 3 tokens"):
        model.logits(parameters, [Questions(np.zeros(tokens, int), (scored,))])
