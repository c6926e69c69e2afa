"""A study of vectors made of another study's model comes by adding files, and waits for that model."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from onset.collections.atlas.reading import open_atlas
from onset.results import open_run
from onset.runs.artefacts import checksum
from onset.store.tensors import load_arrays
from tests.workflow.conftest import Project

pytestmark = pytest.mark.slow

STUDY = {
    "title": "Activations",
    "question": "Do vectors take the same road?",
    "task": {"name": "states"},
    "model": {"name": "bottleneck", "n_inputs": 16, "d_hidden": 4},
    "training": {
        "steps": 6,
        "batch_size": 8,
        "mixture": {"train": 1.0},
        "learning_rate": 1.0e-2,
    },
    "checkpoints": {"schedule": "linear", "count": 3},
    "measures": ["weight_norm"],
    "conditions": {
        "trained": {"parent": {"study": "tiny", "condition": "plain"}},
        "untrained": {"parent": {"study": "tiny", "condition": "plain", "step": 0}},
    },
}
TASK = '''"""The last residual stream of a transformer on its own questions."""

from typing import Literal

from onset.settings import Settings as BaseSettings
from onset.tasks.vectors import VectorDataset, VectorSplit


class Settings(BaseSettings):
    name: Literal["states"]
    from_parent = property(lambda self: True)
    d_in = d_out = property(lambda self: 16)
    splits = trained = property(lambda self: ("train",))
    truth = property(lambda self: ())

    def unfit(self, model, task):
        return [f"d_model is {model.d_model}"] if model.d_model != self.d_in else []


def generate(settings, seed, parent):
    import torch

    tokens = torch.from_numpy(parent.dataset.splits["atomic"].tokens)
    stream = parent.model.residual_stream(parent.parameters(), tokens)
    return VectorDataset({"train": VectorSplit(stream[-1, :, -1].detach().numpy())})
'''
INDEX = "results/tiny/plain/seed_0/checkpoints/index.json"
NEW = {
    f"{rule} activations/{condition}/0"
    for rule in ("dataset", "train", "evaluate")
    for condition in ("trained", "untrained")
}
PAGES = {"summarise activations", "notebook_activations", "pages_activations", "front_page"}
TINY = {"summarise tiny", "notebook_tiny", "pages_tiny"}


def add_study(project) -> None:
    """Files alone: nothing that is there is changed, but for the list of studies."""
    (project.root / "src/onset/tasks/states.py").write_text(TASK)
    (project.root / "config/studies/activations.yaml").write_text(yaml.safe_dump(STUDY))
    notebook = (project.root / project.notebook).read_text()
    (project.root / "workflow/notebooks/activations.py").write_text(notebook)
    project.set(project.config, "studies", ["tiny", "activations"])


def make(project) -> None:
    done = project.snakemake("--cores", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.plan() == {}


def test_the_dataset_waits_for_the_model_and_the_training_does_not(finished):
    add_study(finished)
    planned = finished.plan()
    told = {f"settings activations/{stage}" for stage in ("notebook", "pages", "summarise")}
    assert set(planned) == NEW | PAGES | told  # and no heads, no atlas
    for condition in ("trained", "untrained"):
        assert planned[f"dataset activations/{condition}/0"] == [INDEX]
        assert INDEX not in planned[f"train activations/{condition}/0"]


def test_a_study_without_heads_needs_no_atlas(fresh):
    study = {
        **STUDY,
        "task": {"name": "superposition", "densities": [0.5]},
        "model": {**STUDY["model"], "n_inputs": 2},
        "conditions": {"one": {}},
    }
    study["training"] = {**STUDY["training"], "mixture": {"fresh": 1.0}}
    fresh.edit(fresh.study, lambda _: yaml.safe_dump(study))
    make(fresh)
    assert not (fresh.root / "results/atlas").exists()
    assert "atlas" not in (fresh.root / "results/index.html").read_text()

    # It is given away as other models are.
    done = fresh.python("-P", "-m", "onset.workflow.commands.export", "tiny/one", "--last")
    assert done.returncode == 0, done.stderr
    folder = fresh.root / "results/export/tiny/one/seed_0"
    card = (folder / "main/README.md").read_text(encoding="utf-8")
    assert 'AutoModel.from_pretrained("path/or/name", trust_remote_code=True)' in card
    assert "TransformerLens" not in card
    assert "| fresh | drawn afresh for each batch | 1.0 |" in card
    data = (folder / "dataset/README.md").read_text(encoding="utf-8")
    assert "- `inputs`: the vector that the model is given." in data


@pytest.fixture(scope="module")
def _made(_finished, tmp_path_factory):
    project = Project.copied(_finished, tmp_path_factory.mktemp("vectors") / "project")
    add_study(project)
    make(project)
    return project.root


@pytest.fixture
def made(_made, tmp_path) -> Project:
    """The tiny project with the second study, after a whole run."""
    return Project.copied(_made, tmp_path / "project")


def test_the_whole_road(made):
    results = made.root / "results"
    parent = open_run("tiny", "plain", 0, results)
    tokens = torch.from_numpy(parent.dataset.splits["atomic"].tokens)
    for condition, step in (("trained", 10), ("untrained", 0)):
        run = open_run("activations", condition, 0, results)
        stream = parent.model.residual_stream(parent.parameters(step), tokens)[-1, :, -1]
        np.testing.assert_allclose(run.dataset.splits["train"].inputs, stream.numpy(), atol=1e-5)
        assert run.settings["made_of"] == {"run": "tiny/plain/seed_0", "step": step}
        origin = json.loads(load_arrays(run.folder.dataset)[1]["origin"])
        assert origin["source"] == checksum(parent.folder.checkpoint_index)
        # It begins with parameters of its own, and is trained on what it was given.
        assert run.settings["parent"] is None
        own = run.model.initial_parameters(0)
        assert all(torch.equal(run.parameters(0)[name], its) for name, its in own.items())
        assert run.training_log["loss"].iloc[-1] < run.training_log["loss"].iloc[0]
        with pytest.raises(ValueError, match="TransformerLens opens transformers"):
            run.bridge()
    assert set(open_atlas(results).heads["study"]) == {"tiny"}
    listed = pd.read_json(results / "atlas/names.json")
    assert listed["name"].tolist() == ["tiny"]

    # What an edit of the parent asks for, and what it doesn't.
    made.set(made.study, "conditions.plain", {"label": "another name"})
    assert not NEW & set(made.plan())
    made.set(made.study, "conditions.fast.training.learning_rate", 2e-2)
    assert not NEW & set(made.plan())
    made.set(made.study, "conditions.plain", {"training": {"learning_rate": 2e-3}})
    assert set(made.plan()) >= NEW


def test_an_edit_of_the_training_leaves_the_dataset(made):
    made.set("config/studies/activations.yaml", "training.learning_rate", 2e-2)
    assert set(made.plan()) == {its for its in NEW if "dataset" not in its} | PAGES
    # Nor does an edit of the family that is trained on it.
    made.set("config/studies/activations.yaml", "training.learning_rate", 1e-2)
    made.edit("src/onset/models/bottleneck/model.py", lambda text: text + "\n_ADDED = 1\n")
    told = {"settings activations/notebook"}
    assert set(made.plan()) == {its for its in NEW if "dataset" not in its} | PAGES | told


def test_an_unfit_parent_stops_before_any_work(fresh):
    add_study(fresh)
    fresh.set(fresh.study, "model.d_model", 32)
    done = fresh.snakemake("--cores", "1")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "its parent plain is unfit for the task states: d_model is 32" in said
    assert not (fresh.root / "results").exists()
