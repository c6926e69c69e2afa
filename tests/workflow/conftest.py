"""A project of its own in a temporary folder, with a study that trains in a second per run.

Snakemake runs in other processes, on the copied code: what tests edit is never the repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from onset.config.yaml_file import read_yaml
from onset.store.atomic import write_text
from onset.store.recording import recorded
from tests import files, forked

ROOT = Path(__file__).parents[2]
SOURCES = ("Snakefile", "benchmarks", "config", "paper", "profiles", "src", "workflow")
NOT_COPIED = shutil.ignore_patterns("*.egg-info")

CONFIG = {"studies": ["tiny"], "seeds": [0], "paper": False}
STUDY = {
    "title": "A tiny study",
    "question": "Does an edit run what it must, and nothing else?",
    "task": {"name": "composition", "n_entities": 20, "n_relations": 4, "id_trained": 0.7},
    "model": {
        "name": "transformer",
        "n_loops": 2,
        "d_model": 16,
        "n_heads": 2,
        "d_mlp": 32,
    },
    "training": {
        "steps": 10,
        "batch_size": 32,
        "mixture": {"atomic": 0.5, "composed_train": 0.5},
        "learning_rate": 1.0e-3,
    },
    "checkpoints": {"schedule": "linear", "count": 3},
    "measures": ["prediction"],
    "analyses": {"names": ["attention"]},
    "conditions": {
        "plain": None,
        "fast": {"training": {"learning_rate": 1.0e-2}},
        "child": {"parent": {"condition": "plain"}},
    },
}
NOTEBOOK = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# The least that a notebook does.

# %% tags=["parameters"]
study_name = "tiny"
results = "results"

# %%
from onset.notebook.here import here

study = here(study_name, results)
study.save_numbers({"measurements": str(len(study.measures))})
"""


class Project:
    """A copy of the project: edit it, ask Snakemake what it would do, let it do it."""

    config = "config/config.yaml"
    study = "config/studies/tiny.yaml"
    notebook = "workflow/notebooks/tiny.py"
    repository = ROOT

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def copied(cls, root: Path, folder: Path) -> Project:
        """A project as it lies in a folder, with all times and Snakemake's records, in another one."""
        shutil.copytree(root, folder, ignore=NOT_COPIED)
        return cls(folder)

    def name_in_notebook(self, notebook: str, figures: list[str], tables: list[str]) -> None:
        """Let a notebook have figures and tables, by name; it never comes to make them."""
        calls = [f'    study.save_figure(None, "{name}", None)' for name in figures]
        calls += [f'    study.save_table(None, "{name}", "")' for name in tables]
        self.edit(notebook, lambda text: "\n".join([text, "if not study:", *calls, ""]))

    # ---- edits ----------------------------------------------------------------------------

    def edit(self, file: str, change: Callable[[str], str]) -> None:
        """Change a file's text; an edit that changes nothing would test nothing."""
        path = self.root / file
        before = path.read_text()
        path.write_text(change(before))
        assert path.read_text() != before

    def replace(self, file: str, old: str, new: str) -> None:
        assert old in (self.root / file).read_text()
        self.edit(file, lambda text: text.replace(old, new, 1))

    def set(self, file: str, path: str, value: Any) -> None:
        """Put a value at a path of keys in a YAML file, dots between."""
        content = read_yaml(self.root / file)
        *above, last = path.split(".")
        place = content
        for key in above:
            place = place[key]
        place[last] = value
        self.edit(file, lambda _: yaml.safe_dump(content, sort_keys=False))

    # ---- Snakemake --------------------------------------------------------------------------

    @property
    def _environment(self) -> dict[str, str]:
        of_jobs = forked.jobs_server()
        return {**os.environ, **of_jobs, "PYTHONPATH": str(self.root / "src")}

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self._environment,
            capture_output=True,
            text=True,
        )

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return forked.run("snakemake", ["--nocolor", *arguments], self.root, self._environment)

    def plan(self, *arguments: str) -> dict[str, list[str]]:
        """The jobs that a dry run announces, with their inputs.

        A job is named by its rule and what it is about: `train tiny/plain/0`, `summarise tiny`.
        """
        done = self.snakemake("-n", "--quiet", "host", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        said = done.stdout + done.stderr
        jobs = {}
        _, *blocks = re.split(r"^(?:local)?rule (?=\w+:$)", said, flags=re.MULTILINE)
        for block in blocks:
            rule, _, details = block.partition(":\n")
            found = dict(re.findall(r"^    (\w+): (.*)$", details, re.MULTILINE))
            values = re.findall(r"=([\w.-]+)", found.get("wildcards", ""))
            jobs[f"{rule} {'/'.join(values)}".strip()] = found.get("input", "").split(", ")
        total = re.search(r"^total +(\d+)$", said, re.MULTILINE)
        assert len(jobs) == (int(total[1]) if total else 0), said
        assert jobs or "Nothing to be done" in said
        jobs.pop("all", None)
        return jobs

    def write_on_record(self, folder: Path, job: str, target: str) -> None:
        """Leave an empty file as a job would."""
        with recorded(folder, job, target):
            write_text(folder / target, "")

    def take_for_done(self) -> None:
        """Record what lies in results/ as made by the code and the config that are there now."""
        done = self.snakemake("--touch", "--forceall", "--cores", "1")
        assert done.returncode == 0, done.stdout + done.stderr


def copy_sources(root: Path) -> None:
    """All that Snakemake needs of the repository, into an empty folder."""
    files.compiled(ROOT / "src")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=NOT_COPIED)
        else:
            shutil.copy2(source, root / name)


def new_project(root: Path) -> Project:
    """The tiny project, with nothing run yet. Adding a study is one YAML file and one notebook."""
    copy_sources(root)
    project = Project(root)
    (root / project.config).write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    (root / project.study).write_text(yaml.safe_dump(STUDY, sort_keys=False))
    (root / project.notebook).write_text(NOTEBOOK)
    return project


@pytest.fixture
def fresh(tmp_path) -> Project:
    """The tiny project before anything has run."""
    return new_project(tmp_path)


def run_whole(project: Project) -> None:
    done = project.snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def _finished(tmp_path_factory) -> Path:
    return files.made_once(tmp_path_factory, "finished", lambda root: run_whole(new_project(root)))


@pytest.fixture
def finished(_finished, tmp_path) -> Project:
    """The tiny project after a whole run."""
    return Project.copied(_finished, tmp_path / "project")
