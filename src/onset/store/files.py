"""Creates new files only: existing files are never written to."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def part_of(path: Path) -> Path:
    """A name next to `path` that no file has, to be written to before it takes the name."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")


@contextmanager
def replacing(path: Path, part: Path) -> Iterator[None]:
    """Create `part`, to be written in the block; at its end without error it takes the name `path`.

    The content is on disk before the name changes, so that after a power cut the file is either the old
    one or the new one. A link at `path` is replaced, never followed: what it leads to stays as it is.

    Raises:
        OSError: the disk is full, or the folder closed; it names the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666))
    except OSError as error:
        raise _about(path, part, error) from error
    try:
        yield
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _about(path, part, error) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def checksum(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_file(path: Path) -> bool:
    """Whether a regular file has this name, rather than a link, a folder or nothing."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _about(path: Path, part: Path, error: OSError) -> OSError:
    """The error, naming the file that was to be written; a disk that fills up doesn't say where."""
    if error.filename and str(error.filename) != str(part):
        return error
    return OSError(error.errno, error.strerror or str(error), str(path))
