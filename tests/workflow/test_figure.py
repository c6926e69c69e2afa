"""`make figure`: a name leads to one figure or table, and to the jobs that it needs."""

from __future__ import annotations

import shutil

import pytest

from onset.config.yaml_file import read_yaml
from tests.workflow.planned import CONDITIONS, jobs

pytestmark = pytest.mark.slow


@pytest.fixture
def project(fresh):
    """Two studies, with figures and tables of which some share a name."""
    study = read_yaml(fresh.root / fresh.study)
    fresh.set(fresh.study, "figures", {"learning": "Loss.", "ends": "Where it ends."})
    fresh.set(fresh.study, "tables", {"ends": "The same as numbers."})
    shutil.copy2(fresh.root / fresh.study, fresh.root / "config/studies/other.yaml")
    fresh.set(
        "config/studies/other.yaml", "figures", {"learning": "Loss.", "order": "Which first."}
    )
    fresh.set("config/studies/other.yaml", "task.n_entities", study["task"]["n_entities"] + 1)
    shutil.copy2(fresh.root / fresh.notebook, fresh.root / "workflow/notebooks/other.py")
    fresh.name_in_notebook(fresh.notebook, ["learning", "ends"], ["ends"])
    fresh.name_in_notebook("workflow/notebooks/other.py", ["learning", "order"], ["ends"])
    fresh.set(fresh.config, "studies", ["tiny", "other"])
    return fresh


def asked(project, *arguments: str) -> tuple[int, str]:
    """How the command ends, and what it says."""
    done = project.python("-m", "onset.workflow.commands.figure", *arguments)
    assert not (done.stdout and done.stderr)
    return done.returncode, done.stdout + done.stderr


def test_a_name_stands_for_its_files(project):
    assert asked(project, "tiny/learning") == (0, "results/tiny/figures/learning.pdf\n")
    assert asked(project, "order") == (0, "results/other/figures/order.pdf\n")
    both = "results/tiny/figures/ends.pdf results/tiny/tables/ends.tex\n"
    assert asked(project, "tiny/ends") == (0, both)
    assert asked(project, "atlas/mosaic") == (0, "results/atlas/figures/mosaic.pdf\n")


def test_what_is_for_snakemake_is_left_to_it(project):
    (project.root / "config/there.yaml").write_text("results: results/there\n")
    arguments = ("--configfile", "config/there.yaml", "--config", "paper=false")
    assert asked(project, "order", *arguments) == (0, "results/there/other/figures/order.pdf\n")


def test_a_figure_needs_its_study_and_nothing_else(project):
    planned = project.plan("--", "results/tiny/figures/learning.pdf")
    needed = {*jobs("dataset train evaluate analyse", CONDITIONS), "summarise tiny"}
    told = {f"settings tiny/{stage}" for stage in ("summarise", "notebook")}
    assert set(planned) == {*needed, *told, "notebook_tiny"}


def test_an_unknown_name_is_told_with_the_nearest(project):
    said = "there is no figure or table tiny/lerning; did you mean tiny/learning"
    status, text = asked(project, "tiny/lerning")
    assert status == 1
    assert text.startswith(said)
    assert text.count("\n") == 1
    _, text = asked(project, "odrer")
    assert text == "there is no figure or table odrer; did you mean other/order?\n"
    _, text = asked(project, "xxxx")
    assert text == "there is no figure or table xxxx; `make figure` lists all there are\n"


def test_a_name_of_several_names_them(project):
    said = "learning is the name of several: tiny/learning, other/learning\n"
    assert asked(project, "learning") == (1, said)


def test_without_a_name_all_are_listed(project):
    status, text = asked(project)
    assert status == 1
    names = ["atlas/mosaic", "tiny/learning", "tiny/ends"]
    names += ["other/learning", "other/order", "other/ends"]
    assert text.splitlines()[1:] == names
