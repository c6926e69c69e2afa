"""Pack the finished results with their workflow as an RO-Crate: results/crate/onset.crate.zip.

It holds all files that are on record, the records themselves and the project's own files, with checksums,
sizes, parameters and times, as Zenodo and WorkflowHub accept them. docs/export.md has the next steps.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from onset.code.own_files import files_in, is_own
from onset.config.folder import OWN_FOLDERS
from onset.config.project import Project
from onset.config.sources import CONFIG
from onset.store import records
from onset.store.layout import RunFolder
from onset.store.origin import DamagedFileError
from onset.store.recording import LeadsOutsideError
from onset.workflow.commands import verify
from onset.workflow.commands.destination import RefusedError, add_destination, destination
from onset.workflow.commands.orphans import orphans
from onset.workflow.commands.project import add_config_arguments, read_project
from onset.workflow.jobs import Jobs

FOLDER, ARCHIVE = "crate", "onset.crate.zip"
_TOOLS_OWN = {"build", "dist"}
_WRITTEN = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d{3} ", re.MULTILINE)
"""when a line of a log was written, in this machine's time zone"""


def sources(root: Path = Path()) -> list[Path]:
    """The project's own files, relative to its folder."""
    found = [path for path in root.iterdir() if path.is_file() and is_own(path.name)]
    for name in sorted(OWN_FOLDERS - _TOOLS_OWN):
        if (root / name).is_dir():
            found += files_in(root / name)
    return sorted(path.relative_to(root) for path in found)


def outputs(project: Project, checkpoints: bool) -> dict[Path, str | None]:
    """The files of the results, and their checksums if a record has them.

    Args:
        project: whose results they are.
        checkpoints: whether all checkpoints are wanted, rather than the last of each run.
    """
    results = Path(project.results)
    left = set(orphans(project))
    found: dict[Path, str | None] = {}
    for path in verify.record_paths(results, project):
        if left & {*path.parents}:
            continue
        record = records.read_record(path)
        found[path] = None
        found |= {record.folder / name: its for name, its in record.files.items()}
    found |= dict.fromkeys(map(Path, Jobs(project).told_in_files))
    found |= dict.fromkeys(sorted((results / records.LOGS).rglob("*.[lj][os]*")))
    if not checkpoints:
        unwanted = set(_earlier_checkpoints(project))
        found = {path: its for path, its in found.items() if path not in unwanted}
    return dict(sorted(found.items()))


def _earlier_checkpoints(project: Project) -> Iterator[Path]:
    for study in project.studies:
        for condition, seeds in project.runs(study).items():
            for seed in seeds:
                folder = RunFolder(Path(project.results, study, condition, f"seed_{seed}"))
                yield from sorted(folder.checkpoints.glob("step_*"))[:-1]


def refuse_unsound(project: Project) -> None:
    """Stop if results are incomplete, or don't match their records.

    Raises:
        RefusedError: names the first such file, and the command that rebuilds it.
    """
    wrong = [
        its
        for its in verify.findings(project)
        if its.state not in (verify.State.FOREIGN, verify.State.LEFT_OVER)
    ]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        again = "snakemake --cores all"
        if wrong[0].state is not verify.State.MISSING:
            again = "make verify ARGS=--mend"
        raise RefusedError(f"{wrong[0].path} is {wrong[0].state}{more}; to make it: {again}")


def times(results: Path) -> tuple[datetime, datetime]:
    """When the first job began and the last one ended, according to their logs.

    Raises:
        RefusedError: there are no logs.
    """
    logs = (results / records.LOGS).rglob("*.log")
    found = [
        datetime.fromisoformat(its).astimezone()
        for log in logs
        for its in _WRITTEN.findall(log.read_text(encoding="utf-8", errors="replace"))
    ]
    if not found:
        raise RefusedError(f"no log in {results / records.LOGS} says when the jobs ran")
    return min(found), max(found)


def pack(project: Project, archive: Path, checkpoints: bool) -> int:
    """Write the archive. Returns the number of files in it."""
    from onset.export.crate import Finished, parts_of, write_crate

    results = Path(project.results)
    made = outputs(project, checkpoints)
    study_files = {name: Path("config/studies", f"{name}.yaml") for name in project.studies}
    about = _about_project()
    names = [*project.studies, *Jobs(project).collections.names]
    finished = Finished(
        sources=sources(),
        inputs={"config": Path(CONFIG), **study_files},
        parameters=project.settings.model_dump(mode="json", exclude={"overrides"}),
        outputs=made,
        parts=parts_of(results, names, made),
        times=times(results),
        version=about.get("version"),
        authors=[its["name"] for its in about.get("authors", ())],
        note="" if checkpoints else "Of each run, only the last checkpoint is included.",
    )
    return write_crate(finished, archive)


def _about_project() -> dict[str, Any]:
    """What pyproject.toml says, if it is there."""
    path = Path("pyproject.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"] if path.is_file() else {}


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m onset.workflow.commands.crate", description=__doc__, allow_abbrev=False
    )
    add_destination(parser, "results/crate")
    parser.add_argument("--last", action="store_true", help="only the last checkpoint of each run")
    add_config_arguments(parser)
    arguments = parser.parse_args()
    project = read_project(arguments.configfile, arguments.config)
    try:
        refuse_unsound(project)
        archive = destination(arguments.to, Path(project.results, FOLDER)) / ARCHIVE
        n_files = pack(project, archive, checkpoints=not arguments.last)
    except (RefusedError, DamagedFileError, LeadsOutsideError, OSError) as error:
        sys.exit(f"crate: {error}")
    print(f"{archive}: {n_files} files, {archive.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
