"""Transformers with low-rank adapters against the same function written out, and how they are trained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from onset import models
from onset.export.forms import form_of
from onset.interventions import graft
from onset.interventions.settings import GraftSettings
from onset.models import inspection
from onset.models.adapted import planning
from onset.models.adapted.model import Adapted
from onset.models.adapted.settings import IN, OUT, Settings
from onset.runs.source import Source
from onset.store.layout import RunFolder
from onset.tasks import composition
from onset.training.batches import draw, whole
from onset.training.loop import train
from onset.training.losses import loss_on
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

# TransformerLens warns of its own accord.
pytestmark = pytest.mark.filterwarnings("ignore")

WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.8), seed=0
)
SIZES = {"n_loops": 2, "readout": "per_hop", "d_model": 16, "n_heads": 2, "d_mlp": 32}
TOLD = {"name": "adapted", **SIZES, "adapter": {"rank": 2, "scale": 3.0}}
ASKED = [its for split in WORLD.splits.values() for its in whole(split).questions]


@pytest.fixture(scope="module")
def model() -> Adapted:
    return models.build(TOLD, *WORLD.sizes)


@pytest.fixture(scope="module")
def adapted(model) -> dict[str, torch.Tensor]:
    """With adapters that do something."""
    found = model.initial_parameters(1)
    generator = torch.Generator().manual_seed(0)
    for name, its in found.items():
        if name.endswith(OUT):
            found[name] = torch.randn(its.shape, generator=generator)
    return found


def test_it_begins_as_the_model_without_adapters(model):
    own, plain = model.initial_parameters(4), model.plain.initial_parameters(4)
    assert all(torch.equal(own[name], its) for name, its in plain.items())
    assert_close(model.logits(own, ASKED), model.plain.logits(plain, ASKED))
    assert {name: tuple(its.shape) for name, its in own.items()} == model.shapes()


def test_merged_it_is_the_same_function(model, adapted):
    merged = model.merged(adapted)
    assert merged.keys() == model.plain.shapes().keys()
    name = "layers.0.mlp.fc_in"
    by_hand = adapted[f"{name}.weight"] + 3 * adapted[f"{name}.{OUT}"] @ adapted[f"{name}.{IN}"]
    assert_close(merged[f"{name}.weight"], by_hand)
    assert_close(model.logits(adapted, ASKED), model.plain.logits(merged, ASKED))
    assert_close(model.logits(merged, ASKED), model.plain.logits(merged, ASKED))
    tokens = torch.from_numpy(WORLD.splits["id"].tokens)
    states = model.plain.residual_stream(merged, tokens)
    assert_close(model.residual_stream(adapted, tokens), states)
    assert not torch.allclose(model.residual_stream(adapted, tokens)[1], model.plain.residual_stream(
        {n: adapted[n] for n in merged}, tokens)[1])  # fmt: skip


def test_transformer_lens_opens_it_merged(model, adapted):
    tokens = torch.from_numpy(WORLD.splits["id"].tokens)
    with torch.inference_mode():
        bridge = inspection.open_bridge(model, adapted)
        logits = model.unembed(adapted, model.residual_stream(adapted, tokens)[-1])
        assert_close(bridge(tokens), logits, atol=1e-4, rtol=1e-4)


def test_exported_it_is_the_transformer_that_it_is_merged_to(model, adapted):
    its, plain = form_of(model), form_of(model.plain)
    assert its.config == plain.config
    tensors, wanted = its.tensors(adapted), plain.tensors(model.merged(adapted))
    assert tensors.keys() == wanted.keys()
    assert all(torch.equal(tensors[name], wanted[name]) for name in wanted)


def test_adapters_alone_are_trained_and_change_matrices_by_their_rank(model):
    start = model.initial_parameters(2)
    training = TrainingSettings(
        steps=5,
        batch_size=32,
        mixture={"atomic": 1.0},
        learning_rate=0.01,
        trainable={"*.adapter_*": "all"},
    )
    end = train(
        model, WORLD, training, (), 0, TrainingState(0, start), on_checkpoint=lambda state: None
    ).parameters
    assert {n for n in start if not torch.equal(start[n], end[n])} == {
        n for n in start if n.endswith((IN, OUT))
    }
    batch = draw(WORLD, {"atomic": 32}, 0, 0)
    assert loss_on(batch, model, end) < loss_on(batch, model, start)
    name = "layers.0.mlp.fc_out.weight"
    change = (model.merged(end)[name] - start[name]).double()
    assert torch.linalg.matrix_rank(change, rtol=1e-4) == 2


def test_a_training_can_be_grafted_onto_its_carrier(model):
    class Trained(Source):
        def parameters(self, step=None):
            return model.plain.initial_parameters(3 if step == 0 else 8)

    settings = GraftSettings(
        name="graft", source={"condition": "one"}, parameters=("*.weight", "*.bias")
    )
    sources = [Trained(RunFolder(Path("results/study/one/seed_3")))]
    found = graft.altered(settings, model, model.initial_parameters(3), sources, 3).parameters
    assert found.keys() == model.plain.shapes().keys()
    for name, its in model.plain.initial_parameters(8).items():
        assert_close(found[name], its)


def test_what_is_planned():
    its = Settings.model_validate(TOLD)
    assert planning.carrier(its) == models.load_settings("transformer").Settings(
        name="transformer", **SIZES
    )
    assert "head_weights" not in planning.traits(its)
    assert {"heads", "residual_stream", "midway", "neurons"} <= set(planning.traits(its))
    assert not planning.problems(its, 2, 24, 3)
    lost = Settings.model_validate({**TOLD, "adapter": {"rank": 1, "parts": ["head"]}})
    assert "no matrix" in planning.problems(lost, 2, 24, 3)[0]
