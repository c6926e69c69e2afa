"""The study of a real model asks another one, if its folder is named: one key, and all jobs of a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from onset.results import Run
from onset.stages import analyse, dataset, evaluate, train
from onset.workflow.jobs import Jobs
from tests import checkpoints
from tests.config_files import CONFIG, Files
from tests.texts import all_pieces

STUDY = "config/studies/smollm.yaml"
CHANGED = {
    "ioi": {"n_examples": 4},
    "word_tasks": {"n_examples": 4},
    "induction": {"n_symbols": 40, "n_test": 4},
}


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def project(request, tmp_path_factory):
    """The study, with a tiny model of an architecture in place of the real one."""
    root = tmp_path_factory.mktemp(request.param)
    pieces = all_pieces()
    folder = checkpoints.save(
        request.param, root / "own", rows=len(pieces) + 3, positions=64, pieces=pieces
    )
    files = Files.copied(root / "project")
    files.set(CONFIG, "studies", ["smollm"])
    files.set(STUDY, "model", {"name": "pretrained", "checkpoint": str(folder), "first_token": 1})
    files.set(STUDY, "quotes", [])
    for name in ("repeated", "repeated_untrained"):
        files.set(STUDY, f"conditions.{name}.task.n_symbols", 40)
    return files.load()


def work(stage, run: Path, told: str) -> None:
    settings = json.loads(told)
    if "task" in settings:
        settings["task"] |= CHANGED[settings["task"]["name"]]
    given = {"run": run, "runs": [run], "parents": [], "sources": [], "code": "none"}
    stage.work(argparse.Namespace(**given, settings=settings))


@pytest.mark.parametrize(
    "name", ["ioi", "ioi_untrained", "repeated", "repeated_untrained", "words", "words_untrained"]
)
def test_all_jobs_of_a_run(project, name, tmp_path):
    its = project.studies["smollm"].conditions[name]
    run = Run(tmp_path / f"results/smollm/{name}/seed_0")
    work(dataset, run.path, its.dataset_job)
    work(train, run.path, its.train_job)
    work(evaluate, run.path, its.evaluate_job)
    assert run.measures["value"].notna().all()
    assert set(run.measures["step"]) == {0}
    if its.analyses.names:
        work(analyse, run.path, its.analyse_job)
        found = set(run.analyses["measure"])
        expected = {
            "ioi": {"head_effect", "attention_to_right", "mean_by_norm", "all_paths_lost_lead"},
            "repeated": {"without_induction_heads_loss", "without_random_heads_loss"},
            "words": {"head_effect"},
        }
        assert expected[name] <= found
        assert run.analyses["value"].notna().all()


def test_the_atlas_looks_at_the_model_once(project):
    """All conditions ask the same one; and what nobody has trained isn't gathered."""
    told = json.loads(Jobs(project).collections.collect_settings("atlas", "smollm"))
    assert [(its["name"], its["seeds"]) for its in told["conditions"]] == [("ioi", [0])]
