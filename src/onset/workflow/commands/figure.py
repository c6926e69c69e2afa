"""List the files to request from Snakemake for a figure or table, given as STUDY/NAME.

Without a name it lists all there are. The study may be left out where one study alone has the name.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from onset.config.project import Project
from onset.workflow.commands.project import add_config_arguments, read_project
from onset.workflow.jobs import Jobs

_MOST_SHOWN, _NEAR = 3, 0.6


class UnknownError(Exception):
    """There is no such figure, or there are several."""


def targets(project: Project) -> dict[str, list[str]]:
    """What each name stands for: the PDF of a figure, the LaTeX of a table; some names are both's."""
    jobs = Jobs(project)
    made = []
    for collection in jobs.collections.names:
        made += jobs.collections.figures_of(collection) + jobs.collections.tables_of(collection)
    for study in project.studies:
        made += jobs.notebooks.figures_of(study) + jobs.notebooks.tables_of(study)
    found: dict[str, list[str]] = {}
    for path in map(Path, made):
        if path.suffix in (".pdf", ".tex"):
            found.setdefault(f"{path.parts[-3]}/{path.stem}", []).append(str(path))
    return found


def chosen(name: str, named: dict[str, list[str]]) -> list[str]:
    """The files that a name stands for.

    Raises:
        UnknownError: none or several do; its text, of one line, says which are meant perhaps.
    """
    full = [name] if name in named else [its for its in named if its.endswith(f"/{name}")]
    if len(full) == 1:
        return named[full[0]]
    if full:
        raise UnknownError(f"{name} is the name of several: {', '.join(full)}")
    near = difflib.get_close_matches(name, named, _MOST_SHOWN, _NEAR)
    if "/" not in name:
        short = {its.partition("/")[2] for its in named}
        close = difflib.get_close_matches(name, short, _MOST_SHOWN, _NEAR)
        near = [its for word in close for its in named if its.endswith(f"/{word}")][:_MOST_SHOWN]
    hint = f"did you mean {' or '.join(near)}?" if near else "`make figure` lists all there are"
    raise UnknownError(f"there is no figure or table {name}; {hint}")


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m onset.workflow.commands.figure", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("name", nargs="?", help="STUDY/NAME, or NAME")
    add_config_arguments(parser)
    arguments, _ = parser.parse_known_args()  # the others are Snakemake's
    named = targets(read_project(arguments.configfile, arguments.config))
    if not arguments.name:
        sys.exit("NAME=STUDY/NAME is missing. There are:\n" + "\n".join(named))
    try:
        print(*chosen(arguments.name, named))
    except UnknownError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
