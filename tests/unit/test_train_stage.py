"""The training stage: several runs in one call, each with folders of its own, and interruptions."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from onset.stages import dataset as dataset_stage
from onset.stages import train as train_stage
from onset.stages.command import StageError
from onset.store.layout import RunFolder
from onset.store.tensors import load_arrays
from onset.training.state import TrainingState
from tests import checkpoints
from tests.files import contents, differing

TASK = {
    "name": "induction",
    "n_symbols": 12,
    "length": 10,
    "segment": (3, 5),
    "n_train": 8,
    "n_test": 8,
}
MODEL = {"name": "transformer", "n_layers": 2, "d_model": 12, "n_heads": 2, "d_mlp": 0}
TRAINING = {"steps": 8, "batch_size": 4, "mixture": {"fresh": 1.0}, "learning_rate": 0.01}
TOLD = {
    "model": MODEL, "training": TRAINING, "checkpoints": {"schedule": "linear", "count": 5},
    "parent": None, "device": "cpu", "threads": 1,
}  # fmt: skip
AS_LARGE = {
    "name": "removal",
    "what": "largest",
    "fraction": 0.2,
    "null": True,
    "source": {"condition": "a"},
}
OF_TWO = {
    "name": "transplant", "heads": "least_inductive",
    "source": {"condition": "a", "seeds_on": [0, 1]}, "before_step": 4,
}  # fmt: skip
OPERATED = {**TOLD, "interventions": [AS_LARGE, OF_TWO]}


def call(work, told: dict[str, Any], *runs: Path, **folders: list[Path]) -> None:
    others = {"parents": [], "sources": [], **folders}
    work(argparse.Namespace(run=runs[0], runs=list(runs), settings=told, code="none", **others))


def train(told: dict[str, Any], *runs: Path, **folders: list[Path]) -> None:
    call(train_stage.work, told, *runs, **folders)


def new_runs(root: Path, condition: str, *seeds: int) -> list[Path]:
    """With their datasets."""
    runs = [root / f"study/{condition}/seed_{seed}" for seed in seeds]
    for run in runs:
        call(dataset_stage.work, {"task": TASK}, run)
    return runs


@pytest.fixture
def sources(tmp_path) -> list[Path]:
    """Two finished runs."""
    runs = new_runs(tmp_path, "a", 0, 1)
    for run in runs:
        train(TOLD, run)
    return runs


def looked_at(sources: list[Path], seed: int) -> list[Path]:
    """By each intervention of a run, as the rules have it."""
    one, other = sources if seed == 0 else reversed(sources)
    return [one, one, other]


class TestSeveralRuns:
    def test_each_is_operated_on_as_it_would_be_alone(self, tmp_path, sources):
        alone, together = (new_runs(tmp_path / its, "b", 0, 1) for its in ("alone", "together"))
        for seed, run in enumerate(alone):
            train(OPERATED, run, sources=looked_at(sources, seed))
        train(OPERATED, *together, sources=looked_at(sources, 0) + looked_at(sources, 1))
        plain = new_runs(tmp_path / "plain", "b", 0)
        train(TOLD, *plain)
        assert differing(contents(tmp_path / "alone"), contents(tmp_path / "together")) == []
        of_plain, of_operated = (contents(its[0] / "checkpoints") for its in (plain, alone))
        assert differing(of_plain, of_operated) != []

    @pytest.mark.parametrize(
        ("n_runs", "n_sources", "message"),
        [
            (1, 0, "--sources: the settings ask for 3, and there are none given"),
            (1, 2, "--sources: the settings ask for 3, and there are 2 given"),
            (2, 3, "--sources: the settings ask for 3 for each of 2 runs, and there are 3 given"),
        ],
    )
    def test_too_few_sources_are_refused(self, tmp_path, n_runs, n_sources, message):
        runs = new_runs(tmp_path, "b", *range(n_runs))
        with pytest.raises(StageError, match=f"^{message}$"):
            train(OPERATED, *runs, sources=[tmp_path / "somewhere"] * n_sources)

    def test_what_nobody_asks_for_is_refused(self, tmp_path):
        runs = new_runs(tmp_path, "b", 0)
        for option in ("parents", "sources"):
            with pytest.raises(
                StageError, match=f"--{option}: the settings ask for none, and there are 1"
            ):
                train(TOLD, *runs, **{option: [tmp_path / "somewhere"]})

    def test_a_parent_is_not_forgotten(self, tmp_path):
        runs = new_runs(tmp_path, "b", 0, 1)
        told = {**TOLD, "parent": {"condition": "a"}}
        with pytest.raises(
            StageError, match="--parents: the settings ask for 1 for each of 2 runs"
        ):
            train(told, *runs)


def interrupt_after(monkeypatch, n_states: int) -> None:
    """The next training stops once so many states are kept."""
    save, kept = TrainingState.save, []

    def save_and_stop(self, *where) -> None:
        save(self, *where)
        kept.append(self.step)
        if len(kept) == n_states:
            raise KeyboardInterrupt

    monkeypatch.setattr(TrainingState, "save", save_and_stop)


@pytest.mark.parametrize("n_states", range(1, 5))  # the last checkpoint is the end
def test_a_run_that_was_operated_on_goes_on_to_the_same_bytes(
    tmp_path, monkeypatch, sources, n_states
):
    whole, other = (new_runs(tmp_path / its, "b", 0) for its in ("whole", "other"))
    train(OPERATED, *whole, sources=looked_at(sources, 0))
    with monkeypatch.context() as patched:
        interrupt_after(patched, n_states)
        with pytest.raises(KeyboardInterrupt):
            train(OPERATED, *other, sources=looked_at(sources, 0))
    train(OPERATED, *other, sources=looked_at(sources, 0))
    assert differing(contents(tmp_path / "whole"), contents(tmp_path / "other")) == []


@pytest.mark.parametrize("n_states", range(1, 8))
def test_a_population_goes_on_to_the_same_bytes(tmp_path, monkeypatch, n_states):
    """Also where some members have kept a state that the others haven't."""
    whole, other = (new_runs(tmp_path / its, "b", 0, 1) for its in ("whole", "other"))
    train(TOLD, *whole)
    with monkeypatch.context() as patched:
        interrupt_after(patched, n_states)
        with pytest.raises(KeyboardInterrupt):
            train(TOLD, *other)
    train(TOLD, *other)
    assert differing(contents(tmp_path / "whole"), contents(tmp_path / "other")) == []


