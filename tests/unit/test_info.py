"""What `make info` says before there is an environment, and what it keeps to itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from onset.workflow.commands.info import public, told
from setup import __main__ as command
from setup import info, interpreter


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A copy without git and .venv, in somebody's home."""
    root = tmp_path / "home/her/onset"
    root.mkdir(parents=True)
    (root / "pyproject.toml").write_text('[project]\nname = "onset"\nversion = "4.5.6"\n')
    monkeypatch.setattr(info, "ROOT", root)
    monkeypatch.setenv("HOME", str(tmp_path / "home/her"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return root


def said(capsys) -> dict[str, str]:
    """The lines of each subject."""
    info.main()
    found: dict[str, str] = {}
    for line in capsys.readouterr().out.splitlines():
        if subject := line[:14].strip():
            last = subject
        found[last] = f"{found[last]}\n{line[14:]}" if last in found else line[14:]
    return found


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", root, *who, *arguments], check=True, capture_output=True)


class TestMachine:
    def test_all_subjects_are_told(self, checkout, capsys):
        found = said(capsys)
        assert list(found) == ["Onset", "Python", "system", "machine", "programs", ".venv"]
        assert found["Onset"] == "4.5.6, commit unknown: no git repository"
        assert "GiB of memory" in found["machine"]
        assert found[".venv"] == "not set up: there is no .venv (make setup)"
        assert not any("unknown (" in text for text in found.values())

    def test_commit_and_what_was_edited_since(self, checkout, capsys):
        git(checkout, "init")
        git(checkout, "add", "pyproject.toml")
        git(checkout, "commit", "-m", "all")
        assert said(capsys)["Onset"].endswith(", nothing edited")
        commit = info.of_git("rev-parse", "--short", "HEAD").strip()
        (checkout / "pyproject.toml").write_text('version = "4.5.7"\n')
        (checkout / "mine.yaml").touch()
        first, *files = said(capsys)["Onset"].splitlines()
        assert first.startswith(f"4.5.7, commit {commit} of 20")
        assert files == [" M pyproject.toml", "?? mine.yaml"]

    def test_many_files_are_counted(self, checkout, capsys):
        git(checkout, "init")
        git(checkout, "add", "pyproject.toml")
        git(checkout, "commit", "-m", "all")
        for number in range(info.MOST_FILES + 3):
            (checkout / f"{number}.yaml").touch()
        _, *files = said(capsys)["Onset"].splitlines()
        assert len(files) == info.MOST_FILES + 1
        assert files[-1] == "... and 3 more"

    def test_a_repository_around_it_is_not_taken_for_it(self, checkout, capsys):
        git(checkout.parent, "init")
        git(checkout.parent, "commit", "--allow-empty", "-m", "all")
        assert said(capsys)["Onset"] == "4.5.6, commit unknown: no git repository"

    def test_the_home_is_not_named(self, checkout, capsys, monkeypatch):
        monkeypatch.setattr(sys, "executable", str(checkout / "bin/python"))
        assert said(capsys)["Python"].endswith(" (~/onset/bin/python)")

    def test_a_home_of_nearly_the_same_name_stays(self, checkout):
        home = str(Path.home())
        assert info.in_home(f"{home}:{home}2/x:{home}/x") == f"~:{home}2/x:~/x"

    def test_one_that_fails_does_not_stop_the_others(self, checkout, capsys):
        (checkout / "pyproject.toml").unlink()
        found = said(capsys)
        assert found["Onset"].startswith("unknown (FileNotFoundError: ")
        assert "~/onset/pyproject.toml" in found["Onset"]
        assert "GiB of memory" in found["machine"]

    @pytest.mark.parametrize("stamps", [[], ["packages.stamp"], ["project.stamp"]])
    def test_an_environment_that_is_half_built(self, checkout, capsys, stamps):
        (checkout / ".venv").mkdir()
        for stamp in stamps:
            (checkout / ".venv" / stamp).write_text("cpu 123")
        assert said(capsys)[".venv"] == "half built (make setup starts it over)"

    def test_an_environment_without_its_packages(self, checkout, capsys):
        (checkout / ".venv").mkdir()
        for stamp in ("packages.stamp", "project.stamp"):
            (checkout / ".venv" / stamp).write_text("cpu 123")
        assert said(capsys)[".venv"].startswith("set up, torch for cpu, but it lacks ")

    def test_a_wrong_python_is_told_of_and_not_refused(self, checkout, capsys, monkeypatch):
        monkeypatch.setattr(interpreter, "problem", lambda: "wrong Python")
        assert command.main(["info"]) is None
        assert "\n              wrong Python\n" in capsys.readouterr().out
        assert command.main(["system"]) == "onset: wrong Python"

    @pytest.mark.parametrize("module", [info, interpreter, command])
    def test_an_old_python_can_read_what_tells_it(self, module):
        source = Path(module.__file__).read_text(encoding="utf-8")
        imported = ast.parse(source, feature_version=(3, 7)).body
        assert "from __future__" not in source
        names = {a.name for its in imported if isinstance(its, ast.ImportFrom) for a in its.names}
        assert names <= {"Path", "interpreter"}


class TestPublic:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("from https://user:pass@example.org/simple/ x", "from <address> x"),
            ("--index-url=http://10.0.0.1:8080/simple", "--index-url=<address>"),
            ("API_KEY=abc123 x", "API_KEY=<hidden> x"),
            ('"access_token": "abc",', '"access_token": <hidden>'),
            ("hf_abcdefghijklmnopqrstuv", "<hidden>"),
            ("new_tokens: 3, token_names: [a]", "new_tokens: 3, token_names: [a]"),
            ("loss: 0.5, batch_size: 4", "loss: 0.5, batch_size: 4"),
        ],
    )
    def test_addresses_and_secrets_are_left_out(self, text, expected):
        assert public(text) == expected

    def test_paths_are_shortened(self, tmp_path, monkeypatch):
        (tmp_path / "onset").mkdir()
        monkeypatch.chdir(tmp_path / "onset")
        monkeypatch.setenv("HOME", str(tmp_path))
        here = tmp_path / "onset"
        assert public(f'File "{here}/src/x.py", {here}-2, {tmp_path}') == (
            'File "./src/x.py", ~/onset-2, ~'
        )

    def test_a_subject_that_fails_says_why_after_what_it_had_to_say(self):
        def tell():
            yield "one"
            raise ValueError("broken\nat https://example.org/x")

        assert told("packages", tell) == (
            "packages      one\n              unknown (ValueError: broken at <address>)"
        )
