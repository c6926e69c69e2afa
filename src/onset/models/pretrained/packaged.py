"""Checkpoints that a Python package ships in one file, found without importing the package.

`package:NAME` in place of a folder or a name on the hub, its version as the revision. The file (GGUF) is
converted once, by the rule `weights`, to a folder in Hugging Face's format that all else reads: a cache,
next to results and outside of them, since it can be made again.
"""

from __future__ import annotations

import base64
import importlib.metadata
import importlib.util
from pathlib import Path

_MARK = "package:"
_SUFFIX = ".gguf"
_READER = "gguf"
CACHE = Path(".weights")
"""in the project's folder; `make clean-env` removes it"""


def is_packaged(checkpoint: str) -> bool:
    return checkpoint.startswith(_MARK)


def name_of(checkpoint: str) -> str:
    """The package's."""
    return checkpoint.removeprefix(_MARK)


def folder_of(checkpoint: str, version: str | None) -> Path:
    """Where it is converted to."""
    return CACHE / f"{name_of(checkpoint)}-{version}"


def shipped(checkpoint: str, version: str) -> Path:
    """The file in the installed package.

    Raises:
        LookupError: the package, that version of it, or what reads the file isn't installed; in one line.
    """
    return Path(str(_entry(checkpoint, version).locate()))


def recorded(checkpoint: str, version: str) -> str | None:
    """SHA-256 of the file by the package's own record, which costs no reading.

    Raises:
        LookupError: as `shipped` does.
    """
    its = _entry(checkpoint, version).hash
    if its is None or its.mode != "sha256":
        return None
    return base64.urlsafe_b64decode(its.value + "=" * (-len(its.value) % 4)).hex()


def _entry(checkpoint: str, version: str) -> importlib.metadata.PackagePath:
    name = name_of(checkpoint)
    try:
        package = importlib.metadata.distribution(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        raise LookupError(f"the package {name} {version} isn't installed") from None
    if package.version != version:
        said = f"the package {name} is installed in version {package.version}, not {version}"
        raise LookupError(said)
    if not importlib.util.find_spec(_READER):
        raise LookupError(f"the package {_READER}, which reads what {name} ships, isn't installed")
    found = [its for its in package.files or () if its.suffix == _SUFFIX]
    if len(found) != 1:
        raise LookupError(f"the package {name} {version} ships {len(found)} files {_SUFFIX}")
    return found[0]
