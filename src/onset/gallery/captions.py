"""Captions of figures, with how many seeds their rows are over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onset.statistics.spread import said_of
from onset.statistics.wording import format_n_seeds
from onset.store.reading import read_json


def provenance_of(folder: Path, figure: Mapping[str, Any]) -> Path:
    """The file that says what a figure was made from.

    Args:
        folder: of the study, `results/STUDY`.
        figure: its name.
    """
    return folder / "figures" / f"{figure['name']}.json"


def caption_of(folder: Path, figure: Mapping[str, Any]) -> str:
    """What a study's file says of a figure, and the number of seeds, as its own data have it.

    Args:
        folder: of the study, `results/STUDY`.
        figure: name and caption.
    """
    numbers = read_json(provenance_of(folder, figure)).get("n_seeds")
    if not numbers:
        return figure["caption"]
    return f"{figure['caption']} {format_n_seeds(numbers)}.{said_of(numbers)}"
