"""Checkpoints in Hugging Face format in a local folder: what they are, without loading them."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

_CONFIG = "config.json"
_CHUNK = 1 << 20


def is_folder(checkpoint: str) -> bool:
    """Whether a checkpoint is meant to be a local folder: it is one, or is written like a path."""
    return checkpoint.startswith((".", "/")) or Path(checkpoint).is_dir()


def checksum(folder: Path) -> str:
    """SHA-256 of names and contents of all files in a folder that can change the model.

    Raises:
        OSError: the folder or a file in it can't be read.
    """
    # Another size or time: another key. The same: read before, and a DAG asks once per condition.
    files = sorted(path for path in folder.iterdir() if path.is_file() and _counts(path))
    stats = [path.stat() for path in files]
    return _of_files(
        tuple((path, s.st_size, s.st_mtime_ns) for path, s in zip(files, stats, strict=True))
    )


def config(folder: Path) -> dict[str, Any]:
    """The architecture, as `config.json` has it.

    Raises:
        OSError: there is no such file.
        ValueError: it isn't JSON.
    """
    return json.loads((folder / _CONFIG).read_text(encoding="utf-8"))


def _counts(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix not in (".md", ".txt")


@cache
def _of_files(files: tuple[tuple[Path, int, int], ...]) -> str:
    sha = hashlib.sha256()
    for path, size, _ in files:
        sha.update(f"{path.name} {size}\n".encode())
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                sha.update(chunk)
    return sha.hexdigest()
