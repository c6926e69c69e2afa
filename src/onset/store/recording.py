"""Keeps a job's record while it writes; at the end, removes what an earlier call left behind."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onset.store import records
from onset.store.files import checksum, is_file, part_of, replacing
from onset.store.origin import DamagedFileError, digest
from onset.store.records import Record, line_of

_HELD = "ONSET_RECORDS"
"""environment variable: the records of the process above, as a JSON list of paths"""
_under_way: list[Recorder] = []


class LeadsOutsideError(Exception):
    """A link would take a file out of the folder that the job is about."""


class Recorder:
    """The record of a job that is under way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.parent.parent

    @property
    def written(self) -> dict[str, str]:
        """What this call has written so far: name, relative to the folder → checksum."""
        return dict(records.read_record(self.path).files)

    def covers(self, path: Path) -> bool:
        """Whether a file lies below the folder that the job is about."""
        return _absolute(path).is_relative_to(_absolute(self.folder))

    def begins(self, path: Path, part: Path) -> None:
        """A file is about to be written.

        Raises:
            LeadsOutsideError: naming the folder, and where it leads.
        """
        refuse_outside(path.parent, self.folder)
        self._add(part=self._name(part), of=self._name(path))

    def wrote(self, path: Path) -> None:
        """A file was written."""
        self._add(file=self._name(path), sha256=checksum(path))

    def _add(self, **said: Any) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        try:
            os.write(descriptor, line_of(**said) + b"\n")
        finally:
            os.close(descriptor)

    def _name(self, path: Path) -> str:
        return _absolute(path).relative_to(_absolute(self.folder)).as_posix()


class JobRecorder(Recorder):
    """That of the job itself, which knows what an earlier call had written."""

    def __init__(self, folder: Path, job: str, keeps_edits: bool = False, **about: str) -> None:
        super().__init__(records.path_of(folder, job))
        refuse_outside(self.path.parent, folder)
        self._about, self._kept, self._keeps_edits = {"job": job, **about}, {}, keeps_edits
        before = self._call_before()
        self._earlier = {**before.earlier, **before.files} if before else {}
        self._begun_earlier = {*before.begun.values()} if before else set()
        self.set_aside: list[Path] = []
        """what others had put where this job writes, by its new names"""
        # What the earlier call wrote stays on record until this one ends, lest one that is killed
        # leave files that nobody answers for.
        self._write([line_of(earlier=name, sha256=its) for name, its in self._earlier.items()])
        for name in before.begun if before else ():
            if name.endswith(".part") and self._is_within(name):
                (folder / name).unlink()

    def begins(self, path: Path, part: Path) -> None:
        """A file is about to be written. What lies there and isn't Onset's gets another name.

        Raises:
            LeadsOutsideError: naming the folder, and where it leads.
        """
        super().begins(path, part)
        if os.path.lexists(path) and (not self._is_known(path) or self._is_edited(path)):
            kept = _free_name(path)
            path.rename(kept)
            self.set_aside.append(kept)

    def _is_edited(self, path: Path) -> bool:
        """Whether somebody has changed what an earlier call wrote, and that is to be kept."""
        its_own = self._name(path) in self._earlier and self._name(path) not in self.written
        return self._keeps_edits and its_own and not self.earlier(path)

    def _is_known(self, path: Path) -> bool:
        name = self._name(path)
        if name in self._earlier or name in self._begun_earlier or name in self.written:
            return True
        try:
            return records.record_of(path) is not None
        except DamagedFileError:
            return False

    def earlier(self, path: Path) -> str | None:
        """The checksum of a file that an earlier call wrote, if it still is what it was."""
        its = self._earlier.get(self._name(path))
        return its if its and is_file(path) and checksum(path) == its else None

    def keep(self, path: Path) -> None:
        """A file belongs to what this call makes, though an earlier one may have written it.

        Raises:
            DamagedFileError: neither did, or it isn't what it was.
        """
        if self._name(path) in self.written:
            return
        its = self.earlier(path)
        if its is None:
            raise DamagedFileError(f"{path}: isn't what an earlier call wrote there")
        self._kept[self._name(path)] = its

    def discard(self, path: Path) -> None:
        """Take away a file, if this call or an earlier one wrote it."""
        name = self._name(path)
        its = self.written.get(name, self._earlier.get(name))
        if its and self._is_within(name) and checksum(path) == its:
            path.unlink()

    def close(self) -> list[str]:
        """End the record with what this call wrote or kept; what else an earlier one wrote is deleted.

        Returns:
            What stays of that because somebody has changed it since.
        """
        made = {**self._kept, **self.written}
        made = {name: its for name, its in made.items() if is_file(self.folder / name)}
        changed = []
        for name, its in self._earlier.items():
            if name in made or not self._is_within(name):
                continue
            if checksum(self.folder / name) == its:
                (self.folder / name).unlink()
            else:
                changed.append(name)
        self._write([line_of(file=name, sha256=made[name]) for name in sorted(made)], closed=True)
        for path in records.paths_in(self.folder):
            if path != self.path:
                _give_up(path, made)
        return changed

    def _call_before(self) -> Record | None:
        """What it says; a damaged record says nothing, and nothing of it is deleted."""
        try:
            return records.read_record(self.path)
        except (FileNotFoundError, DamagedFileError):
            return None

    def _is_within(self, name: str) -> bool:
        """Whether a name is that of a regular file that lies in the folder, links followed."""
        path = self.folder / name
        return is_file(path) and _leads_within(path.parent, self.folder)

    def _write(self, lines: list[bytes], closed: bool = False) -> None:
        _write(self.path, [line_of(**self._about), *lines], closed)


