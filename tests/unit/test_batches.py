"""The batches of a finished run are those that its training saw, bit by bit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.testing import assert_close

from onset import tasks
from onset.models.batch import Batch, VectorBatch
from onset.results import Run
from onset.tasks.worlds import AnyTaskSettings, drawn_from_parent, kind_of
from onset.training import loop, population
from onset.training.losses import loss_on
from tests.unit import test_activations
from tests.unit.test_train_stage import call, dataset_stage, interrupt_after, train
from tests.worlds import made_of_nothing, settings_of

STEPS = 5
TRANSFORMER = {"name": "transformer", "n_layers": 1, "d_model": 8, "n_heads": 2, "d_mlp": 8}
DICTIONARY = {"name": "dictionary", "kind": "l1", "n_latents": 8, "sparsities": [0.1]}
WORLDS = made_of_nothing()


def told(task: AnyTaskSettings, mixture: dict[str, float], **changes: Any) -> dict[str, Any]:
    """The settings of a short training."""
    training = {"steps": STEPS, "batch_size": 10, "mixture": mixture, "learning_rate": 0.01}
    return {
        "model": TRANSFORMER if kind_of(task) == "sequences" else DICTIONARY,
        "training": {**training, **changes},
        "checkpoints": {"schedule": "linear", "count": STEPS + 1},
        "parent": None,
        "device": "cpu",
        "threads": 1,
    }


def evenly(task: AnyTaskSettings) -> dict[str, float]:
    """A mixture of all that may be trained on, in an order that no sorting gives back."""
    names = sorted(task.trained, reverse=True)
    return {name: 1 / len(names) for name in names}


def new_run(root: Path, task: AnyTaskSettings, seed: int = 3, **folders: list[Path]) -> Path:
    """With its dataset."""
    run = root / f"study/{task.name}/seed_{seed}"
    call(dataset_stage.work, {"task": task.model_dump(mode="json"), "threads": 1}, run, **folders)
    return run


@pytest.fixture
def seen(monkeypatch) -> list[Batch | VectorBatch]:
    """What trainings compute losses on from now on, each run by itself."""
    found: list[Batch | VectorBatch] = []

    def watched(batch: Batch | VectorBatch, *rest: Any) -> torch.Tensor:
        found.append(batch)
        return loss_on(batch, *rest)

    monkeypatch.setattr(loop, "loss_on", watched)
    return found


def assert_same(one: Batch | VectorBatch, other: Batch | VectorBatch) -> None:
    """To the bit."""
    assert type(one) is type(other)
    assert torch.equal(one.targets, other.targets)
    if isinstance(one, VectorBatch):
        assert torch.equal(one.inputs, other.inputs)
        assert (one.weights is None) == (other.weights is None)
        assert one.weights is None or torch.equal(one.weights, other.weights)
        return
    for its, others in zip(one.questions, other.questions, strict=True):
        assert its.tokens.tobytes() == others.tokens.tobytes()
        assert (its.tokens.shape, its.scored, its.hops) == (
            others.tokens.shape,
            others.scored,
            others.hops,
        )


def assert_all_seen(run: Path, seen: list[Batch | VectorBatch]) -> None:
    assert len(seen) == STEPS
    for step, batch in enumerate(seen):
        assert_same(Run(run).batch(step), batch)


@pytest.mark.parametrize("task", WORLDS)
def test_batches_of_every_task(tmp_path, seen, task):
    run = new_run(tmp_path, WORLDS[task])
    settings = told(WORLDS[task], evenly(WORLDS[task]))
    if task == "superposition":
        settings["model"] = {
            "name": "bottleneck",
            "n_inputs": WORLDS[task].n_features,
            "d_hidden": 2,
        }
    train(settings, run)
    assert_all_seen(run, seen)


def test_batches_of_a_dataset_that_is_made_from_another_run(tmp_path, seen):
    parent_task = test_activations.TASK
    parent = new_run(tmp_path, parent_task)
    model = test_activations.MODEL.model_dump(mode="json")
    train({**told(parent_task, evenly(parent_task)), "model": model}, parent)
    seen.clear()
    (task,) = filter(drawn_from_parent, map(settings_of, tasks.names()))
    run = new_run(tmp_path, task, parents=[parent])
    train(told(task, {"train": 1.0}), run)
    assert_all_seen(run, seen)


@pytest.mark.parametrize(("task", "name"), [("modular_addition", "train"), ("features", "test")])
def test_a_full_batch_is_the_whole_split_at_every_step(tmp_path, seen, task, name):
    run = new_run(tmp_path, WORLDS[task])
    train(told(WORLDS[task], {name: 1.0}, batch_size=None), run)
    assert_all_seen(run, seen)
    batch, split = Run(run).batch(0), Run(run).dataset.splits[name]
    assert len(batch.targets) == len(split)
    few = Run(run).batch(0, n=2)
    assert torch.equal(few.targets, batch.targets[:2])


def test_batches_of_a_run_with_a_parent(tmp_path, seen):
    task = WORLDS["finetuning"]
    parent, run = new_run(tmp_path, task), new_run(tmp_path / "later", task)
    train(told(task, evenly(task)), parent)
    seen.clear()
    settings = {**told(task, {task.trained[0]: 1.0}), "parent": {"condition": task.name}}
    train(settings, run, parents=[parent])
    assert_all_seen(run, seen)
    assert len(Run(run).batch(0).questions) == 1


@pytest.mark.parametrize("task", ["induction", "composition"])
def test_batches_of_a_training_that_was_interrupted(tmp_path, monkeypatch, seen, task):
    run, settings = new_run(tmp_path, WORLDS[task]), told(WORLDS[task], evenly(WORLDS[task]))
    with monkeypatch.context() as patched:
        interrupt_after(patched, 3)
        with pytest.raises(KeyboardInterrupt):
            train(settings, run)
    assert len(seen) == 2
    train(settings, run)
    assert_all_seen(run, seen)


def test_batches_of_each_member_of_a_population(tmp_path, monkeypatch):
    """Which is trained by another loop."""
    seen: dict[int, list[Batch]] = {0: [], 1: []}
    losses = population._losses

    def watched(model: Any, parameters: Any, batches: tuple[Batch, ...], loss: str) -> Any:
        for member, batch in enumerate(batches):
            seen[member].append(batch)
        return losses(model, parameters, batches, loss)

    monkeypatch.setattr(population, "_losses", watched)
    task = WORLDS["composition"]
    runs = [new_run(tmp_path, task, seed) for seed in seen]
    train(told(task, evenly(task)), *runs)
    for member, run in enumerate(runs):
        assert_all_seen(run, seen[member])
    first, second = (Run(run).batch(0) for run in runs)
    assert not torch.equal(first.targets, second.targets)


@pytest.fixture
def mixed(tmp_path) -> Run:
    """A run whose batches hold 7 examples of one split and 3 of another."""
    task = WORLDS["composition"]
    run = new_run(tmp_path, task)
    train(told(task, {"atomic": 0.7, "composed_train": 0.3}), run)
    return Run(run)


def test_a_batch_gives_the_logs_loss_at_its_checkpoint(mixed):
    for step in range(STEPS):
        loss = loss_on(mixed.batch(step), mixed.model, mixed.parameters(step))
        assert_close(float(loss), mixed.training_log["loss"][step])
        other = loss_on(mixed.batch((step + 1) % STEPS), mixed.model, mixed.parameters(step))
        assert float(other) != pytest.approx(mixed.training_log["loss"][step])


def test_batches_are_mixed_as_the_settings_say(mixed):
    rows = Counter()
    for step in range(STEPS):
        atomic, composed = mixed.batch(step).questions
        assert (len(atomic.tokens), len(composed.tokens)) == (7, 3)
        for name, its in (("atomic", atomic), ("composed_train", composed)):
            known = {row.tobytes() for row in mixed.dataset.splits[name].tokens}
            assert {row.tobytes() for row in its.tokens} <= known
            rows.update(row.tobytes() for row in its.tokens)
    assert len(rows) > 10


def test_the_first_examples_of_each_split(mixed):
    whole, few = mixed.batch(2), mixed.batch(2, n=4)
    assert [len(its.tokens) for its in few.questions] == [4, 3]
    for its, all_of_it in zip(few.questions, whole.questions, strict=True):
        assert (its.tokens == all_of_it.tokens[:4]).all()
    assert few.targets.tolist() == [*whole.targets[:4], *whole.targets[7:]]
    assert_same(mixed.batch(2, n=7), whole)
    assert_same(mixed.batch(2, n=1000), whole)


def test_the_first_examples_where_many_positions_are_scored(tmp_path):
    task = WORLDS["induction"]
    run = new_run(tmp_path, task)
    train(told(task, {"fresh": 1.0}), run)
    (questions,), (few,) = (Run(run).batch(1, n).questions for n in (None, 3))
    assert len(few.tokens) == 3
    n_scored = len(questions.scored)
    assert n_scored > 1
    whole = Run(run).batch(1).targets
    assert torch.equal(Run(run).batch(1, 3).targets, whole[: 3 * n_scored])


def test_the_first_examples_of_vectors(tmp_path):
    task = WORLDS["superposition"]
    run = new_run(tmp_path, task)
    model = {"name": "bottleneck", "n_inputs": task.n_features, "d_hidden": 2}
    train({**told(task, evenly(task)), "model": model}, run)
    whole, few = Run(run).batch(4), Run(run).batch(4, n=6)
    assert torch.equal(few.inputs, whole.inputs[:6])
    assert torch.equal(few.targets, whole.targets[:6])
    assert few.weights is not None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((STEPS,), "no update starts from step 5: training has those from 0 to 4"),
        ((-1,), "no update starts from step -1"),
        ((0, 0), "n is the number of examples of each split: at least 1, not 0"),
    ],
)
def test_what_there_is_no_batch_for_is_refused(mixed, asked, message):
    with pytest.raises(ValueError, match=message):
        mixed.batch(*asked)
