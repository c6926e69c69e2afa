"""The same bytes in whatever home, shell and folder; and places that others' tools fail in."""

from __future__ import annotations

import os
import subprocess
import sys
from subprocess import CompletedProcess

import pytest

from tests import strangers
from tests.faults.conftest import RUN, contents, new_study, said
from tests.files import differing
from tests.workflow.conftest import Project

NOTEBOOK = "results/tiny/notebook.ipynb"


def run(project: Project, *arguments: str, **variables: str) -> CompletedProcess[str]:
    """Snakemake as make calls it there, with the code that lies in the project."""
    command = ["onset.workflow.commands.snakemake", "--nocolor", "--cores", "2"]
    return subprocess.run(
        [sys.executable, "-P", "-m", *command, *arguments],
        cwd=project.root,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_nothing_changes_in_the_home_and_shell_of_a_stranger(undisturbed, tmp_path):
    home = tmp_path / "home"
    project = new_study(tmp_path / "project")
    strangers.files_of_a_home(home)
    strangers.files_of_a_folder(project.root)
    done = run(project, **strangers.variables(home))
    assert done.returncode == 0, said(done)
    assert differing(contents(project), contents(undisturbed)) == []
    assert "hello" not in said(done)


@pytest.mark.slow
@pytest.mark.parametrize("module", ["config/project", "workflow/jobs/whole", "stages/dataset"])
def test_the_code_that_runs_is_that_of_the_folder(fresh, module):
    """Whatever environment it is called in: here, that of the repository."""
    file = f"src/onset/{module}.py"
    fresh.edit(file, lambda text: text.replace("\n\n\n", "\nassert 0, 'of this folder'\n\n\n", 1))
    done = run(fresh, "--", f"{RUN}/dataset.safetensors")
    assert done.returncode == 1
    assert "of this folder" in said(done)


@pytest.mark.slow
def test_a_project_may_lie_in_any_folder_and_use_any_number_of_cores(undisturbed, tmp_path):
    quotes, letters = """it's "mine", $HOME & Müller's""", "部屋 {study} %s *"
    depth = "/".join(["a_folder_in_a_folder_in_a_folder_in_a_folder_in_a_folder"] * 6)
    folder = tmp_path / quotes / letters / depth
    folder.mkdir(parents=True)
    project = new_study(folder / "project")
    done = run(project, "--cores", "1", "--config", "paper=false")
    assert done.returncode == 0, said(done)
    of_paper = {path for path in contents(undisturbed) if path.startswith("paper/")}
    assert set(differing(contents(project), contents(undisturbed))) <= {
        *of_paper,
        *("index.html", ".records/gallery.jsonl"),
    }


@pytest.mark.slow
def test_a_rendered_notebook_runs_where_it_lies(finished, undisturbed):
    (finished.root / "results/tiny/figures/accuracy.pdf").unlink()
    code = "import nbclient, nbformat; nbclient.execute(nbformat.read('notebook.ipynb', 4))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=finished.root / "results/tiny",
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, said(done)
    assert differing(contents(finished), contents(undisturbed)) == []


@pytest.mark.slow
class TestPlaces:
    """What is made anew is what was made before."""

    @pytest.fixture(autouse=True)
    def _without(self, finished):
        (finished.root / NOTEBOOK).unlink()

    def again(self, project: Project, before: Project, **variables: str) -> None:
        done = run(project, "--", NOTEBOOK, **variables)
        assert done.returncode == 0, said(done)
        assert differing(contents(project), contents(before)) == []

    def test_a_long_temporary_folder(self, finished, undisturbed, tmp_path):
        place = tmp_path / ("a_long_name_" * 9)
        place.mkdir(parents=True)
        self.again(finished, undisturbed, TMPDIR=str(place))

    def test_no_temporary_folder(self, finished, undisturbed, tmp_path):
        self.again(finished, undisturbed, TMPDIR=str(tmp_path / "gone"))

    def test_no_home(self, finished, undisturbed):
        self.again(finished, undisturbed, HOME="/dev/null/home")
