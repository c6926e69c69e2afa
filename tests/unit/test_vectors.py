"""Worlds of vectors on the road of those of sequences: stored, drawn, trained, resumed, refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError
from torch.testing import assert_close

from onset import models
from onset.models import inspection
from onset.models.batch import Batch, VectorBatch
from onset.results import Run
from onset.runs.artefacts import checksum, read_dataset, write_dataset
from onset.store.layout import RunFolder
from onset.store.origin import DamagedFileError, Origin
from onset.tasks import composition, superposition
from onset.tasks.vectors import VectorDataset, VectorSplit
from onset.tasks.worlds import from_arrays, kind_of, sizes_of
from onset.training.batches import draw, full
from onset.training.loop import batches, train
from onset.training.losses import loss_on
from onset.training.population import obstacle
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

RNG = np.random.default_rng(0)


def numbers(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape, dtype=np.float32)


WORLD = VectorDataset(
    {
        "train": VectorSplit(numbers(9, 3), numbers(9, 2), {"which": np.arange(9)}),
        "again": VectorSplit(numbers(5, 3), numbers(5, 2), {"how_much": numbers(5, 4)}),
    },
    weights=np.array([1.0, 0.5], np.float32),
    truth={"directions": numbers(4, 3), "parents": np.array([0, 0, 1])},
)
AUTO = VectorDataset({"train": VectorSplit(numbers(9, 3))})
TASK = superposition.Settings(name="superposition", n_features=3, densities=[1.0, 0.5], n_test=8)


@dataclass(frozen=True)
class Line:
    """The least family: y = Wx. What it does after an update is seen in what isn't trained."""

    settings = SimpleNamespace(name="line")
    constants = frozenset({"updates"})
    decaying = frozenset({"weight"})

    def initial_parameters(self, seed: int) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        return {"weight": torch.randn(2, 3, generator=generator), "updates": torch.zeros(1)}

    def loss(self, parameters, batch: VectorBatch) -> torch.Tensor:
        error = (batch.inputs @ parameters["weight"].T - batch.targets).square()
        return (error * batch.weights).sum(1).mean()

    def after_update(self, parameters, batch: VectorBatch) -> None:
        parameters["weight"] /= parameters["weight"].norm(dim=1, keepdim=True)
        parameters["updates"] += len(batch.inputs)


def training(**changes) -> TrainingSettings:
    given = {"steps": 8, "batch_size": 4, "mixture": {"train": 1.0}, "learning_rate": 0.05}
    return TrainingSettings(**{**given, **changes})


def trained(settings=None, start=None, dataset=WORLD, model=None, **how) -> TrainingState:
    model, settings = model or Line(), settings or training()
    start = start or TrainingState(0, model.initial_parameters(0))
    how = {"checkpoint_steps": (), "on_checkpoint": lambda state: None, **how}
    return train(model, dataset, settings, seed=0, start=start, **how)


