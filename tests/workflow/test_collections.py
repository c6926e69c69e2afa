"""A second collection comes by adding files, is shown like the first, and goes when they are taken away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onset.collections.reading import open_collection
from onset.results import open_run
from tests import files
from tests.workflow import second_collection
from tests.workflow.conftest import Project
from tests.workflow.planned import REDRAWN, TOLD_CODE, jobs, told
from tests.workflow.test_orphans import listed

pytestmark = pytest.mark.slow

ITS_JOBS = {"collect_moved tiny", "combine_moved", "notebook_moved", "pages_moved"}
ITS_TOLD = told("collect_tiny combine notebook pages", "moved")
LED_TO = {"pages_tiny", *told("pages")}
"""The study's own pages lead to those of the collection."""


@pytest.fixture
def project(finished):
    """The second collection is new."""
    second_collection.add(finished)
    return finished


@pytest.fixture(scope="session")
def _made(_finished, tmp_path_factory) -> Path:
    def with_second(folder: Path) -> None:
        project = Project.copied(_finished, folder / "project")
        second_collection.add(project)
        make(project)

    return files.made_once(tmp_path_factory, "with_second_collection", with_second) / "project"


@pytest.fixture
def made(_made, tmp_path) -> Project:
    """The second collection stands."""
    return Project.copied(_made, tmp_path / "project")


def make(project: Project) -> None:
    done = project.snakemake("--cores", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.plan() == {}


def test_it_asks_for_its_own_jobs_alone(project):
    assert set(project.plan()) == ITS_JOBS | ITS_TOLD | LED_TO | {"front_page"}


def test_its_tables_say_what_models_say(made):
    results = made.root / "results"
    found = open_collection("moved", results)
    assert found.tables == ["models", "tensors"]
    tensors = found.rows("tensors")
    assert tensors["condition"].unique().tolist() == ["plain", "fast", "child"]
    for row in tensors.itertuples():
        run = open_run(row.study, row.condition, row.seed, results)
        before, after = (run.parameters(step)[row.name] for step in (run.steps[0], run.steps[-1]))
        assert row.shape.tolist() == list(after.shape)
        assert row.distance == pytest.approx((after - before).square().mean().sqrt().item())
    means = tensors.groupby("condition", sort=False)["distance"].mean()
    assert found.rows("models")["distance"].tolist() == means.tolist()


def test_it_is_shown_as_studies_are(made):
    results = made.root / "results"
    front = (results / "index.html").read_text(encoding="utf-8")
    assert "In 3 models training moves a weight by" in front
    for name in ("moved/index.html", "moved/figures/distances.png", "moved/notebook.html"):
        assert name in front
        assert (results / name).stat().st_size > 0
    entries = json.loads((results / "moved/card.json").read_text())["entries"]
    assert "moved/pages/all.html" in {its["address"] for its in entries}
    page = (results / "moved/index.html").read_text(encoding="utf-8")
    assert "pages/all.html" in page
    for of_study in ("index.html", "plain/index.html"):
        assert "moved/pages/all.html#study=tiny" in (results / "tiny" / of_study).read_text()
    assert "The mean of each model." in page
    assert 'href="tiny.html"' in (results / "moved/pages/all.html").read_text()
    assert ".mlp." in (results / "moved/pages/tiny.html").read_text()
    inputs = json.loads((results / "moved/figures/distances.json").read_text())["inputs"]
    assert list(inputs) == ["models.parquet", "tensors.parquet"]
    made.set(made.config, "paper", True)
    _, paper = made.plan("--", "results/paper/paper.pdf").values()
    shown = {"figures/distances.pdf", "tables/models.tex", "numbers.json"}
    assert {f"results/moved/{its}" for its in shown} <= set(paper)


def test_taken_away_it_is_left_over_and_nothing_else_is_made_again(made):
    assert told_by_verify(made) == ""
    second_collection.take_away(made)
    assert set(made.plan()) == {*LED_TO, "front_page"}
    make(made)
    front = (made.root / "results/index.html").read_text(encoding="utf-8")
    assert "moved/index.html" not in front
    assert "atlas/index.html" in front
    assert list(listed(made)) == ["results/moved"]
    assert told_by_verify(made) == "left over   results/moved\n"


def told_by_verify(project: Project) -> str:
    said = project.python("-m", "onset.workflow.commands.verify").stdout
    return "".join(its for its in said.splitlines(keepends=True) if "   results/" in its)


def test_a_collection_that_wants_no_model_is_left_over(made):
    made.set(made.study, "model.d_mlp", 0)
    assert list(listed(made)) == ["results/moved"]
    assert not ITS_JOBS & set(made.plan())


@pytest.mark.parametrize(
    ("module", "planned"),
    [
        ("look", ITS_JOBS),
        ("combine", ITS_JOBS - {"collect_moved tiny"}),
        ("pages", {"pages_moved"}),
    ],
)
def test_each_job_is_run_again_when_its_own_code_changes(made, module, planned):
    made.edit(f"src/onset/collections/moved/{module}.py", lambda text: text + "\n_ADDED = 1\n")
    assert set(made.plan()) == planned | {"front_page"}


def test_what_readers_are_told_runs_pages_alone(made):
    made.replace("config/collections/moved.yaml", "How far does", "How much farther does")
    planned = {"pages_moved", "front_page", *told("pages", "moved")}
    assert set(made.plan()) == planned


def test_the_figures_style_redraws_both(made):
    made.replace("src/onset/figures/style.py", '"#3f90da"', '"#3f90db"')
    its_own = {"notebook_moved", "pages_moved", *told("notebook", "moved")}
    assert set(made.plan()) == REDRAWN | TOLD_CODE | its_own


def test_what_a_model_has_decides(made):
    """A condition without an MLP has heads all the same."""
    made.set(made.study, "conditions.bare", {"model": {"d_mlp": 0}})
    planned = set(made.plan())
    assert jobs("train", ("bare",)) <= planned
    assert {"collect_atlas tiny", *told("collect_tiny", "atlas")} <= planned
    assert not {"collect_moved tiny", *told("collect_tiny", "moved")} & planned


def test_a_mistake_in_it_stops_before_any_work(project):
    project.replace("config/collections/moved.yaml", "[neurons]", "[neuron]")
    done = project.snakemake("-n")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "config/collections/moved.yaml: wants.0: nothing in a model is called 'neuron'" in said
    assert "did you mean neurons?" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("module", "old", "new", "said"),
    [
        ("combine", '"models": ', '"means": ', "makes tensors, models, and its code makes tensors, means"),
        ("look", '"name": name', '"name" if "in" in name else "called": name', "lack called, name"),
        ("pages", 'Page("all"', 'Page("some"', "declares pages that its code doesn't make: all"),
    ],
)  # fmt: skip
def test_code_that_makes_something_else_is_told_so(made, module, old, new, said):
    made.replace(f"src/onset/collections/moved/{module}.py", old, new)
    stage, arguments, settings = {
        "look": ("collect", ["results/tiny", "results/moved/studies/tiny.parquet"], "collect_tiny"),
        "combine": ("combine", ["results/moved"], "combine"),
        "pages": ("gallery", ["results"], "pages"),
    }[module]
    told = ("--settings", f"results/moved/settings/{settings}.json")
    done = made.python("-m", f"onset.stages.{stage}", *arguments, *told)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
