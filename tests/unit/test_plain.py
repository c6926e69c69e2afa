"""Models without their adapters: the same function, by the names of the model that was adapted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset import models
from onset.models.batch import Parameters, Questions
from onset.models.plain import module_of, plain
from tests import checkpoints

N_TOKENS, LENGTH = 20, 4
TOKENS = np.random.Generator(np.random.Philox(3)).integers(0, N_TOKENS, (6, LENGTH))
ASKED = [Questions(TOKENS, (2, 3))]
TRANSFORMER = {"n_layers": 2, "d_model": 16, "n_heads": 2, "d_mlp": 32}


def settings(kind: str, folder, adapter: bool) -> dict:
    rank = {"adapter": {"rank": 2, "scale": 0.5}} if adapter else {}
    if kind == "transformer":
        return {"name": "adapted" if adapter else "transformer", **TRANSFORMER, **rank}
    checkpoints.save(kind, folder)
    return {"name": "pretrained", "checkpoint": str(folder), "first_token": 5, **rank}


def moved(parameters: Parameters) -> Parameters:
    """Every parameter somewhere else, adapters included: as they begin, they do nothing."""
    drawn = torch.Generator().manual_seed(11)
    return {
        name: its + 0.2 * torch.randn(its.shape, generator=drawn)
        for name, its in parameters.items()
    }


@pytest.mark.parametrize("kind", ["transformer", *checkpoints.KINDS])
class TestEveryFamily:
    def test_adapters_are_merged(self, tmp_path, kind):
        without = models.build(settings(kind, tmp_path / "c", False), N_TOKENS, LENGTH)
        adapted = models.build(settings(kind, tmp_path / "c", True), N_TOKENS, LENGTH)
        own = moved(adapted.initial_parameters(0))
        model, parameters = plain(adapted, own)
        assert model.settings == without.settings
        assert parameters.keys() == without.initial_parameters(0).keys() < own.keys()
        with torch.inference_mode():
            wanted = adapted.logits(own, ASKED)
            torch.testing.assert_close(
                model.logits(parameters, ASKED), wanted, atol=1e-4, rtol=1e-4
            )
            unmerged = {name: own[name] for name in parameters}
            assert not torch.allclose(model.logits(unmerged, ASKED), wanted, atol=1e-2)

    def test_without_adapters_it_is_plain(self, tmp_path, kind):
        its = models.build(settings(kind, tmp_path / "c", False), N_TOKENS, LENGTH)
        own = its.initial_parameters(0)
        model, parameters = plain(its, own)
        assert model is its
        assert parameters == own
        assert parameters is not own


def test_families_whose_models_may_have_adapters_say_so():
    """By a module: nobody asks a model which methods it has."""
    has = {name for name in models.names() if module_of(name)}
    knows = {
        name
        for name in models.names()
        if "adapter" in models.load_settings(name).Settings.model_fields
    }
    assert has == knows == {"adapted", "pretrained"}