class TestStored:
    @pytest.mark.parametrize("world", [WORLD, AUTO], ids=["all", "inputs alone"])
    def test_what_is_read_is_what_was_written(self, world, tmp_path):
        folder = RunFolder(tmp_path / "study/condition/seed_0")
        write_dataset(folder, world, {}, Origin(folder.run, "a", "b"))
        found = read_dataset(folder)
        assert isinstance(found, VectorDataset)
        assert found.sizes == world.sizes
        assert list(found.splits) == list(world.splits)
        np.testing.assert_equal(found.truth, dict(world.truth))
        np.testing.assert_equal(found.weights, world.weights)
        for name, split in world.splits.items():
            np.testing.assert_equal(vars(found.splits[name]), vars(split))

    def test_damage_and_other_runs_are_refused(self, tmp_path):
        one, other = (RunFolder(tmp_path / f"study/condition/seed_{n}") for n in (0, 1))
        write_dataset(one, WORLD, {}, Origin(one.run, "a", "b"))
        other.path.mkdir()
        other.dataset.write_bytes(one.dataset.read_bytes())
        with pytest.raises(DamagedFileError, match="belongs to"):
            read_dataset(other)
        data = bytearray(one.dataset.read_bytes())
        data[-1] ^= 1
        one.dataset.write_bytes(data)
        with pytest.raises(DamagedFileError, match="checksum"):
            read_dataset(one)

    def test_streams_are_read_for_those_who_train(self, tmp_path):
        folder = RunFolder(tmp_path / "study/condition/seed_0")
        world = superposition.generate(TASK, 0)
        write_dataset(folder, world, TASK.model_dump(mode="json"), Origin(folder.run, "a", "b"))
        assert not read_dataset(folder).streams
        found = read_dataset(folder, streams=True)
        theirs, ours = (draw(its, {"fresh": 6}, 0, 3) for its in (found, world))
        assert_close(theirs.inputs, ours.inputs, rtol=0, atol=0)

    def test_the_file_says_which_kind_it_is(self):
        told = {"name": "composition", "n_entities": 20, "n_relations": 4, "id_trained": 0.8}
        task = composition.Settings(**told)
        for world, kind in ((WORLD, "vectors"), (composition.generate(task, 0), "sequences")):
            arrays, about = world.to_arrays()
            assert about["kind"] == kind
            assert type(from_arrays(arrays, about)) is type(world)

    def test_only_keeps_what_is_of_the_world(self):
        assert list(WORLD.only(["again"]).splits) == ["again"]
        assert WORLD.only(["again"]).weights is WORLD.weights

    def test_other_numbers_than_float32_are_refused(self):
        with pytest.raises(TypeCheckError):
            VectorSplit(np.zeros((3, 2)))


def test_settings_know_kind_and_sizes_before_the_dataset_exists():
    world = superposition.generate(TASK, 0)
    assert (kind_of(TASK), sizes_of(TASK)) == (world.kind, world.sizes) == ("vectors", (6, 6))
    told = {"name": "composition", "n_entities": 20, "n_relations": 4, "id_trained": 0.8}
    task = composition.Settings(**told)
    found = composition.generate(task, 0)
    assert (kind_of(task), sizes_of(task)) == (found.kind, found.sizes)
    assert found.sizes == (found.n_tokens, found.length)


class TestBatches:
    def test_rows_of_a_split_with_their_targets(self):
        batch = draw(WORLD, {"train": 5, "again": 2}, seed=1, step=7)
        assert_close(batch.weights, torch.tensor([1.0, 0.5]))
        both = np.concatenate([its.inputs for its in WORLD.splits.values()])
        wanted = np.concatenate([its.targets for its in WORLD.splits.values()])
        rows = [int(np.flatnonzero((both == row).all(1))[0]) for row in batch.inputs.numpy()]
        assert [row < 9 for row in rows] == 5 * [True] + 2 * [False]
        assert_close(batch.targets.numpy(), wanted[rows])

    def test_a_batch_depends_on_its_number_alone(self):
        one, other = (draw(WORLD, {"train": 6}, 0, step) for step in (3, 3))
        assert_close(one.inputs, other.inputs, rtol=0, atol=0)
        assert not torch.equal(one.inputs, draw(WORLD, {"train": 6}, 0, 4).inputs)

    def test_without_targets_the_inputs_are_to_be_given_back(self):
        batch = draw(AUTO, {"train": 6}, 0, 0)
        assert batch.targets is batch.inputs
        assert batch.weights is None

    def test_inputs_to_be_given_back_beside_others(self):
        mixed = replace(
            AUTO, splits={**AUTO.splits, "other": VectorSplit(numbers(4, 3), numbers(4, 3))}
        )
        batch = draw(mixed, {"train": 3, "other": 3}, 0, 0)
        assert torch.equal(batch.targets[:3], batch.inputs[:3])
        assert not torch.equal(batch.targets[3:], batch.inputs[3:])

    def test_a_full_batch_is_the_split_and_one_object(self):
        of = batches(WORLD, training(batch_size=None), seed=0)
        assert of(0) is of(5)
        assert_close(of(0).inputs.numpy(), WORLD.splits["train"].inputs)
        assert_close(full(AUTO, "train").targets.numpy(), AUTO.splits["train"].inputs)


