"""docs/add.md, followed to the letter by someone whose worlds are small.

The copy of the project has the smoke settings, as overrides that leave the page's paths as they are, and
has run once for one study.
"""

from __future__ import annotations

import csv
import itertools
import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from onset.collections.reading import open_collection
from onset.config.yaml_file import read_yaml
from onset.results import open_run, open_study
from tests.docs.pages import ROOT, Block, blocks, follow
from tests.workflow.conftest import Project, copy_sources

pytestmark = pytest.mark.slow

STUDY = "reversal"
AFTER = {f"summarise {STUDY}", f"notebook_{STUDY}", f"pages_{STUDY}", "front_page"}
ATLAS = {f"collect_atlas {STUDY}", "combine_atlas", "notebook_atlas", "pages_atlas"}
VIEWS = {f"views_{STUDY}"}  # of the first seed
TOLD_RUNS = {
    *(f"settings {STUDY}/{stage}" for stage in ("notebook", "pages", "summarise")),
    f"settings atlas/collect_{STUDY}",
}
TOLD_CONDITIONS = {*TOLD_RUNS, f"settings {STUDY}/views", "settings atlas/combine"}


def make_small(config: Path) -> None:
    """Of the shipped config, with all its lines: one seed, and small settings."""
    text, n = re.subn("^seeds: .*$", "seeds: [0]", config.read_text(), flags=re.MULTILINE)
    assert n == 1
    overrides = {"overrides": {STUDY: smoke_settings(config.parent, STUDY)}}
    config.write_text(text + yaml.safe_dump(overrides))


def smoke_settings(config: Path, study: str) -> dict:
    return read_yaml(config / f"studies/{study}.yaml")["smoke"]


