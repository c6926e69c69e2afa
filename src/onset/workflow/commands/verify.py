"""Check every file of results/ against the record of its job; `--mend` rebuilds what is wrong.

Nothing is deleted, and without `--mend` nothing is changed. Logs and timings are not checked, nor are
other result folders inside this one (results/first, results/smoke). The exit status is 1 if there is
anything to report.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from onset import stages
from onset.code.own_files import modules_in
from onset.config.project import Project
from onset.store import records
from onset.store.files import checksum, is_file
from onset.store.origin import DamagedFileError
from onset.store.records import Record
from onset.workflow.commands import snakemake
from onset.workflow.commands.orphans import orphans
from onset.workflow.commands.project import add_config_arguments, read_project
from onset.workflow.jobs import Jobs
from onset.workflow.places import obstacles

_STAGES = frozenset(modules_in(stages.__path__))
"""what jobs are called, and after them their records"""
_MOST_WORDS = 12  # of a command that is worth to be read


class State(StrEnum):
    MISSING = "missing"
    DAMAGED = "damaged"
    UNREADABLE = "unreadable"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"
    LEFT_OVER = "left over"


_MEANS = {
    State.MISSING: "a job wrote it, or should have, but it is missing",
    State.DAMAGED: "it isn't what the job wrote there, or no record says what that was",
    State.UNREADABLE: "its permissions, or its disk, don't let it be read",
    State.UNFINISHED: "the job was interrupted, or failed",
    State.FOREIGN: "no job wrote it there: it stays, whatever runs",
    State.LEFT_OVER: "the config no longer asks for it: it stays, until you delete it",
}


_NOT_MENDED = (State.UNREADABLE, State.FOREIGN, State.LEFT_OVER)


class Finding(NamedTuple):
    """Something about a file, or a folder, that isn't as it should be."""

    state: State
    path: Path
    again: tuple[Path, ...] = ()
    """what Snakemake must be told to rebuild, since a plain call doesn't notice it"""


def findings(project: Project) -> list[Finding]:
    """All there is to tell, by state and name."""
    results, jobs = Path(project.results), Jobs(project)
    expected = set(map(Path, jobs.everything))
    left = set(orphans(project))
    found = {Finding(State.LEFT_OVER, path) for path in left}
    unread: list[Path] = []
    closed: list[Path] = []
    copied: set[Path] = set()
    files: dict[Path, tuple[str, Record]] = {}
    for path in record_paths(results, project):
        if left & {*path.parents}:
            continue
        try:
            record = records.read_record(path)
        except DamagedFileError:
            if _is_of_a_job(path):
                unread.append(path)
            else:
                found.add(Finding(State.FOREIGN, path))
            continue
        except OSError:
            found.add(Finding(State.UNREADABLE, path))
            closed.append(path)
            continue
        again = (record.folder / record.target,)
        if not record.is_of_its_folder and not {*again} & expected:
            copied.add(record.folder)
            continue
        if not (record.is_of_its_folder and record.is_of_its_name):
            found.add(Finding(State.DAMAGED, path, again))
        if not record.closed:
            found.add(Finding(State.UNFINISHED, *again, again))
        for name, its in {**record.earlier, **record.files}.items():
            files[record.folder / name] = its, record
    with ThreadPoolExecutor() as pool:
        found |= set(filter(None, pool.map(_compared, files.items())))
    told = {Path(path): text for path, text in jobs.told_in_files.items()}
    found |= {Finding(State.DAMAGED, p, (p,)) for p, text in told.items() if _is_other(p, text)}
    found |= {Finding(State.FOREIGN, folder) for folder in copied}
    for path in unread:
        # Whatever the job had written is on no record now.
        its = (p for p in expected - files.keys() - told.keys() if path.parent.parent in p.parents)
        found.add(Finding(State.DAMAGED, path, tuple(sorted(its))))
    without_record = {
        p for p in expected - files.keys() - told.keys() if records.LOGS not in p.parts
    }
    # What is missing, and on no record, a plain call sees by itself.
    unseen = without_record | told.keys()
    found |= {Finding(State.MISSING, _highest(p)) for p in unseen if not p.exists()}
    doubtful = {*_folders_of([*unread, *closed])}
    lost = {p for p in without_record if p.exists() and not doubtful & {*p.parents}}
    found |= {Finding(State.DAMAGED, p, (p,)) for p in lost}
    known, open_to_doubt = {*files, *told, *lost}, {*left, *doubtful, *copied}
    found |= {
        Finding(State.FOREIGN, path)
        for path in _files(results, project)
        if path not in known and not open_to_doubt & {path, *path.parents}
    }
    return sorted(found, key=lambda its: (list(State).index(its.state), its.path))


