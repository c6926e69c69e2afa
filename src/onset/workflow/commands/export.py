"""Write finished runs as models and datasets for Hugging Face: results/export/STUDY/CONDITION/seed_N.

NAME is a study (all its runs), STUDY/CONDITION or STUDY/CONDITION/SEED. Nothing is uploaded, and nothing is
computed: if a result is missing, a line says which command makes it. docs/export.md has the next steps.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from onset.config.project import Project
from onset.store.layout import RunFolder
from onset.store.origin import DamagedFileError
from onset.store.recording import LeadsOutsideError
from onset.workflow.commands.destination import RefusedError, add_destination, destination
from onset.workflow.commands.project import add_config_arguments, read_project

FOLDER = "export"
"""in results/"""


class Chosen(NamedTuple):
    """A run that is asked for."""

    study: str
    condition: str
    seed: int

    def folder(self, top: str | Path) -> Path:
        return Path(top, self.study, self.condition, f"seed_{self.seed}")


def chosen(name: str, project: Project) -> list[Chosen]:
    """The runs that a name stands for.

    Raises:
        RefusedError: the config has no such study, condition or seed.
    """
    study, *rest = name.strip("/").split("/")
    _among(study, project.studies, "study", "config/config.yaml")
    runs = project.runs(study)
    if rest:
        _among(rest[0], runs, "condition", f"config/studies/{study}.yaml")
        runs = {rest[0]: runs[rest[0]]}
    if rest[1:]:
        seeds = {str(seed) for seed in runs[rest[0]]}
        wanted = rest[1].removeprefix("seed_")
        _among(wanted, seeds, "seed", f"config/config.yaml for {study}/{rest[0]}")
        runs = {rest[0]: [int(wanted)]}
    if rest[2:]:
        raise RefusedError(f"NAME={name}: STUDY, STUDY/CONDITION or STUDY/CONDITION/SEED")
    return [Chosen(study, condition, seed) for condition, seeds in runs.items() for seed in seeds]


def _among(name: str, known: Collection[str], what: str, where: str) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, 3, 0.5) or list(known)
    said = "did you mean" if len(near) < len(known) else "there are"
    raise RefusedError(f"no {what} {name!r} in {where}; {said} {', '.join(near)}")


def unfinished(runs: Collection[Chosen], results: str) -> Iterator[str]:
    """The files that an export reads and that aren't there yet."""
    for its in runs:
        folder = RunFolder(its.folder(results))
        needed = (folder.dataset, folder.checkpoint_index, folder.measures)
        yield from (str(path) for path in needed if not path.exists())
    study = Path(results, next(iter(runs)).study)
    needed = (study / name for name in ("summary.csv", "quantities.json", "card.json"))
    yield from (str(path) for path in needed if not path.exists())


def refuse_unfinished(runs: Collection[Chosen], results: str) -> None:
    """Stop if a file isn't there yet.

    Raises:
        RefusedError: names the first such file, and the command that makes all of them.
    """
    if missing := list(unfinished(runs, results)):
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        page = f"{results}/{next(iter(runs)).study}/index.html"
        raise RefusedError(
            f"{missing[0]}{more} isn't there yet; to make it: snakemake --cores all {page}"
        )


def export(runs: Collection[Chosen], project: Project, top: Path, revisions: bool) -> None:
    """Write runs of one study, and say where.

    Args:
        runs: of the study.
        project: whose runs they are.
        top: folder to write to.
        revisions: whether all checkpoints are wanted, rather than the last alone.
    """
    # Imported only here, as they take a second.
    from onset.export.revisions import export_run
    from onset.export.told import Told
    from onset.results import open_study
    from onset.workflow.jobs import Jobs

    study_name = next(iter(runs)).study
    described = {
        its["name"]: its for its in Jobs(project).pages.described[study_name]["conditions"]
    }
    conditions = project.runs(study_name)
    study = open_study(study_name, project.results, conditions=list(conditions))
    for its in runs:
        told = Told(study.run(its.condition, its.seed), study, described[its.condition])
        steps = told.run.steps if revisions else []
        folder = its.folder(top)
        for kept in export_run(told, folder, steps):
            print(f"{kept}: edited, or not Onset's, and lay where this call writes; kept so")
        print(f"{folder}: main" + (f", {len(steps)} revisions" if steps else "") + ", dataset")


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m onset.workflow.commands.export", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("name", nargs="?", help="STUDY, STUDY/CONDITION or STUDY/CONDITION/SEED")
    add_destination(parser, "results/export")
    parser.add_argument("--last", action="store_true", help="only the last checkpoint of each run")
    add_config_arguments(parser)
    arguments = parser.parse_args()
    project = read_project(arguments.configfile, arguments.config)
    try:
        if not arguments.name:
            raise RefusedError(
                "NAME=STUDY, STUDY/CONDITION or STUDY/CONDITION/SEED is missing; studies: "
                + ", ".join(project.studies)
            )
        runs = chosen(arguments.name, project)
        refuse_unfinished(runs, project.results)
        top = destination(arguments.to, Path(project.results, FOLDER))
        export(runs, project, top, revisions=not arguments.last)
    except (RefusedError, DamagedFileError, LeadsOutsideError, OSError, ValueError) as error:
        sys.exit(f"export: {error}")


if __name__ == "__main__":
    main()
