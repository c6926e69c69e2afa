"""A tiny study with a figure, a table, a paper, and trainings long enough to be interrupted."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests import files
from tests.workflow.conftest import Project, new_project, run_whole

PAPER = os.environ.get("ONSET_PAPER", "yes") != "no"
RUN = "results/tiny/plain/seed_0"
STEPS = 600

_FIGURE = """\

# %%
from matplotlib.figure import Figure

from onset.figures.curves import plot_over_training
from onset.figures.style import styles
from onset.statistics.seeds import over_seeds

measures = study.measures
chosen = measures[(measures["measure"] == "accuracy") & (measures["split"] == "atomic")]
accuracy = over_seeds(chosen, ["condition", "measure", "step"])
figure = Figure()
plot_over_training(figure.subplots(), accuracy, styles(study.conditions))
study.save_figure(figure, "accuracy", accuracy)
study.save_table(study.summary, "ends", study.summary.to_latex(index=False, escape=True))
"""


def new_study(root: Path) -> Project:
    """The study of two conditions, with nothing run yet."""
    root.mkdir()
    project = new_project(root)
    if PAPER:
        project.set(project.config, "paper", True)
    conditions = {"plain": None, "fast": {"training": {"learning_rate": 1.0e-2}}}
    project.set(project.study, "conditions", conditions)
    project.set(project.study, "training.steps", STEPS)
    project.set(project.study, "checkpoints.count", 13)
    project.set(project.study, "figures", {"accuracy": "Accuracy along training."})
    project.set(project.study, "tables", {"ends": "Where the trainings end."})
    project.edit(project.notebook, lambda text: text + _FIGURE)
    return project


def contents(project: Project, below: str = "results") -> dict[str, bytes]:
    return files.contents(project.root / below)


def said(done: CompletedProcess[str]) -> str:
    """What stood on the terminal."""
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Project:
    """A whole run that nothing disturbed. Not to be changed: copy it."""
    folder = files.made_once(tmp_path_factory, "undisturbed", _run_undisturbed)
    project = Project(folder / "project")
    project.seconds = float((folder / "seconds").read_text())
    return project


def _run_undisturbed(folder: Path) -> None:
    project = new_study(folder / "project")
    began = time.monotonic()
    run_whole(project)
    (folder / "seconds").write_text(str(time.monotonic() - began))
    made = contents(project)
    kinds = {"pdf", "png", "csv", "parquet", "safetensors"}
    assert kinds <= {name.rpartition(".")[2] for name in made}
    assert ("paper/paper.pdf" in made) == PAPER


@pytest.fixture
def fresh(tmp_path) -> Project:
    """The study before anything has run."""
    return new_study(tmp_path / "project")


@pytest.fixture
def finished(undisturbed, tmp_path) -> Project:
    """A copy of the whole run, to be damaged."""
    return Project.copied(undisturbed.root, tmp_path / "project")


@pytest.fixture(scope="module")
def _shared(undisturbed, tmp_path_factory) -> Path:
    return Project.copied(undisturbed.root, tmp_path_factory.mktemp("shared") / "project").root


@pytest.fixture
def here(undisturbed, _shared, monkeypatch) -> Path:
    """A finished project, as the current folder; each test finds all results, whatever the last one did."""
    monkeypatch.chdir(_shared)
    shutil.rmtree(_shared / "results")
    shutil.copytree(undisturbed.root / "results", _shared / "results")
    return _shared
