"""What a run left behind, to be compared to the byte."""

from __future__ import annotations

import compileall
import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from onset.store.files import is_file
from onset.store.recording import recorded

# What latexmk and LaTeX note for themselves, with times.
_NOTES = (".aux", ".bbl", ".blg", ".fdb_latexmk", ".fls", ".log", ".out")


def contents(top: Path) -> dict[str, bytes]:
    """All files of a folder of results, hidden ones too, but for logs and notes, which hold times."""
    files = {path.relative_to(top): path for path in sorted(top.rglob("*")) if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in files.items()
        if name.parts[0] != "logs" and name.suffix not in _NOTES
    }


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The files that only one side has, or that aren't the same to the last byte."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack an archive; Python 3.11.2's tarfile has no `filter`, and later ones warn without."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-xzf", archive, "-C", folder], check=True)
    return folder


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker to ask for it makes, and all share. Not to be changed: copy it."""
    place = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    folder = place / name
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := place / f"{name}.done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@cache
def compiled(package: Path) -> None:
    """So that copies of a package don't each compile it again."""
    compileall.compile_dir(package, quiet=2)


def put_on_record(folder: Path, of: str | None = None) -> None:
    """A record of all that lies in a folder, as if a job had written it."""
    with recorded(folder, "some_job", "some_target", of=of) as record:
        for path in folder.rglob("*"):
            if is_file(path) and ".records" not in path.parts:
                record.wrote(path)
