"""The DAG through a real SLURM: the same results, also when a training is cancelled half-way."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.slurm.conftest import Slurm, until
from tests.workflow.conftest import STUDY, Project, new_project

pytestmark = pytest.mark.slow

PROFILE = "profiles/slurm/config.yaml"
# What a test can't wait for, what this SLURM hasn't got, and a GPU to ask for.
HERE = {
    "slurm-init-seconds-before-status-checks": 1,
    "seconds-between-status-checks": 1,
    "slurm-status-command": "squeue",
    "set-resources.train.gpu": 1,
}
# Long enough to be cancelled half-way.
STEPS = 6000
CHECKPOINTS = 31


def project_in(root: Path) -> Project:
    root.mkdir()
    project = new_project(root)
    project.set(project.study, "training.steps", STEPS)
    project.set(project.study, "checkpoints.count", CHECKPOINTS)
    kept = {name: STUDY["conditions"][name] for name in ("plain", "child")}
    project.set(project.study, "conditions", kept)
    for key, value in HERE.items():
        project.set(PROFILE, key, value)
    return project


def numbers_of(project: Project) -> dict[str, bytes]:
    """All that must be the same wherever it was made."""
    results = project.root / "results"
    kinds = (".csv", ".parquet", ".safetensors")
    files = [path for path in results.rglob("*") if path.suffix in kinds]
    files.append(results / "tiny/numbers.json")
    return {str(path.relative_to(results)): path.read_bytes() for path in sorted(files)}


@pytest.fixture(scope="module")
def cancelled(slurm: Slurm, tmp_path_factory) -> SimpleNamespace:
    """A run of the whole DAG through SLURM, with one training cancelled half-way."""
    project = project_in(tmp_path_factory.mktemp("cluster") / "project")
    checkpoints = project.root / "results/tiny/plain/seed_0/checkpoints"
    with ThreadPoolExecutor(1) as background:
        run = background.submit(project.snakemake, "--profile", "profiles/slurm")
        job = until(lambda: slurm.running("rule_train_wildcards_tiny_plain_0"), "it trains")
        until(lambda: len(list(checkpoints.glob("*"))) > CHECKPOINTS // 3, "checkpoints")
        asked = slurm.ask("scontrol", "show", "job", job)
        slurm.ask("scancel", job)
        done = run.result()
    assert done.returncode == 0, done.stdout + done.stderr
    return SimpleNamespace(project=project, job=job, asked=asked)


def test_a_job_asks_for_what_the_profile_says(cancelled):
    for told in ("TimeLimit=02:00:00", "MinMemoryNode=4000M", "NumCPUs=1", "TresPerJob=gres:gpu:1"):
        assert told in cancelled.asked


def test_every_job_but_the_cancelled_one_went_well(slurm, cancelled):
    ended = slurm.ended()
    assert ended.pop(cancelled.job) == "CANCELLED"
    # dataset, train and evaluate of two runs; summary, notebook, two pages at most
    assert len(ended) >= 8
    assert set(ended.values()) == {"COMPLETED"}


def test_a_cancelled_training_goes_on_from_its_last_checkpoint(cancelled):
    log = cancelled.project.root / "results/logs/tiny/plain/seed_0/train.log"
    step = int(re.search(r"goes on from step (\d+)", log.read_text())[1])
    assert STEPS // 4 <= step < STEPS


def test_results_are_those_of_a_local_run(cancelled, tmp_path):
    local = project_in(tmp_path / "project")
    done = local.snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    expected, found = numbers_of(local), numbers_of(cancelled.project)
    assert list(found) == list(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def test_nothing_is_left_to_do_locally(cancelled):
    assert cancelled.project.plan() == {}