def _write(path: Path, lines: list[bytes], closed: bool) -> None:
    if closed:
        lines = [*lines, line_of(closed=records.digest_of(lines))]
    part = part_of(path)
    with replacing(path, part):
        part.write_bytes(b"\n".join(lines) + b"\n")


def _give_up(path: Path, made: Collection[str]) -> None:
    """Take files that a job has made off the record of another, which it had under an older name."""
    try:
        record = records.read_record(path)
    except DamagedFileError:
        return
    names = {*record.files, *record.earlier}
    if not names & {*made}:
        return
    if names <= {*made}:
        path.unlink()
    elif record.closed:
        about, *files, _, _ = path.read_bytes().split(b"\n")
        kept = [line for line in files if json.loads(line)["file"] not in made]
        _write(path, [about, *kept], closed=True)


@contextmanager
def recorded(
    folder: Path,
    job: str,
    target: str,
    settings: Any = None,
    code: str = "",
    of: str | None = None,
    keeps_edits: bool = False,
) -> Iterator[JobRecorder]:
    """Keep the record of a job: all that is written in the block, below its folder, stands in it.

    Processes that are started in the block add what they write. A block that ends with an error leaves
    the record open, so that the next call knows what was left.

    Args:
        folder: that the job is about.
        job: its name, which is the record's.
        target: name of a file that Snakemake asks this job for.
        settings: that it was told.
        code: fingerprint of its code.
        of: what the folder is called, where that isn't its name alone.
        keeps_edits: whether a file that somebody has changed since gets another name before it is written
            anew; if not, it is taken for damaged.

    Raises:
        LeadsOutsideError: a link takes the record out of the folder.
    """
    about = {"of": folder.name if of is None else of, "target": target}
    about |= {"settings": digest(settings), "code": code}
    record = JobRecorder(folder, job, keeps_edits, **about)
    _under_way.append(record)
    _tell_children()
    try:
        yield record
    finally:
        _under_way.remove(record)
        _tell_children()
    record.close()


def under_way(path: Path) -> Recorder | None:
    """The record that a file belongs into, of this process's job or of that of the process above."""
    held = _under_way or [Recorder(Path(its)) for its in json.loads(os.environ.get(_HELD, "[]"))]
    covering = [record for record in held if record.covers(path)]
    return max(covering, key=lambda record: len(record.folder.parts), default=None)


def refuse_outside(folder: Path, job: Path) -> None:
    """Refuse a folder that a link takes out of the one that a job is about.

    Raises:
        LeadsOutsideError: naming both.
    """
    if not _leads_within(folder, job):
        raise LeadsOutsideError(
            f"{folder} leads to {folder.resolve()}, out of {job.resolve()}: nothing is written there; "
            "remove the link"
        )


def _tell_children() -> None:
    os.environ[_HELD] = json.dumps([str(_absolute(record.path)) for record in _under_way])


def _free_name(path: Path) -> Path:
    """A name next to `path` that nothing has, for what lies there now."""
    names = (path.with_name(f"{path.name}.kept{n or ''}") for n in itertools.count())
    return next(name for name in names if not os.path.lexists(name))


def _leads_within(folder: Path, job: Path) -> bool:
    return folder.resolve().is_relative_to(job.resolve())


def _absolute(path: Path) -> Path:
    """Links are left as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100, resolve() would follow links
