"""config/studies/pythia.yaml on the checkpoints of a tiny training, from nothing to pages."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.texts import checkpoint_for
from tests.workflow.conftest import Project, new_project

STEPS = (0, 2, 8)


@pytest.fixture
def project(tmp_path) -> Project:
    its = new_project(tmp_path)
    for step in STEPS:
        checkpoint_for("ioi", "pythia", its.root / f"theirs/step{step}", seed=step)
    its.set(its.config, "studies", ["pythia"])
    its.set(its.config, "seeds", [0, 1])
    study = "config/studies/pythia.yaml"
    its.set(study, "model.checkpoint", "./theirs/step{step}")
    its.set(study, "model.revision", None)
    its.set(study, "model.first_token", 1)
    its.set(
        study, "task", {"name": "induction", "n_symbols": 40, "length": 20, "segment": [10, 10]}
    )
    its.set(study, "conditions.ioi.task", {"name": "ioi", "n_examples": 8})
    its.set(study, "training.steps", STEPS[-1])
    its.set(study, "checkpoints.steps", [*STEPS])
    return its


@pytest.mark.slow
def test_a_recorded_training_is_followed(project):
    done = project.snakemake("--cores", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.root / "results/pythia"
    drawn = {path.stem for path in (results / "figures").glob("*.pdf")}
    assert drawn == {"heads", "indirect_objects", "context"}
    named = pd.read_csv(results / "figures/indirect_objects.csv")
    assert sorted(named["step"].unique()) == [*STEPS]
    assert not project.plan()

    checkpoint_for("ioi", "pythia", project.root / "theirs/step2", seed=9)
    jobs = project.plan()
    assert "train pythia/ioi/0" in jobs, "its checkpoint has other weights now"
    assert "dataset pythia/repeated/0" not in jobs, "no text is in it"
