"""Low-rank adapters of tiny pretrained models: they begin as nothing, alone are trained, and merge."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from onset import models
from onset.config.size import Size
from onset.models import inspection
from onset.models.batch import Questions
from onset.models.pretrained import adapters
from onset.models.pretrained.settings import Settings
from onset.runs.artefacts import Beginning, read_checkpoint, write_checkpoint
from onset.store.layout import RunFolder
from onset.store.origin import Origin
from onset.store.tensors import load_arrays
from onset.tasks.dataset import Dataset, Split
from onset.training.loop import train
from onset.training.settings import CheckpointSettings, TrainingSettings
from onset.training.state import TrainingState
from tests import checkpoints
from tests.worlds import settings_of

TOKENS = np.arange(2, 26).reshape(4, 6)
ASKED = Questions(TOKENS, (), scored_at=np.array([[2], [5], [5], [3]]))
WORLD = Dataset(
    {"told": Split(TOKENS, TOKENS[:, ::-1], tuple(range(6)))}, ("?",) * checkpoints.N_ROWS
)
TRAINING = TrainingSettings(
    steps=4, batch_size=8, mixture={"told": 1.0}, learning_rate=1e-2, gradient_clip=1.0
)


@pytest.fixture(scope="module", params=checkpoints.KINDS)
def folder(request, tmp_path_factory):
    return checkpoints.save(request.param, tmp_path_factory.mktemp(request.param) / "own")


def built(folder, **adapter):
    settings = {"name": "pretrained", "checkpoint": str(folder)}
    told = {"adapter": {"rank": 2, "scale": 2.0, **adapter}} if adapter is not None else {}
    return models.build(settings | told, *WORLD.sizes)


def trained(model, seed: int = 0) -> dict:
    start = TrainingState(0, model.initial_parameters(seed))
    return train(model, WORLD, TRAINING, [], seed, start, lambda state: None).parameters


class TestAdapters:
    def test_they_begin_as_nothing(self, folder):
        plain = models.build({"name": "pretrained", "checkpoint": str(folder)}, *WORLD.sizes)
        model = built(folder, rank=2)
        expected = plain.logits(plain.initial_parameters(0), [ASKED])
        assert_close(model.logits(model.initial_parameters(0), [ASKED]), expected)

    def test_they_alone_are_trained(self, folder):
        model = built(folder, rank=2)
        before, after = model.initial_parameters(0), trained(model)
        changed = {name for name, its in after.items() if not torch.equal(its, before[name])}
        assert changed == {name for name in before if adapters.is_adapter(name)}

    def test_merged_they_are_the_same_function_without_them(self, folder):
        model = built(folder, rank=2)
        parameters = trained(model)
        plain = models.build({"name": "pretrained", "checkpoint": str(folder)}, *WORLD.sizes)
        merged = model.plain(parameters)
        assert merged.keys() == plain.initial_parameters(0).keys()
        found = plain.logits(merged, [ASKED])
        assert_close(found, model.logits(parameters, [ASKED]), rtol=1e-4, atol=1e-4)

    def test_the_bridge_has_them(self, folder):
        model = built(folder, rank=2)
        parameters = trained(model)
        with torch.no_grad():
            said = inspection.open_bridge(model, parameters)(torch.from_numpy(TOKENS))
        expected = model.logits(parameters, [Questions(TOKENS, (5,))])
        assert_close(said[:, 5], expected.detach(), rtol=1e-3, atol=1e-3)

    def test_silenced_they_are_nothing_again(self, folder):
        model = built(folder, rank=2)
        parameters = trained(model)
        before = model.logits(model.initial_parameters(0), [ASKED])
        assert_close(model.logits(model.without_adapters(parameters), [ASKED]), before)
        first, second = (
            model.logits(model.without_adapters(parameters, [layer]), [ASKED]) for layer in (0, 1)
        )
        assert not torch.allclose(first, second)

    def test_blocks_and_matrices_can_be_chosen(self, folder):
        late = built(folder, first_layer=1)
        known = {
            name.rsplit(".", 1)[0]
            for name in late.initial_parameters(0)
            if adapters.is_adapter(name)
        }
        assert known
        assert not any("0." in name for name in known)
        part = sorted(known)[0].partition("1.")[2]
        one = built(folder, parts=[f"*{part}*"]).initial_parameters(0)
        assert 0 < sum(map(adapters.is_adapter, one)) < 2 * 2 * len(known)

    def test_a_forward_pass_can_begin_anywhere(self, folder):
        model = built(folder, rank=2)
        parameters = trained(model)
        with torch.no_grad():
            expected = model.logits(parameters, [Questions(TOKENS, (4,))])
            stream = model.residual_stream(parameters, torch.from_numpy(TOKENS))
            for layer, states in enumerate(stream):
                found = model.logits_from(parameters, states, layer, 4)
                assert_close(found, expected, rtol=1e-4, atol=1e-4)

    def test_what_examples_begin_with_in_common_is_run_once(self, folder):
        model = built(folder, rank=2)
        parameters, alike = trained(model), TOKENS.copy()
        alike[:, :3] = alike[0, :3]
        with torch.no_grad():
            expected = model.logits(parameters, [Questions(alike, (4,))])
            stream = model.residual_stream(parameters, torch.from_numpy(alike))
            for layer, states in enumerate(stream):
                found = model.logits_from(parameters, states, layer, 4, alike=3)
                assert_close(found, expected, rtol=1e-4, atol=1e-4)

    def test_a_checkpoint_holds_what_is_trained(self, folder, tmp_path):
        model = built(folder, rank=2)
        parameters = trained(model)
        run = RunFolder(tmp_path / "study" / "condition" / "seed_0")
        run.checkpoint(4).parent.mkdir(parents=True)
        begun = Beginning(model.settings.model_dump(mode="json"), WORLD.sizes, 0)
        write_checkpoint(run, 4, parameters, Origin(run.run, "s", "c"), begun)
        arrays, _ = load_arrays(run.checkpoint(4))
        assert arrays
        assert all(adapters.is_adapter(name) for name in arrays)
        for name, its in read_checkpoint(run, 4).items():
            assert torch.equal(its, parameters[name])

    def test_what_is_no_matrix_of_the_model_is_said(self, folder):
        with pytest.raises(
            ValueError, match=r"adapter: parts mpl\.\* from block 0 on are no matrices"
        ):
            built(folder, parts=["mpl.*"]).module  # noqa: B018
        with pytest.raises(ValueError, match="from block 9 on"):
            built(folder, first_layer=9).module  # noqa: B018


def test_planning_counts_no_whole_model_per_checkpoint(folder):
    told = {"name": "pretrained", "checkpoint": str(folder)}
    task = settings_of("composition")
    kept = CheckpointSettings(schedule="linear", count=3)
    of_all, of_adapters = (
        Size.of(task, Settings.model_validate(told | its), TRAINING, kept)
        for its in ({}, {"adapter": {"rank": 2}})
    )
    assert of_all.disk > 0
    assert of_adapters.disk == 0
    assert 0 < of_adapters.all_memory <= of_all.all_memory