@pytest.fixture(scope="session")
def _before(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("newcomer") / "project"
    root.mkdir()
    copy_sources(root)
    project = Project(root)
    make_small(root / project.config)
    edit(project, "Before you begin")
    assert read_yaml(root / project.config)["studies"] == [STUDY]
    done = project.snakemake("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def newcomer(_before, tmp_path) -> Project:
    """The project before the page's edits."""
    return Project.copied(_before, tmp_path / "project")


def section(name: str) -> list[Block]:
    found = [its for its in blocks(ROOT / "docs/add.md") if its.section == name]
    assert found
    return found


def edit(project: Project, name: str) -> None:
    for block in section(name):
        if block.mark in ("file", "line", "below", "end"):
            follow(block, project.root)


def typed(name: str) -> list[str]:
    """The commands of a section, without quotation marks."""
    lines = [line for its in section(name) if its.mark == "run" for line in its.text.splitlines()]
    return [line.replace('"', "") for line in lines]


def commands(name: str) -> list[list[str]]:
    """Those of Snakemake, as lists of words."""
    words = [shlex.split(line) for line in typed(name)]
    assert {its[0] for its in words} <= {"snakemake", "make"}
    return [its[1:] for its in words if its[0] == "snakemake"]


def run(project: Project, name: str) -> None:
    for command in commands(name):
        done = project.snakemake(*["2" if word == "all" else word for word in command])
        assert done.returncode == 0, done.stdout + done.stderr


def jobs(rules: str, conditions: list[str], seeds: list[int]) -> set[str]:
    every = itertools.product(rules.split(), conditions, seeds)
    return {f"{rule} {STUDY}/{condition}/{seed}" for rule, condition, seed in every}


def conditions(project: Project) -> list[str]:
    return list(read_yaml(project.root / f"config/studies/{STUDY}.yaml")["conditions"])


def test_a_seed(newcomer):
    edit(newcomer, "A seed")
    seeds = read_yaml(newcomer.root / newcomer.config)["seeds"]
    assert commands("A seed") == [["-n"]]
    new = jobs("dataset train evaluate", conditions(newcomer), seeds[1:])
    assert seeds[0] == 0
    assert set(newcomer.plan()) == new | AFTER | ATLAS | TOLD_RUNS


def test_a_condition_a_measure_and_a_comparison(newcomer, in_its_folder):
    before = conditions(newcomer)
    edit(newcomer, "A condition")
    (new,) = conditions(newcomer)[len(before) :]
    its_jobs = jobs("dataset train evaluate", [new], [0])
    after = AFTER | ATLAS | VIEWS | TOLD_CONDITIONS
    assert set(newcomer.plan()) == its_jobs | after

    edit(newcomer, "A measure")
    evaluated = jobs("evaluate", [*before, new], [0])
    assert set(newcomer.plan()) == its_jobs | evaluated | after

    (newcomer.root / "tests/unit").mkdir(parents=True)
    edit(newcomer, "A comparison")
    name = "answers_as_tied"
    set_beside = [its for its in (*before, new) if its.startswith("tied_")]
    compared = {f"compare {STUDY}/{name}/{its}.seed_0" for its in set_beside}
    compared.add(f"join {STUDY}/{name}")
    assert set(newcomer.plan()) == its_jobs | evaluated | compared | after
    # The commands are the same; once is enough for all edits.
    assert commands("A condition") == commands("A measure") == commands("A comparison")
    run(newcomer, "A measure")
    assert newcomer.plan() == {}

    # The condition is in the notebook, the figure, the table, the page and what the paper includes.
    results = newcomer.root / "results" / STUDY
    label = read_yaml(newcomer.root / f"config/studies/{STUDY}.yaml")["conditions"][new]["label"]
    assert new in set(pd.read_csv(results / "figures/contrast.csv")["condition"])
    with (results / "tables/accuracy.csv").open(newline="") as file:
        assert label in [row[0] for row in csv.reader(file)]
    for place in ("tables/accuracy.tex", "notebook.html", "index.html"):
        assert label in (results / place).read_text(encoding="utf-8")
    assert open_run(STUDY, new, 0, results.parent).steps[0] == 0

    # The measure's numbers are in every run, and what the page's reader types finds them.
    leads = open_study(STUDY, results.parent).measures.query("measure == 'lead'")
    assert set(leads["condition"]) == {*before, new}
    accuracy = open_study(STUDY, results.parent).measures.query("measure == 'accuracy'")
    keys = ["condition", "seed", "step", "split"]
    both = leads.merge(accuracy, on=keys, suffixes=("", "_accuracy"))
    assert len(both) == len(leads) == len(accuracy)
    assert (both.loc[both["value_accuracy"] == 0, "value"] <= 0).all()
    assert (both.loc[both["value_accuracy"] == 1, "value"] > 0).all()
    (python,) = [
        its.text for its in section("A measure") if its.language == "python" and not its.mark
    ]
    assert in_its_folder(newcomer, python).splitlines()[0].split() == ["step", "value"]

    # Its test, as the page has it, holds.
    (newcomer.root / "tests/members.py").write_text((ROOT / "tests/members.py").read_text())
    done = newcomer.python("-m", "pytest", "-q", "tests/unit/test_same_answers.py")
    assert done.returncode == 0, done.stdout

    # The comparison's numbers are found as the page says, in the summary, and on the study's page.
    (python,) = [
        its.text for its in section("A comparison") if its.language == "python" and not its.mark
    ]
    lines = in_its_folder(newcomer, python).splitlines()
    assert lines[0].split() == ["condition", "other_condition", "seed", "value"]
    assert [its.split()[1] for its in lines[1:]] == set_beside
    summary = open_study(STUDY, results.parent).summary
    assert {f"{name}:{its}:tied" for its in set_beside} <= set(summary["condition"])
    assert f"comparisons/{name}.parquet" in (results / "index.html").read_text(encoding="utf-8")


def test_a_detector(newcomer):
    edit(newcomer, "A detector")
    (command,) = commands("A detector")
    done = newcomer.snakemake(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    newcomer.set(newcomer.config, "studies", ["deception"])
    mine = [job for job in newcomer.plan() if job.startswith("compare deception/mine/")]
    assert len(mine) == 2, mine


def test_a_study(newcomer):
    """Of six files, in a project that has run; made, run, and taken away again."""
    (newcomer.root / "tests").mkdir()
    shutil.copy2(ROOT / "tests/worlds.py", newcomer.root / "tests")
    shutil.copy2(ROOT / "pyproject.toml", newcomer.root)
    before = {path for path in newcomer.root.rglob("*") if path.is_file()}
    make, *rest = [its.split() for its in typed("A study")]
    assert make[:2] == ["make", "study"]
    name = make[2].removeprefix("NAME=")
    done = newcomer.python("-m", "onset.workflow.commands.new_study", name)
    assert done.returncode == 0, done.stderr
    made = {path for path in newcomer.root.rglob("*") if path.is_file()} - before
    made = sorted(path for path in made if path.suffix != ".pyc")
    assert [str(path.relative_to(newcomer.root)) for path in made] == sorted(listed("A study"))
    for block in section("A study"):
        if block.mark == "in":
            follow(block, newcomer.root)
    for check in (["check"], ["format", "--check"]):
        python = [str(path) for path in made if path.suffix == ".py"]
        done = newcomer.python("-m", "ruff", *check, *python)
        assert done.returncode == 0, done.stdout

    # Part of everything, it makes nothing of the others again but what shows all of them.
    newcomer.set(newcomer.config, "studies", [STUDY, name])
    small = smoke_settings(newcomer.root / "config", name)
    newcomer.set(newcomer.config, f"overrides.{name}", small)
    planned = set(newcomer.plan())
    runs = {f"train {name}/{condition}/0" for condition in ("first", "either")}
    assert runs <= planned
    assert not {job for job in planned if STUDY in job}

    assert [command[0] for command in rest] == ["snakemake"]
    run(newcomer, "A study")
    results = newcomer.root / "results"
    page = (results / name / "index.html").read_text(encoding="utf-8")
    assert "First of two" in page
    assert f"{name}/index.html" in (results / "index.html").read_text(encoding="utf-8")
    for file in (
        "figures/emergence.pdf",
        "figures/early_states.pdf",
        "tables/ends.tex",
        "notebook.html",
    ):
        assert (results / name / file).stat().st_size > 0
    numbers = json.loads((results / name / "numbers.json").read_text(encoding="utf-8"))
    assert set(numbers) == {"n_seeds", "gain"}  # of one seed no claim is clear
    study = open_study(name, results)
    quantities = {name.partition(".")[0] for name in study.summary["measure"]}
    assert {"accuracy", f"{name}_lead", "patched_untrained_accuracy"} <= quantities

    for path in made:
        path.unlink()
    newcomer.set(newcomer.config, "studies", [STUDY])
    newcomer.set(
        newcomer.config, "overrides", {STUDY: smoke_settings(newcomer.root / "config", STUDY)}
    )
    assert not {job for job in newcomer.plan() if name in job}


def listed(name: str) -> list[str]:
    """The files that a section's table lists."""
    text = (ROOT / "docs/add.md").read_text(encoding="utf-8").partition(f"## {name}\n")[2]
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def test_a_collection(newcomer, in_its_folder):
    edit(newcomer, "A collection")
    asked = {"collect_moved reversal", "combine_moved", "notebook_moved", "pages_moved"}
    told = {f"settings moved/{its}" for its in (f"collect_{STUDY}", "combine", "notebook", "pages")}
    assert set(newcomer.plan()) == asked | told | {"front_page"}
    run(newcomer, "A collection")
    assert newcomer.plan() == {}
    results = newcomer.root / "results"
    its = open_collection("moved", results).rows("models")
    assert its["condition"].unique().tolist() == conditions(newcomer)
    assert (its["distance"] > 0).all()
    front = (results / "index.html").read_text(encoding="utf-8")
    assert f"In {len(its)} models training moves a weight by {its['distance'].mean():.2f}" in front
    assert (results / "moved/figures/distances.html").stat().st_size > 0
    (python,) = [b.text for b in section("A collection") if b.language == "python" and not b.mark]
    assert f"{STUDY} " in in_its_folder(newcomer, python)


@pytest.fixture
def in_its_folder() -> Callable[[Project, str], str]:
    """Runs Python as typed in a project's folder; what it prints."""

    def said(project: Project, code: str) -> str:
        done = project.python("-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return said
