"""Checkpoints in Hugging Face format in a local folder: what they are, without loading them."""

from __future__ import annotations

import glob
import hashlib
import json
import math
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from onset.models import ORIGIN

STEP = "{step}"
"""in a checkpoint's name: that of one step of a training"""
_CONFIG = "config.json"
_INDEX = "model.safetensors.index.json"  # of weights in several files
_WEIGHTS = "model.safetensors"
_HEADS = ("lm_head.weight", "embed_out.weight")
TIED = (
    "tie_word_embeddings is true, and a head is stored that isn't the embeddings; say false in config.json "
    "or take it out of the weights"
)
_CHUNK = 1 << 20


def sealed(folder: Path, of: dict[str, Any]) -> str:
    """What `ORIGIN` says: the settings that a folder was made from, and the SHA-256 of its files."""
    its = {path.name: checksum_of(path) for path in sorted(folder.iterdir())}
    return json.dumps({"of": of, "files": its}, indent=1) + "\n"


def damage(folder: Path, checksum: str | None, weights: bool = True) -> str | None:
    """What is wrong with a converted folder, or None.

    Args:
        folder: with its `ORIGIN`.
        checksum: of the file that it is meant to be made from.
        weights: whether these, which take a second, are read as well.
    """
    try:
        told = _mapping((folder / ORIGIN).read_bytes())
        if (found := told["of"]["checksum"]) != checksum:
            return f"{folder} was made from a file with {found}; remove it and call again"
        for name, expected in told["files"].items():
            if name.endswith(".safetensors") and not weights:
                continue
            if checksum_of(folder / name) != expected:
                return f"{folder / name} isn't as it was converted; remove {folder} and call again"
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        return f"{folder} isn't whole ({error}); remove it and call again"
    return None


def checksum_of(path: Path) -> str:
    """SHA-256 of one file.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_folder(checkpoint: str) -> bool:
    """Whether a checkpoint is meant to be a local folder: it is one, or is written like a path."""
    return checkpoint.startswith((".", "/")) or Path(checkpoint).is_dir()


def folders(checkpoint: str) -> list[Path]:
    """Those in which a checkpoint lies, or those of all steps of a training; none on the hub."""
    if STEP not in checkpoint:
        return [Path(checkpoint)] if Path(checkpoint).is_dir() else []
    pattern = Path(glob.escape(checkpoint).replace(STEP, "*"))
    found = Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    return sorted(its for its in found if its.is_dir())


def checksum(*folders: Path) -> str:
    """SHA-256 of names and contents of all files in folders that can change the model.

    Raises:
        OSError: a folder or a file in it can't be read.
    """
    # Another size or time: another key. The same: read before, and a DAG asks once per condition.
    inside = (path for folder in folders for path in sorted(folder.iterdir()))
    files = [path for path in inside if path.is_file() and _counts(path)]
    stats = [path.stat() for path in files]
    return _of_files(
        tuple((path, s.st_size, s.st_mtime_ns) for path, s in zip(files, stats, strict=True))
    )


def config(folder: Path) -> dict[str, Any]:
    """The architecture, as `config.json` has it.

    Raises:
        OSError: there is no such file.
        ValueError: it isn't a mapping in JSON.
    """
    return _mapping((folder / _CONFIG).read_bytes())


def unsound_weights(folder: Path, config: dict[str, Any]) -> list[str]:
    """What is wrong with weights in safetensors files, as far as their headers tell."""
    tensors: dict[str, _Stored] = {}
    path = folder / _INDEX
    try:
        if path.exists():
            names = sorted(set(_mapping(path.read_bytes())["weight_map"].values()))
        else:
            names = [_WEIGHTS] if (folder / _WEIGHTS).exists() else []
        for path in map(folder.joinpath, names):
            tensors |= _stored(path)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return [f"{path} isn't a whole file of tensors ({error})"]
    if not config.get("tie_word_embeddings"):
        return []
    heads = [tensors.pop(name) for name in _HEADS if name in tensors]
    # A copy of the embeddings does no harm, and where none are stored the head is in their place.
    rivals = [its for head in heads for its in tensors.values() if its.shape == head.shape]
    copied = any(its.content() == head.content() for head in heads for its in rivals)
    return [TIED] if rivals and not copied else []


def n_numbers(folder: Path) -> int:
    """In all tensors of a folder, as far as the headers of its files tell.

    Raises:
        OSError: a file can't be read.
        ValueError: one isn't whole.
    """
    stored = [its for path in folder.glob("*.safetensors") for its in _stored(path).values()]
    return sum(math.prod(its.shape) for its in stored)


class _Stored(NamedTuple):
    """A tensor in a file."""

    shape: tuple[int, ...]
    file: Path
    start: int
    end: int

    def content(self) -> bytes:
        with self.file.open("rb") as file:
            file.seek(self.start)
            return file.read(self.end - self.start)


def _stored(path: Path) -> dict[str, _Stored]:
    """The tensors of a safetensors file, by its header alone.

    Raises:
        OSError: there is no such file.
        ValueError: it is shorter or longer than its header says, or has none.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = 8 + int.from_bytes(file.read(8), "little")
        if begin > size:
            raise ValueError("it ends within its header")
        header = _mapping(file.read(begin - 8))
    found = {
        name: _Stored(tuple(its["shape"]), path, *(begin + at for at in its["data_offsets"]))
        for name, its in header.items()
        if name != "__metadata__"
    }
    end = max((its.end for its in found.values()), default=begin)
    if end != size:
        raise ValueError(f"it has {size} bytes, and by its header {end}")
    return found


def _mapping(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("it is no mapping")
    return found


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
