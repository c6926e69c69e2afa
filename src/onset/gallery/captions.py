"""Captions of figures, with how many seeds their rows are over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onset.statistics.spread import said_of
from onset.statistics.wording import format_n_seeds
from onset.store.reading import read_json


def with_captions(folder: Path, study: Mapping[str, Any]) -> dict[str, Any]:
    """A study whose figures' captions say it (`caption_of`); a collection, which has no seeds, as it is.

    Args:
        folder: of the study, `results/STUDY`.
        study: as jobs are told of it.
    """
    if not study["conditions"]:
        return dict(study)
    figures = [{**its, "caption": caption_of(folder, its)} for its in study["figures"]]
    return {**study, "figures": figures}


def caption_of(folder: Path, figure: Mapping[str, Any]) -> str:
    """What a study's file says of a figure, and the number of seeds, as its own data have it.

    Args:
        folder: of the study, `results/STUDY`.
        figure: name and caption.
    """
    numbers = read_json(folder / "figures" / f"{figure['name']}.json").get("n_seeds")
    if not numbers:
        return figure["caption"]
    return f"{figure['caption']} {format_n_seeds(numbers)}.{said_of(numbers)}"
