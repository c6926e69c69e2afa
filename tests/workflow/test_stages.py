"""The code that a job really loads is code that its fingerprint covers."""

import re
from types import SimpleNamespace

import pytest

from onset.code.fingerprint import _closure
from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.workflow.jobs import Jobs, runs

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("stage", ["dataset", "train", "evaluate", "analyse"])
def test_of_a_run(finished, monkeypatch, stage):
    monkeypatch.setattr(runs, "fingerprint", lambda *modules: " ".join(modules))
    project = load_project(read_yaml(finished.root / finished.config), finished.root)
    run = SimpleNamespace(study="tiny", condition="plain", seed="0")
    covered = _closure(tuple(Jobs(project).runs.code(stage, run).split()))

    settings = getattr(project.condition("tiny", "plain"), f"{stage}_job")
    module = ("-X", "importtime", "-m", f"onset.stages.{stage}")
    done = finished.python(*module, "results/tiny/plain/seed_0", "--settings", settings)
    assert done.returncode == 0, done.stderr
    loaded = set(re.findall(r"^import time: .*\| +(onset[.\w]*)$", done.stderr, re.MULTILINE))
    assert "onset.store.atomic" in loaded
    assert loaded <= covered
