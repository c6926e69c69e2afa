"""Hold every file of results/ against the record of the job that wrote it; `--mend` makes it again.

Nothing is deleted, and without `--mend` nothing is changed. Logs and timings aren't looked at, nor are
other folders of results within (results/smoke, results/tuning). Exit status 1 if there is anything to tell.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from onset.commands.orphans import orphans
from onset.commands.project import add_configfile_argument, read_project
from onset.config.project import Project
from onset.jobs import Jobs
from onset.store import records
from onset.store.files import checksum, is_file
from onset.store.origin import DamagedFileError
from onset.store.records import Record

_OF_ALL_STUDIES = ("atlas", "paper")


class State(StrEnum):
    MISSING = "missing"
    DAMAGED = "damaged"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"
    LEFT_OVER = "left over"


_MEANS = {
    State.MISSING: "a job wrote it, or should have, and it isn't there",
    State.DAMAGED: "it isn't what the job wrote there",
    State.UNFINISHED: "the job was interrupted, or failed",
    State.FOREIGN: "no job wrote it: it stays, whatever runs",
    State.LEFT_OVER: "the config no longer asks for it: it stays, until you delete it",
}


class Finding(NamedTuple):
    """Something about a file, or a folder, that isn't as it should be."""

    state: State
    path: Path
    again: Path | None = None
    """what Snakemake must make again to mend it, where that can be told"""


def findings(project: Project) -> list[Finding]:
    """All there is to tell, by state and name."""
    results = Path(project.results)
    left = set(orphans(project))
    found = [Finding(State.LEFT_OVER, path) for path in left]
    known: set[Path] = set()
    checked: list[tuple[Path, str, Record]] = []
    for path in _record_paths(results, project):
        if left & {path, *path.parents}:
            continue
        try:
            record = records.read_record(path)
        except DamagedFileError:
            found.append(Finding(State.DAMAGED, path))
            continue
        again = record.folder / record.target
        if not record.is_of_its_folder:
            found.append(Finding(State.DAMAGED, path, again))
        if not record.closed:
            found.append(Finding(State.UNFINISHED, again, again))
        its = {**(record.earlier if not record.closed else {}), **record.files}
        known |= {record.folder / name for name in its}
        checked += [(record.folder / name, its[name], record) for name in its]
    with ThreadPoolExecutor() as pool:
        found += filter(None, pool.map(_compared, checked))
    found += [
        Finding(State.MISSING, path, path)
        for path in map(Path, Jobs(project).everything)
        if path not in known and not path.exists()
    ]
    found += [
        Finding(State.FOREIGN, path)
        for path in _files(results, project)
        if path not in known and not left & {path, *path.parents}
    ]
    return sorted(set(found), key=lambda its: (list(State).index(its.state), its.path))


def _compared(given: tuple[Path, str, Record]) -> Finding | None:
    path, expected, record = given
    again = record.folder / record.target
    if not path.exists():
        # What an unfinished job had not come to is no loss.
        return Finding(State.MISSING, path, again) if record.closed else None
    if not path.is_file() or checksum(path) != expected:
        return Finding(State.DAMAGED, path, again)
    return None


def _folders(results: Path, project: Project) -> Iterator[Path]:
    """Those of this config, and of studies that aren't in it."""
    for folder in sorted(results.glob("[!.]*/")):
        a_study = any(folder.glob("*/seed_*/"))
        if folder.name in (*project.studies, *_OF_ALL_STUDIES) or a_study:
            yield folder


def _record_paths(results: Path, project: Project) -> Iterator[Path]:
    yield from records.paths_in(results)
    for folder in _folders(results, project):
        for its in sorted(folder.rglob(records.FOLDER)):
            yield from records.paths_in(its.parent)


def _files(results: Path, project: Project) -> Iterator[Path]:
    """What is no folder and not hidden."""
    for path in results.glob("[!.]*"):
        if not path.is_dir():
            yield path
    for folder in _folders(results, project):
        for path in folder.rglob("[!.]*"):
            if records.FOLDER not in path.parts and (is_file(path) or path.is_symlink()):
                yield path


def table(found: Iterable[Finding]) -> str:
    """A line per finding, and under it what the states mean."""
    found = list(found)
    lines = [f"{its.state:<11} {its.path}" for its in found]
    lines += [
        "",
        *(f"{state}: {_MEANS[state]}" for state in State if any(f.state == state for f in found)),
    ]
    return "\n".join(lines)


def mending(found: Iterable[Finding], configfile: Path | None) -> list[str] | None:
    """The call of Snakemake that mends what can be mended; None if there is nothing of the kind."""
    found = [its for its in found if its.state not in (State.FOREIGN, State.LEFT_OVER)]
    if not found:
        return None
    forced = sorted({str(its.again) for its in found if its.again})
    command = ["snakemake", "--cores", "all"]
    command += ["--configfile", str(configfile)] if configfile else []
    return command + (["--forcerun", *forced] if forced else [])


def main() -> None:
    parser = argparse.ArgumentParser("python -m onset.commands.verify", description=__doc__)
    add_configfile_argument(parser)
    parser.add_argument("--mend", action="store_true", help="make again what is missing or damaged")
    arguments = parser.parse_args()
    project = read_project(arguments.configfile)
    found = findings(project)
    command = mending(found, arguments.configfile)
    if command and arguments.mend:
        print(table(found), flush=True)
        subprocess.run([sys.executable, "-m", *command], check=False)
        records.forget()
        found = findings(project)
        command = mending(found, arguments.configfile)
    if not found:
        print(f"{project.results}: every file is what its record says")
        return
    print(table(found))
    if command:
        print("\nTo mend it: make verify ARGS=--mend, or\n  " + " ".join(command))
    sys.exit(1)


if __name__ == "__main__":
    main()
