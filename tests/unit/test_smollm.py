"""Studies of a real model ask another one, if its folder is named: one key, as their files say, and all
jobs of a run."""

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
from tests.unit.test_invented_facts import SMALL_WORLDS

STUDY = "config/studies/smollm.yaml"
FACTS = "config/studies/smollm_facts.yaml"
CHANGED = {
    "ioi": {"n_examples": 4},
    "word_tasks": {"n_examples": 4},
    "induction": {"n_symbols": 40, "n_test": 4},
    "invented_facts": SMALL_WORLDS[0],
}


def asking_of_another(root: Path, kind: str, study: str, **more: int) -> Files:
    """A project that runs a study with a tiny model of an architecture in place of the real one."""
    pieces = all_pieces()
    folder = checkpoints.save(kind, root / "own", rows=len(pieces) + 3, positions=64, pieces=pieces)
    files = Files.copied(root / "project")
    files.set(CONFIG, "studies", [study])
    own = {"checkpoint": str(folder), "revision": None, "checksum": None, **more}
    files.set(CONFIG, "overrides", {study: {"model": own}})
    files.set(f"config/studies/{study}.yaml", "quotes", [])
    return files


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def project(request, tmp_path_factory):
    """The study of what is there already."""
    root = tmp_path_factory.mktemp(request.param)
    files = asking_of_another(root, request.param, "smollm", first_token=1)
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


@pytest.fixture(scope="module", params=["llama", "gpt2", "pythia"])
def facts(request, tmp_path_factory):
    """The study of invented facts, in a small world."""
    root = tmp_path_factory.mktemp(request.param)
    files = asking_of_another(root, request.param, "smollm_facts")
    for key, value in {"steps": 6, "warmup_steps": 2}.items():
        files.set(FACTS, f"training.{key}", value)
    files.set(FACTS, "checkpoints", {"schedule": "log", "count": 3, "first": 2})
    return files.load()


@pytest.mark.parametrize("name", ["facts", "half_composed"])
def test_all_jobs_of_a_run_that_is_told_facts(facts, name, tmp_path):
    its = facts.studies["smollm_facts"].conditions[name]
    run = Run(tmp_path / f"results/smollm_facts/{name}/seed_0")
    for stage, told in (
        (dataset, its.dataset_job),
        (train, its.train_job),
        (evaluate, its.evaluate_job),
        (analyse, its.analyse_job),
    ):
        work(stage, run.path, told)
    assert set(run.measures["step"]) == {0, 2, 6}
    assert {"right_among", "change", "state_cosine"} <= set(run.measures["measure"])
    assert {"hop_right", "probed_as_token"} <= set(run.analyses["measure"])
    assert ("recall_of_mlps" in set(run.analyses["measure"])) == (name == "facts")
