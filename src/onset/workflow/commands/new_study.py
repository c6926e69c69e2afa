"""Write the files of a new study: a small one that runs at once, to be changed into one's own.

They are copies of those in `study/`, which lie as they will in the project. Nothing is overwritten.
"""

from __future__ import annotations

import argparse
import keyword
import sys
from collections.abc import Mapping
from pathlib import Path

from onset import measures
from onset.code.own_files import files_in
from onset.config.folder import NOT_STUDIES
from onset.settings import IN_WORDS, LONGEST_NAME, NAME_PATTERN, is_name

TEMPLATES = Path(__file__).parent / "study"
_NAME, _TITLE = "skeleton", "Skeleton"
"""what the study is called in the templates, in names of files as in them; and in titles"""
_ABOUT = {
    "config/studies": "question, settings, conditions, captions",
    "src/onset/tasks": "the world: its settings, its splits",
    "src/onset/measures": "a measure, and what its quantity is",
    "workflow/notebooks": "figure, table, numbers of its own",
    "paper/sections": "its section of the paper",
    "tests/unit": "tests of the world and of the measure",
}


class BadNameError(ValueError):
    """No study can be called so. Its text, of one line, says why."""


def files_of(name: str) -> dict[Path, str]:
    """What a new study consists of: path in the project → text.

    Raises:
        BadNameError: it can't have this name.
    """
    _check(name)
    title = name.replace("_", " ").capitalize()

    def named(text: str) -> str:
        return text.replace(_NAME, name).replace(_TITLE, title)

    return {
        Path(named(str(path.relative_to(TEMPLATES)))): named(path.read_text(encoding="utf-8"))
        for path in files_in(TEMPLATES)
    }


def _check(name: str) -> None:
    if not is_name(name):
        longest = f", and have at most {LONGEST_NAME} characters"
        raise BadNameError(f"{name!r}: {IN_WORDS[NAME_PATTERN]}{longest}")
    if name in NOT_STUDIES:
        held = NOT_STUDIES[name]
        raise BadNameError(f"{name} can't be a study's name: results/{name} holds {held}")
    if keyword.iskeyword(name):
        raise BadNameError(f"{name} is a word of Python's, and no module can be called so")


def write(files: Mapping[Path, str], root: Path = Path()) -> None:
    """Write all of them, or none.

    Raises:
        FileExistsError: one of them, or a measure of the same name, is there already; which.
    """
    there = [path for path in files if (root / path).exists()]
    taken = [p for p in files if "measures" in p.parts and p.stem in measures.names()]
    if found := [*there, *(measures.CATALOGUE.source(path.stem) for path in taken)]:
        said = f"{found[0]} is there already: choose another name, or delete the study's files"
        raise FileExistsError(said)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def in_words(name: str, files: Mapping[Path, str]) -> str:
    """What was written, and what to do with it."""
    width = max(len(str(path)) for path in files)
    about = {p: next(its for at, its in _ABOUT.items() if str(p).startswith(at)) for p in files}
    return "\n".join(
        [
            *(f"{path!s:{width}}  {about[path]}" for path in files),
            "",
            "It runs as it stands, in a minute, and results/index.html leads to its page:",
            f'  snakemake --cores all --config "studies=[{name}]" paper=false',
            f"Its tests:  make test ARGS=tests/unit/test_{name}.py",
            f"To make it part of everything, add {name} to `studies` in config/config.yaml.",
            "What each file is for, and how to make it your own: docs/add.md",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m onset.workflow.commands.new_study", description=__doc__
    )
    parser.add_argument("name", nargs="?", default="", help="of the study: letters, digits and _")
    name = parser.parse_args().name
    if not name:
        sys.exit("NAME=... is missing: how the study is called, e.g. make study NAME=first_of_two")
    try:
        files = files_of(name)
        write(files)
    except (BadNameError, FileExistsError) as error:
        sys.exit(str(error))
    print(in_words(name, files))


if __name__ == "__main__":
    main()
