"""The code that a job really loads is code that its fingerprint covers."""

import re
from types import SimpleNamespace

import pytest

from onset.code.fingerprint import closure
from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.workflow.jobs import Jobs, collections, runs

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("stage", ["dataset", "train", "evaluate", "analyse"])
def test_of_a_run(finished, monkeypatch, stage):
    monkeypatch.setattr(runs, "fingerprint", lambda *modules: " ".join(modules))
    project = load_project(read_yaml(finished.root / finished.config), finished.root)
    run = SimpleNamespace(study="tiny", condition="plain", seed="0")
    covered = closure(tuple(Jobs(project).runs.code(stage, run).split()))

    settings = getattr(project.condition("tiny", "plain"), f"{stage}_job")
    arguments = ("results/tiny/plain/seed_0", "--settings", settings)
    assert loaded_by(finished, stage, *arguments) <= covered


def loaded_by(project, stage: str, *arguments: str) -> set[str]:
    """The modules of ours that a stage's process imports."""
    done = project.python("-X", "importtime", "-m", f"onset.stages.{stage}", *arguments)
    assert done.returncode == 0, done.stderr
    loaded = set(re.findall(r"^import time: .*\| +(onset[.\w]*)$", done.stderr, re.MULTILINE))
    assert "onset.store.atomic" in loaded
    return loaded


def test_of_a_collection(finished, monkeypatch):
    monkeypatch.setattr(collections, "fingerprint", lambda *modules: " ".join(modules))
    project = load_project(read_yaml(finished.root / finished.config), finished.root)
    jobs, atlas = Jobs(project).collections, "results/atlas"
    of_study = jobs.collect_code("atlas")(SimpleNamespace(study="tiny"))
    table = f"{atlas}/studies/tiny.parquet"
    # What Python lists is imported by statements: of a module that is loaded by name, its imports.
    for stage, code, arguments, settings, its_import in (
        ("collect", of_study, ("results/tiny", table), "collect_tiny", "ablation"),
        ("combine", jobs.combine_code("atlas"), (atlas,), "combine", "kinds"),
    ):
        told = ("--settings", f"{atlas}/settings/{settings}.json")
        loaded = loaded_by(finished, stage, *arguments, *told)
        assert f"onset.collections.atlas.{its_import}" in loaded
        assert loaded <= closure(tuple(code.split()))
