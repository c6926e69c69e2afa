"""`make study`: which names a study can have, and what is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from onset.config.yaml_file import read_yaml
from onset.workflow.commands.new_study import BadNameError, files_of, in_words, write

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("First", "names are lower-case letters, digits and _, letter first"),
        ("../first", "names are lower-case letters"),
        ("x" * 121, "at most 120 characters"),
        ("lambda", "a word of Python's"),
        ("paper", "can't be a study's name: results/paper holds what belongs to all studies"),
        ("smoke", "can't be a study's name"),
    ],
)
def test_names_that_no_study_can_have(name, says):
    with pytest.raises(BadNameError, match=says) as refused:
        files_of(name)
    assert "\n" not in str(refused.value)


def test_every_file_is_named_after_it_and_speaks_of_it():
    files = files_of("first_of_two")
    assert len(files) == 6
    for path, text in files.items():
        assert "first_of_two" in path.stem
        assert "first_of_two" in text
        assert not re.search("skeleton", f"{path}{text}", re.IGNORECASE)
    assert "\ntitle: First of two\n" in files[Path("config/studies/first_of_two.yaml")]


def test_nothing_is_overwritten(tmp_path):
    files = files_of("mine")
    there = tmp_path / "workflow/notebooks/mine.py"
    there.parent.mkdir(parents=True)
    there.write_text("mine")
    with pytest.raises(FileExistsError, match=r"workflow/notebooks/mine\.py is there already"):
        write(files, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [there]
    assert there.read_text() == "mine"


def test_a_study_that_there_is_stays(tmp_path):
    with pytest.raises(FileExistsError, match=r"config/studies/alias\.yaml is there already"):
        write(files_of("alias"), ROOT)


def test_what_was_written_is_told_with_what_to_do_next(tmp_path):
    files = files_of("mine")
    write(files, tmp_path)
    said = in_words("mine", files)
    for path in files:
        assert (tmp_path / path).read_text(encoding="utf-8") == files[path]
        assert str(path) in said
    assert '--config "studies=[mine]"' in said
    assert read_yaml(tmp_path / "config/studies/mine.yaml")["task"]["name"] == "mine"
