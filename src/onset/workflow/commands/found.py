"""What finished studies found, where to look, and what to do next: the end of `make first`."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from onset.config import Project
from onset.store.origin import DamagedFileError
from onset.store.reading import read_json
from onset.workflow.commands.project import add_config_arguments, read_project

_WIDTH = 100
GO_ON = (
    "  look inside a model and add a condition, in ten minutes: docs/tour.md",
    "  run this with the study's own settings: make reproduce ARGS='--config studies=[{studies}]'",
    "  run all studies, and make the paper: make reproduce",
)


def found(project: Project, files: Sequence[Path]) -> Iterator[str]:
    """The lines.

    Args:
        project: whose studies have been run.
        files: the config files of the call.

    Raises:
        FileNotFoundError: a study has no page yet.
        DamagedFileError: what a study found can't be read.
    """
    results = Path(project.results)
    for name in project.studies:
        card = read_json(results / name / "card.json")
        yield ""
        yield f"{card['title']}: {card['n_conditions']} conditions, {card['n_runs']} runs"
        for text in (card["question"], card["answer"] or ""):
            yield from textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")
        for said in card["broken"]:
            yield f"  This doesn't hold with these settings: {said}"
        yield f"  page      {results / name / 'index.html'}"
        yield f"  notebook  {results / name / 'notebook.html'}"
    if changed := [name for name in project.studies if name in project.settings.overrides]:
        yield ""
        yield (
            f"The settings of {', '.join(changed)} are not the study's own but those in "
            f"{' and '.join(map(str, files)) or 'the config'}; the paper's numbers differ."
        )
    yield ""
    yield "What to do next:"
    yield from (line.format(studies=",".join(project.studies)) for line in GO_ON)


def main() -> None:
    parser = argparse.ArgumentParser("python -m onset.workflow.commands.found", description=__doc__)
    add_config_arguments(parser)
    arguments = parser.parse_args()
    project = read_project(arguments.configfile, arguments.config)
    try:
        print("\n".join(found(project, arguments.configfile)))
    except (DamagedFileError, FileNotFoundError) as error:
        sys.exit(f"nothing to report yet: {error}")


if __name__ == "__main__":
    main()
