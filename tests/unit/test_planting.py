"""Frequencies planted in embeddings: the source's, or others, at the norm that there was."""

from __future__ import annotations

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch.testing import assert_close

from onset import models
from onset.interventions.planting import altered, chosen
from onset.interventions.settings import InterventionSettings
from onset.measures.fourier import spectrum
from onset.runs.source import Source
from onset.tasks import modular_addition

P = 13
WORLD = modular_addition.generate(
    modular_addition.Settings(name="modular_addition", p=P, train_fraction=0.6), seed=0
)
FAMILIES = [
    {"name": "mlp", "width": 8},
    {"name": "transformer", "d_model": 8, "n_heads": 2, "d_mlp": 12, "norm": "none"},
]
BY_SHARE = [5, 2, 6, 1, 4, 3]


def settings(**given):
    told = {"name": "planting", "source": {"condition": "one"}, **given}
    return TypeAdapter(InterventionSettings).validate_python(told, strict=False)


class Known(Source):
    """A run whose logits are waves of frequency 5, with some of 2."""

    dataset = WORLD

    def __init__(self) -> None: ...

    def parameters(self, step=None):
        return {}


@pytest.fixture
def source(monkeypatch):
    a, b, c = torch.meshgrid(*[torch.arange(P)] * 3, indexing="ij")
    distance = 2 * torch.pi * (a + b - c) / P
    logits = 5 * (5 * distance).cos() + 2 * (2 * distance).cos() + 0.1 * (6 * distance).cos()
    monkeypatch.setattr(spectrum, "logits_of_pairs", lambda *_: logits)
    return Known()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda its: its["name"])
def test_only_the_sources_frequencies_are_left(source, family):
    model = models.build(family, *WORLD.sizes)
    own = model.initial_parameters(0)
    its = altered(settings(frequencies=2), model, own, [source], 0)
    assert list(its.parameters) == ["tok_embed.weight"]
    assert not its.held
    before, after = own["tok_embed.weight"], its.parameters["tok_embed.weight"]
    norms = spectrum.norms_by_frequency(after[:P])
    there = [k for k, norm in enumerate(norms.tolist(), start=1) if norm > 1e-4]
    assert there == [2, 5]
    assert torch.equal(after[P], before[P])
    assert_close(after[:P].mean(0), before[:P].mean(0), atol=1e-5, rtol=1e-4)
    assert_close(after[:P].norm(), before[:P].norm())


def test_shared_ones_are_the_strongest_and_others_none_of_the_sources():
    assert chosen(BY_SHARE, 2, 2, 0) == [2, 5]
    for seed in range(20):
        one_of_both = chosen(BY_SHARE, 2, 1, seed)
        assert 5 in one_of_both
        assert 2 not in one_of_both
        assert not {5, 2} & set(chosen(BY_SHARE, 2, 0, seed))
    drawn = {tuple(chosen(BY_SHARE, 2, 0, seed)) for seed in range(20)}
    assert len(drawn) > 1


def test_a_run_draws_the_same_again():
    assert chosen(BY_SHARE, 3, 1, 4) == chosen(BY_SHARE, 3, 1, 4)


def test_the_null_shares_none():
    assert settings(frequencies=3, null=True).n_shared == 0
    assert settings(frequencies=3).n_shared == 3
    assert settings(frequencies=3, shared=1).n_shared == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"frequencies": 2, "shared": 3}, "no more than the 2"),
        ({"frequencies": 2, "shared": 1, "null": True}, "leave out `shared`"),
        ({"frequencies": 0}, "greater than 0"),
    ],
)
def test_what_cant_be_planted_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        settings(**given)
