"""Models that a package ships, in the workflow: converted for what reads them, or their study left out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from onset.models import ORIGIN
from onset.models.pretrained import files
from tests import packages
from tests.texts import checkpoint_for
from tests.workflow.conftest import STUDY, Project, new_project

FOLDER = f".weights/{packages.NAME}-{packages.VERSION}"
NOTHING = "0" * 64
TEXTS = {
    **{key: STUDY[key] for key in ("title", "question")},
    "task": {"name": "ioi", "n_examples": 8},
    "training": {"steps": 0},
    "checkpoints": {"schedule": "explicit", "steps": [0]},
    "measures": ["prediction", "answer_lens"],
    "analyses": {"names": ["head_effects"], "checkpoints": 1},
    "conditions": {"own": None, "untrained": {"model": {"weights": "random"}}},
}


@pytest.fixture
def project(tmp_path) -> Project:
    """A study of sentences, asked of a model that a package ships; another that needs none beside it."""
    its = new_project(tmp_path)
    model = {
        "name": "pretrained",
        "checkpoint": packages.CHECKPOINT,
        "revision": packages.VERSION,
        "checksum": NOTHING,
    }
    for kind, text in (("studies", "yaml"), ("notebooks", "py")):
        folder = {"studies": "config/studies", "notebooks": "workflow/notebooks"}[kind]
        tiny = its.root / folder / f"tiny.{text}"
        (its.root / folder / f"worded.{text}").write_text(
            tiny.read_text().replace("tiny", "worded")
        )
    its.edit("config/studies/worded.yaml", lambda _: yaml.safe_dump({**TEXTS, "model": model}))
    its.set(its.config, "studies", ["tiny", "worded"])
    return its


def install(project: Project) -> None:
    """Into the project's own code, which is on the path of its jobs."""
    file = packages.installed(project.root / "src", reader=not (project.root / "src/gguf").exists())
    project.set("config/studies/worded.yaml", "model.checksum", packages.checksum(file))


def convert(project: Project) -> Path:
    folder = checkpoint_for("ioi", "llama", project.root / FOLDER)
    (folder / ORIGIN).write_text(files.sealed(folder, {"checksum": NOTHING}))
    return folder


def test_without_the_package_the_study_is_left_out(project):
    done = project.snakemake("-n")
    said = f"the study worded is left out: the package {packages.NAME} {packages.VERSION} isn't"
    assert done.returncode == 0
    assert (done.stdout + done.stderr).count(said) == 1
    jobs = project.plan()
    assert "train tiny/plain/0" in jobs
    assert not [job for job in jobs if "worded" in job]


def test_it_is_converted_once_before_all_that_reads_it(project):
    install(project)
    jobs = project.plan()
    assert [job for job in jobs if job.startswith("weights")] == [
        f"weights {packages.NAME}-{packages.VERSION}"
    ]
    readers = {job.split()[0] for job, inputs in jobs.items() if f"{FOLDER}/{ORIGIN}" in inputs}
    assert readers >= {"dataset", "train", "evaluate", "analyse", "notebook_worded"}
    assert not [job for job, its in jobs.items() if "tiny/" in job and f"{FOLDER}/{ORIGIN}" in its]


@pytest.mark.slow
def test_a_model_asked_in_words_from_nothing_to_pages(project):
    project.set(project.config, "studies", ["worded"])
    folder = convert(project)
    done = project.snakemake("--cores", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    results = project.root / "results/worded"
    assert (results / "index.html").exists()
    stored = results / "own/seed_0/checkpoints/step_0000000.safetensors"
    assert stored.stat().st_size < 4000
    summary = (results / "summary.csv").read_text()
    assert "own,ioi,accuracy" in summary
    assert not project.plan()
    # The cache may be made again at any time: which model it is, the settings say.
    (folder / ORIGIN).touch()
    assert not project.plan()
