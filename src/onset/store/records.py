"""What each job wrote, in `.records/JOB.jsonl` of the folder that the job works on.

The first line says what the record is about, the others name one file each, with its checksum; the last
one closes the record with a checksum of its own. Lines are added while the job runs, so that even a
killed job has recorded what it left behind. Only what is in a record counts as Onset's, and a job deletes
nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from onset.store.files import checksum
from onset.store.origin import DamagedFileError

FOLDER = ".records"
LOGS = "logs"
"""folder of results in which jobs say how they went"""
_SUFFIX = ".jsonl"
_MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Record:
    """What one job says that it wrote."""

    path: Path
    of: str
    """what the folder is called: `study/condition/seed_n`, or `study`"""
    target: str
    """one of the job's files that Snakemake knows, to ask for when the job is to be done again"""
    job: str = ""
    """whose it is; the file is called so, unless somebody renamed it. Empty: older records don't say"""
    settings: str = ""
    """digest of the settings that the job was told"""
    code: str = ""
    """fingerprint of the code that it ran"""
    files: Mapping[str, str] = field(default_factory=dict)
    """name, relative to the folder → checksum"""
    earlier: Mapping[str, str] = field(default_factory=dict)
    """while the job goes on, and where it failed: what the call before had written"""
    begun: Mapping[str, str] = field(default_factory=dict)
    """part that may have been left by a job that was killed → name of the file that it was to be"""
    closed: bool = False
    """whether the job came to its end"""

    @property
    def folder(self) -> Path:
        return self.path.parent.parent

    @property
    def is_of_its_name(self) -> bool:
        """Whether the file is still called as it was."""
        return not self.job or self.path == path_of(self.folder, self.job)

    @property
    def is_of_its_folder(self) -> bool:
        """Whether the folder is still called as it was; another's folder may have been copied here."""
        parts = PurePosixPath(self.of).parts
        return not parts or _absolute(self.folder).parts[-len(parts) :] == parts

    @property
    def again(self) -> str:
        """What to type for the job to be done again."""
        return f"snakemake --cores all --forcerun {self.folder / self.target}"


def path_of(folder: Path, job: str) -> Path:
    """Where the record of a job lies."""
    return folder / FOLDER / f"{job}{_SUFFIX}"


def paths_in(folder: Path) -> list[Path]:
    """Where the records of a folder's jobs lie."""
    return sorted((folder / FOLDER).glob(f"[!.]*{_SUFFIX}"))


def record_of(path: Path) -> tuple[Record, str] | None:
    """The record that names a file, and the file's name there; None if no record does.

    Raises:
        DamagedFileError: none of those that can be read does, and one can't.
    """
    damage = None
    for folder in path.parents:
        name = path.relative_to(folder).as_posix()
        for its in paths_in(folder):
            try:
                record = read_record(its)
            except DamagedFileError as error:
                damage = error
                continue
            if name in record.files:
                return record, name
        if (folder / "Snakefile").exists():  # nothing above is ours
            break
    if damage:
        raise damage
    return None


def check(path: Path, *, must_be_recorded: bool = True) -> None:
    """Refuse a file that isn't what its record says was written there.

    Args:
        path: of the file.
        must_be_recorded: False for files that carry checksum and origin themselves, and may have been
            taken home without the record.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedFileError: it names the file, what is wrong, and the command that mends it.
    """
    found = record_of(path)
    if found is None:
        path.stat()
        if must_be_recorded:
            raise damaged(path, "no record says that Onset wrote it")
        return
    record, name = found
    if not record.is_of_its_folder:
        # Whether the config asks for a run in this place isn't known here.
        raise DamagedFileError(
            f"{path}: belongs to {record.of}, as {record.path} says; to make what belongs here, and to "
            "list what doesn't: make verify ARGS=--mend"
        )
    if checksum(path) != record.files[name]:
        raise damaged(path, "altered since it was written")


def damaged(path: Path, what: str) -> DamagedFileError:
    """The error about a file: its name, what is wrong with it, and the command that mends it."""
    try:
        found = record_of(path)
    except DamagedFileError:
        found = None
    again = found[0].again if found else "make verify ARGS=--mend"
    return DamagedFileError(f"{path}: {what}; to make it again: {again}")


def names_in(folder: Path) -> set[str]:
    """The names of all files that some record of the folder knows, written or begun.

    Raises:
        DamagedFileError: one of them can't be read.
    """
    found = [read_record(path) for path in paths_in(folder)]
    return {name for its in found for name in (*its.files, *its.earlier, *its.begun.values())}


def foreign_to(path: Path) -> list[Path]:
    """Files that lie among those of a record and stand in none of its folder's records.

    Hidden files don't count, nor do other folders; of logs there is no record.
    """
    record = read_record(path)
    try:
        known = names_in(record.folder)
    except DamagedFileError:  # another job's, which `make verify` tells
        return []
    beside = {PurePosixPath(name).parent for name in record.files} - {PurePosixPath(LOGS)}
    return sorted(
        its
        for folder in beside
        for its in (record.folder / folder).iterdir()
        if not its.name.startswith(".")
        and (its.is_symlink() or not its.is_dir())
        and (folder / its.name).as_posix() not in known
    )


def read_record(path: Path) -> Record:
    """Read a record, be it closed or not.

    Raises:
        DamagedFileError: it isn't what was written there.
    """
    its = path.stat()
    if not stat.S_ISREG(its.st_mode):
        raise _unreadable(path, "no file")
    if its.st_size > _MOST_BYTES:
        raise _unreadable(path, "too large")
    return _read(path, its.st_ino, its.st_mtime_ns, its.st_size)


@lru_cache(4096)
def _read(path: Path, *_: int) -> Record:
    lines = path.read_bytes().split(b"\n")
    unfinished = lines.pop()  # empty, or what a killed job had no time to write
    try:
        first, *others = map(json.loads, lines)
        closed = bool(others) and "closed" in others[-1]
        if closed and (unfinished or others.pop()["closed"] != digest_of(lines[:-1])):
            raise ValueError("altered since it was written")
        files = {line["file"]: str(line["sha256"]) for line in others if "file" in line}
        earlier = {line["earlier"]: str(line["sha256"]) for line in others if "earlier" in line}
        begun = {line["part"]: str(line["of"]) for line in others if "part" in line}
        record = Record(path, **first, files=files, earlier=earlier, begun=begun, closed=closed)
        for name in (record.target, *files, *earlier, *begun, *begun.values()):
            _refuse_outside(name)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unreadable(path, error) from error
    return record


def _unreadable(path: Path, why: object) -> DamagedFileError:
    return DamagedFileError(
        f"{path}: not a whole record of Onset's ({why}); to mend it: make verify ARGS=--mend"
    )


def digest_of(lines: Sequence[bytes]) -> str:
    """Checksum of a record's lines."""
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def line_of(**said: Any) -> bytes:
    """A line of a record, without its end."""
    return json.dumps(said, ensure_ascii=False).encode()


def _refuse_outside(name: str) -> None:
    its = PurePosixPath(name)
    if its.is_absolute() or ".." in its.parts or not its.parts:
        raise ValueError(f"the name {name!r} leads out of the folder")
    if "\0" in name or not name.isprintable():
        raise ValueError(f"{name!a} is no name of a file of Onset's")


def _absolute(path: Path) -> Path:
    """Links are left as they are: a study may be one, to another disk."""
    return Path(os.path.abspath(path))  # noqa: PTH100, resolve() would follow links
