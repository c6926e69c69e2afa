"""Views follow config and code: what concerns a study's models makes its views again, and no others."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from onset.code.fingerprint import closure
from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.stages.views import checksum
from onset.views.packing import cells, unpack_shares
from onset.workflow.jobs import Jobs, views
from tests.workflow.conftest import Project
from tests.workflow.planned import jobs

pytestmark = pytest.mark.slow

CONDITIONS = ("plain", "fast", "child")


def files(study: str, conditions: tuple[str, ...] = CONDITIONS) -> list[str]:
    return [f"results/{study}/{name}/views.json" for name in conditions]


BOTH = ("--", *files("tiny"), *files("other", ("plain",)))


@pytest.fixture(scope="module")
def _viewed(_finished, tmp_path_factory) -> Path:
    """Two studies, and the views of both."""
    project = Project.copied(_finished, tmp_path_factory.mktemp("viewed") / "project")
    root = project.root
    for folder, suffix in (("config/studies", "yaml"), ("workflow/notebooks", "py")):
        shutil.copy2(root / folder / f"tiny.{suffix}", root / folder / f"other.{suffix}")
    project.set("config/studies/other.yaml", "conditions", {"plain": None})
    project.set(project.config, "studies", ["tiny", "other"])
    done = project.snakemake("--cores", "2", *BOTH)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def viewed(_viewed, tmp_path) -> Project:
    return Project.copied(_viewed, tmp_path / "project")


def test_a_view_says_which_run_it_is_of_and_holds_what_it_says(viewed):
    for path in BOTH[1:]:
        view = json.loads((viewed.root / path).read_text(encoding="utf-8"))
        _, study, condition, _ = path.split("/")
        assert (view["study"], view["condition"], view["seed"]) == (study, condition, 0)
        run = viewed.root / f"results/{study}/{condition}/seed_0"
        assert view["origin"]["run"] == f"{study}/{condition}/seed_0"
        assert view["origin"]["source"] == checksum(run / "checkpoints/index.json")
        assert view["steps"] == [0, 5, 10]
        for example in view["examples"]:
            # Loops are unrolled.
            shape = (3, 2, view["n_heads"], cells(len(example["tokens"])))
            assert unpack_shares(example["attention"], shape).max() == 1
        assert {its["split"] for its in view["sequences"]} == {"id", "oi", "io", "oo"}


def test_nothing_is_left_to_do(viewed):
    assert viewed.plan(*BOTH) == {}


def test_its_code_makes_views_and_nothing_else(viewed):
    viewed.edit("src/onset/views/excite.py", lambda text: text + "\n_ADDED = 1\n")
    assert set(viewed.plan(*BOTH)) == {"views_tiny", "views_other"}


def test_how_pages_show_them_looks_into_no_model(viewed):
    viewed.edit("src/onset/gallery/templates/views.js", lambda text: text + "\n// More.\n")
    assert viewed.plan(*BOTH) == {}


def test_a_new_condition_makes_the_views_of_its_study_alone(viewed):
    viewed.set(viewed.study, "conditions.slow", {"training": {"learning_rate": 1e-4}})
    planned = viewed.plan(*BOTH, *files("tiny", ("slow",)))
    told = {"settings tiny/views", "views_tiny"}
    assert set(planned) == jobs("dataset train", ("slow",)) | told


def test_what_no_model_knows_makes_no_views(viewed):
    viewed.set(viewed.study, "conditions.fast.label", "faster")
    viewed.set(viewed.study, "measures", ["prediction", "weight_norm"])
    viewed.set(viewed.config, "seeds", [0, 1])  # the first run is shown
    assert viewed.plan(*BOTH) == {}


def test_a_retrained_model_is_looked_at_again(viewed):
    viewed.set(viewed.study, "conditions.fast.training.learning_rate", 2e-2)
    assert set(viewed.plan(*BOTH)) == jobs("train", ("fast",)) | {"views_tiny"}


def test_its_fingerprint_covers_the_code_that_it_loads(viewed, monkeypatch):
    monkeypatch.setattr(views, "fingerprint", lambda *modules: " ".join(modules))
    project = load_project(read_yaml(viewed.root / viewed.config), viewed.root)
    its = Jobs(project)
    covered = closure(tuple(its.views.code("tiny").split()))
    command = ("-X", "importtime", "-m", "onset.stages.views", "results/tiny")
    done = viewed.python(*command, "--settings", its.views.settings("tiny"))
    assert done.returncode == 0, done.stderr
    loaded = set(re.findall(r"^import time: .*\| +(onset[.\w]*)$", done.stderr, re.MULTILINE))
    assert "onset.models.transformer.hooks" in loaded  # by the family's bridge
    assert loaded <= covered


def test_a_study_without_heads_has_none():
    root = Path(__file__).parents[2]
    project = load_project(read_yaml(root / Project.config), root)
    assert Jobs(project).views.of("superposition") == []
    assert len(Jobs(project).views.of("composition")) == len(
        project.studies["composition"].conditions
    )