class TestTraining:
    def test_it_finds_a_line(self):
        """y = Wx with rows of norm one, from data that were made so."""
        rows = torch.nn.functional.normalize(torch.from_numpy(numbers(2, 3)))
        x = numbers(64, 3)
        world = replace(WORLD, splits={"train": VectorSplit(x, x @ rows.T.numpy())})
        end = trained(training(steps=400, batch_size=None, decay_fraction=0.5), dataset=world)
        assert_close(end.parameters["weight"].detach(), rows, atol=1e-3, rtol=0)
        assert end.log["loss"][-1] < 1e-5 < end.log["loss"][0]

    def test_the_loss_is_the_familys(self):
        batch = draw(WORLD, {"train": 6}, 0, 0)
        parameters = Line().initial_parameters(0)
        assert_close(loss_on(batch, Line(), parameters), Line().loss(parameters, batch))

    def test_after_each_update_the_family_does_what_it_does(self):
        end = trained()
        assert_close(end.parameters["weight"].norm(dim=1), torch.ones(2))
        assert end.parameters["updates"].tolist() == [8 * 4]
        assert "updates" not in end.moments

    def test_an_interruption_leaves_no_trace(self, tmp_path):
        origin = Origin("study/condition/seed_0", "a", "b")
        whole = trained()
        path = tmp_path / "state.safetensors"
        trained(
            checkpoint_steps=(3,),
            on_checkpoint=lambda state: state.save(path, origin),
        )
        start = TrainingState.load(path, origin, "cpu")
        assert start.step == 3
        rest = trained(start=start)
        for name, its in whole.parameters.items():
            assert torch.equal(rest.parameters[name], its)
        assert rest.log == whole.log

    def test_no_population_of_them(self):
        said = obstacle(Line(), [WORLD] * 2, training(), [0, 1])
        assert said == "the model family has no logits_of_sequences"


def test_no_bridge_and_one_clear_error(tmp_path, monkeypatch):
    model = models.build({"name": "bottleneck", "d_hidden": 2, "n_inputs": 3}, 6, 6)
    with pytest.raises(ValueError, match=r"this model is of the family bottleneck"):
        inspection.open_bridge(model, model.initial_parameters(0))
    monkeypatch.setattr(Run, "model", model)
    monkeypatch.setattr(Run, "parameters", lambda self, step: model.initial_parameters(0))
    with pytest.raises(ValueError, match=r"TransformerLens opens transformers.*use run\.model"):
        Run(tmp_path).bridge()
    there = {name for name in models.names() if inspection.has_bridge(name)}
    assert {"pretrained", "transformer"} <= there
    assert "bottleneck" not in there


def test_every_family_says_what_it_takes():
    for name in models.names():
        assert models.load_planning(name).TAKES in ("sequences", "vectors")


def test_sequences_still_come_as_questions():
    told = {"name": "composition", "n_entities": 20, "n_relations": 4, "id_trained": 0.8}
    world = composition.generate(composition.Settings(**told), 0)
    assert isinstance(draw(world, {"atomic": 4}, 0, 0), Batch)
    assert full(world, "atomic") is full(world, "atomic")


def test_checksums_tell_datasets_of_two_parents_apart(tmp_path):
    folder = RunFolder(tmp_path / "study/condition/seed_0")
    sums = []
    for source in ("one", "two"):
        write_dataset(folder, WORLD, {}, Origin(folder.run, "a", "b", source))
        sums.append(checksum(folder.dataset))
    assert sums[0] != sums[1]
