"""What systems and editors leave about is no file of the project, wherever it lies."""

from __future__ import annotations

import pytest

from onset import analyses, interventions, measures, models, tasks
from onset.code.own_files import files_in, is_own, modules_in

LEFT_ABOUT = [
    ".DS_Store", "._paper.tex", ".#paper.tex", "#paper.tex#", "paper.tex~", "paper.tex.orig",
    "paper.tex.bak", "paper.tex.rej", ".paper.tex.swp", "paper copy.tex", "paper (1).tex",
    ".ipynb_checkpoints", "__pycache__", "Thumbs.db", "desktop.ini", "",
]  # fmt: skip


@pytest.mark.parametrize("name", LEFT_ABOUT)
def test_what_is_left_about(name):
    assert not is_own(name)


@pytest.mark.parametrize("name", ["paper.tex", "study.html", "site.min.js", "a-b_c.0", "0"])
def test_what_is_not(name):
    assert is_own(name)


def test_only_own_files_are_found(tmp_path):
    for name in filter(None, LEFT_ABOUT):
        (tmp_path / "a" / name).mkdir(parents=True)
        (tmp_path / "a" / name / "paper.tex").write_text("")
        (tmp_path / name).write_text("")
    (tmp_path / "a/b").mkdir()
    for name in ("paper.tex", "a/b/one.tex"):
        (tmp_path / name).write_text("")
    (tmp_path / "a/again").symlink_to(tmp_path)
    assert files_in(tmp_path) == [tmp_path / "a/b/one.tex", tmp_path / "paper.tex"]


def test_only_modules_are_offered_by_name(tmp_path):
    for name in ("one.py", "two.py", "one copy.py", "._one.py", "#one#.py", "one.py~", ".#one.py"):
        (tmp_path / name).write_text("")
    assert modules_in([str(tmp_path)]) == ["one", "two"]


@pytest.mark.parametrize("package", [analyses, interventions, measures, tasks])
def test_every_name_that_is_offered_is_a_module(package):
    assert package.names()
    for name in package.names():
        assert package.load(name).__name__.endswith(f".{name}")


def test_every_family_has_settings():
    for name in models.names():
        assert models.load_settings(name).Settings
