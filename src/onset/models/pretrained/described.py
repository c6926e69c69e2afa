"""What a pretrained model is, in words: its name and size, how its weights are rounded, who ships it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import re
from pathlib import Path
from typing import Any

from onset.models import ORIGIN
from onset.models.pretrained import files, packaged
from onset.models.pretrained.settings import Settings

_ROUNDED = re.compile(r"\.I?Q(\d)(_\w+)?$")
"""how GGUF files are called whose weights are rounded to so many bits: `….Q4_1`, `….Q6_K`"""
_LONGEST = 40  # characters; where packages put the whole licence, its name isn't known


def described(settings: Settings) -> dict[str, str]:
    """What is known of a checkpoint without loading it; what nobody says is left out.

    Returns:
        `in_words` (`SmolLM2-135M-Instruct (134.5 million parameters, weights rounded to 4 bits)`), `name`,
        `parameters`, `layers`, `heads` (of a layer); of what a package ships also `rounded` (to so many
        bits), `package` and its `licence`. Of a training, its first checkpoint.
    """
    settings = settings.at_step(0)
    found = {**_named(settings), **_sized(_folder(settings))}
    said = [f"{found['parameters']} parameters"] if "parameters" in found else []
    said += [f"weights rounded to {found['rounded']} bits"] if "rounded" in found else []
    return {"in_words": found["name"] + (f" ({', '.join(said)})" if said else ""), **found}


def _named(settings: Settings) -> dict[str, str]:
    if packaged.is_packaged(settings.checkpoint):
        return _shipped(settings)
    if files.is_folder(settings.checkpoint):
        return {"name": Path(settings.checkpoint).resolve().name}
    return {"name": f"{settings.checkpoint}, {settings.revision}"}


def shipped_as(settings: Settings) -> dict[str, str]:
    """How a package ships its checkpoint: the name of the `file`, and the package's `licence`.

    Raises:
        LookupError: it isn't installed, in one line.
    """
    found = {"file": packaged.shipped(settings.checkpoint, settings.revision or "").name}
    about = importlib.metadata.metadata(packaged.name_of(settings.checkpoint))
    licence = about.get("License-Expression") or about.get("License") or ""
    return found | ({"licence": licence} if 0 < len(licence) <= _LONGEST else {})


def _shipped(settings: Settings) -> dict[str, str]:
    """As was noted when it was converted, since the package needn't be there any more."""
    package = packaged.name_of(settings.checkpoint)
    its: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        folder = packaged.folder_of(settings.checkpoint, settings.revision)
        its = json.loads((folder / ORIGIN).read_text(encoding="utf-8"))["of"]
    if "file" not in its:
        with contextlib.suppress(LookupError):
            its = shipped_as(settings)
    stem = Path(its["file"]).stem if "file" in its else package
    found = {"name": _ROUNDED.sub("", stem), "package": f"{package} {settings.revision}"}
    if rounded := _ROUNDED.search(stem):
        found["rounded"] = rounded[1]
    return found | ({"licence": its["licence"]} if "licence" in its else {})


def _folder(settings: Settings) -> Path | None:
    """Where its files are, on this machine."""
    if packaged.is_packaged(settings.checkpoint):
        return packaged.folder_of(settings.checkpoint, settings.revision)
    if files.is_folder(settings.checkpoint):
        return Path(settings.checkpoint)
    from huggingface_hub import try_to_load_from_cache

    there = try_to_load_from_cache(settings.checkpoint, "config.json", revision=settings.revision)
    return Path(there).parent if isinstance(there, str) else None


def _sized(folder: Path | None) -> dict[str, str]:
    found: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        if folder is None:
            return found
        config = files.config(folder)
        found |= _of_config(config)
        if n := files.n_numbers(folder):
            found["parameters"] = f"{n / 1e6:.1f} million" if n >= 1e6 else str(n)
    return found


def _of_config(config: dict[str, Any]) -> dict[str, str]:
    # Everybody else's names for it, and GPT-2's.
    keys = {"layers": ("num_hidden_layers", "n_layer"), "heads": ("num_attention_heads", "n_head")}
    of_all = {what: [config[key] for key in names if key in config] for what, names in keys.items()}
    return {what: str(its[0]) for what, its in of_all.items() if its}