def _is_of_a_job(record: Path) -> bool:
    """Whether a record has a name that a job gives."""
    return record.name.partition(".")[0].partition("_of_")[0] in _STAGES


def _highest(missing: Path) -> Path:
    """The folder that isn't there as a whole, if the file isn't the only one."""
    gone = [missing, *(folder for folder in missing.parents if not folder.exists())]
    return gone[-1]


def _folders_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The folders that records are of."""
    return (path.parent.parent for path in paths)


def _is_other(path: Path, text: str) -> bool:
    """Whether a file that Snakemake wrote, without a record, has another text."""
    return path.is_file() and path.read_bytes().strip() != text.encode().strip()


def _compared(recorded: tuple[Path, tuple[str, Record]]) -> Finding | None:
    path, (expected, record) = recorded
    again = (record.folder / record.target,)
    if not path.exists():
        # Of a job that didn't end, Snakemake has taken away what was there.
        return Finding(State.MISSING, path, again) if record.closed else None
    try:
        if not path.is_file() or checksum(path) != expected:
            return Finding(State.DAMAGED, path, again)
    except OSError:
        return Finding(State.UNREADABLE, path)
    return None


def _folders(results: Path, project: Project) -> Iterator[Path]:
    """Those of this config, and of studies that aren't in it."""
    for folder in sorted(results.glob("[!.]*/")):
        a_study = any(folder.glob("*/seed_*/"))
        if folder.name in (*project.studies, *project.collections, "paper") or a_study:
            yield folder


def record_paths(results: Path, project: Project) -> Iterator[Path]:
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
    lines = [f"{its.state:<11} {_in_a_line(its.path)}" for its in found]
    lines += [
        "",
        *(f"{state}: {_MEANS[state]}" for state in State if any(f.state == state for f in found)),
    ]
    return "\n".join(lines)


def _in_a_line(path: Path) -> str:
    """A stranger's file may have any name: what isn't to be seen is written out."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))


def mending(
    found: Iterable[Finding], files: Sequence[Path], options: Sequence[str]
) -> list[str] | None:
    """The call of Snakemake that mends what can be mended; None if there is nothing of the kind."""
    found = [its for its in found if its.state not in _NOT_MENDED]
    if not found:
        return None
    forced = sorted({str(path) for its in found for path in its.again})
    command = ["snakemake", "--cores", "all"]
    command += ["--configfile", *map(str, files)] if files else []
    command += ["--config", *options] if options else []
    return command + (["--forcerun", *forced] if forced else [])


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m onset.workflow.commands.verify", description=__doc__
    )
    add_config_arguments(parser)
    parser.add_argument("--mend", action="store_true", help="make again what is missing or damaged")
    arguments = parser.parse_args()
    given = arguments.configfile, arguments.config
    project = read_project(*given)
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        found = findings(project)
    except PermissionError as error:
        closed = obstacles(Path(project.results), project.all_runs, project.collections)
        sys.exit(
            "\n".join(closed or [f"{error.filename} is closed to you: change its permissions"])
        )
    command = mending(found, *given)
    if command and arguments.mend:
        print(table(found), flush=True)
        # As make calls it, which works without a home, too.
        _, *words = command
        subprocess.run([sys.executable, "-m", snakemake.__name__, *words], check=False)
        found = findings(project)
        command = mending(found, *given)
    in_the_way = obstacles(Path(project.results), project.all_runs, project.collections)
    if not (found or in_the_way):
        print(f"{project.results}: every file is what its record says")
        return
    print("\n".join([*in_the_way, *([table(found)] if found else [])]))
    if command:
        print("\nTo mend it: make verify ARGS=--mend")
        if len(command) < _MOST_WORDS:
            print(f"or: {shlex.join(command)}")
    sys.exit(1)


if __name__ == "__main__":
    main()