def test_what_is_never_trained_is_not_stored_again_to_go_on_from(tmp_path, monkeypatch):
    model = {
        "name": "pretrained", "checkpoint": str(checkpoints.save("llama", tmp_path / "own", positions=12)),
        "first_token": 1, "adapter": {"rank": 2},
    }  # fmt: skip
    told = {**TOLD, "model": model}
    whole, other = (new_runs(tmp_path / its, "b", 0) for its in ("whole", "other"))
    train(told, *whole)
    with monkeypatch.context() as patched:
        interrupt_after(patched, 3)
        with pytest.raises(KeyboardInterrupt):
            train(told, *other)
    kept, _ = load_arrays(RunFolder(other[0]).training_state)
    names = [name for name in kept if name.startswith("parameters/")]
    assert names
    assert all("adapter" in name for name in names)
    train(told, *other)
    assert differing(contents(tmp_path / "whole"), contents(tmp_path / "other")) == []


@pytest.mark.slow
def test_killed_without_a_last_word(tmp_path, sources):
    whole, other = (new_runs(tmp_path / its, "b", 0) for its in ("whole", "other"))
    train(OPERATED, *whole, sources=looked_at(sources, 0))
    program = (
        "import os, runpy, signal, onset.training.state as s; save = s.TrainingState.save\n"
        "def dying(self, *where):\n"
        "    save(self, *where)\n"
        "    if self.step: os.kill(os.getpid(), signal.SIGKILL)\n"
        "s.TrainingState.save = dying\n"
        "runpy.run_module('onset.stages.train', run_name='__main__')"
    )
    told = ["--settings", json.dumps(OPERATED), "--code", "none", "--sources"]
    arguments = [str(other[0]), *told, *map(str, looked_at(sources, 0))]
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    train(OPERATED, *other, sources=looked_at(sources, 0))
    assert differing(contents(tmp_path / "whole"), contents(tmp_path / "other")) == []
