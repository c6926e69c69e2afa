"""Files appear whole or not at all, and are recorded by the job that writes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onset.store import recording
from onset.store.files import part_of, replacing


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A path to write to, next to `path`, that takes its name once the block ends without error.

    Raises:
        OSError: the disk is full, or the folder closed; it names the file.
        LeadsOutsideError: a link would take the file out of the folder that the job is about.
    """
    record, part = recording.under_way(path), part_of(path)
    if record:
        record.begins(path, part)
    with replacing(path, part):
        yield part
    if record:
        record.wrote(path)


def write_text(path: Path, text: str) -> None:
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    with atomic_path(path) as part:
        part.write_bytes(content)
