"""Named arrays in safetensors files that carry a checksum and their origin."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from onset.settings import canonical_json
from onset.store.atomic import write_bytes
from onset.store.records import check, damaged

# One key, because safetensors writes several in an arbitrary order and files must be byte-stable.
_KEY = "onset"


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write arrays and what there is to know `about` them (anything that JSON can hold)."""
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    header = {"about": dict(about), "checksum": _checksum(contiguous, about)}
    write_bytes(path, save(contiguous, metadata={_KEY: canonical_json(header)}))


def load_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what `save_arrays` wrote: (arrays, about).

    Raises:
        FileNotFoundError: there is no such file.
        DamagedFileError: the file is truncated, altered, or none of ours.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads(file.metadata()[_KEY])
            about, expected = header["about"], header["checksum"]
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"not a whole file of Onset's ({error})") from error
    if _checksum(arrays, about) != expected:
        raise damaged(path, "the content doesn't match its checksum")
    check(path, must_be_recorded=False)
    return arrays, about


def _checksum(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> str:
    sha = hashlib.sha256(canonical_json(dict(about)).encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        sha.update(f"{name} {array.dtype} {array.shape}\n".encode())
        sha.update(array.data)
    return sha.hexdigest()
