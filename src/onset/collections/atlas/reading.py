"""Reading the atlas, by hand or in the notebook.

from onset.collections.atlas.reading import open_atlas

open_atlas().look_up(study="grokking", condition="p59", seed=0)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from onset.figures.save import save_figure
from onset.latex.markup import numbers_json
from onset.runs.artefacts import checksum
from onset.store.atomic import write_text
from onset.store.layout import ELSEWHERE, results_with
from onset.store.reading import read_json
from onset.store.tables import load_table


@dataclass(frozen=True)
class Atlas:
    """Every attention head of every trained model."""

    folder: Path
    code: str = "by hand"
    """fingerprint of the code that reads it, for the provenance of figures"""

    @cached_property
    def heads(self) -> pd.DataFrame:
        """A row per head at the end of training (`atlas.tables`)."""
        return self._table("heads")

    @cached_property
    def untrained(self) -> pd.DataFrame:
        """The same scores before training, of runs that begin with random parameters."""
        return self._table("untrained")

    @cached_property
    def ablations(self) -> pd.DataFrame:
        """A row per head and split: loss and accuracy with and without the head."""
        return self._table("ablations")

    @cached_property
    def titles(self) -> dict[str, str]:
        """Of the studies."""
        return {study["name"]: study["title"] for study in self._names}

    @cached_property
    def labels(self) -> dict[str, dict[str, str]]:
        """Study → condition → what figures call it."""
        return {study["name"]: study["labels"] for study in self._names}

    @cached_property
    def _names(self) -> list[dict[str, Any]]:
        return read_json(self.folder / "names.json")

    def look_up(self, **which: Any) -> pd.DataFrame:
        """The heads with these values, such as `study`, `condition`, `seed`, `layer`, `head` or `kind`.

        Raises:
            ValueError: no head has such a value; the message lists those there are.
        """
        found = self.heads
        for column, value in which.items():
            there = found[column].unique().tolist()
            if value not in there:
                raise ValueError(f"no head with {column} {value!r}; there are: {there}")
            found = found[found[column] == value]
        return found.reset_index(drop=True)

    def save_figure(self, figure: Figure, name: str, data: pd.DataFrame) -> None:
        """Save a figure of the atlas, with exactly the data it shows."""
        provenance = {
            "code": self.code,
            "inputs": {"heads.parquet": checksum(self.folder / "heads.parquet")},
        }
        save_figure(figure, self.folder / "figures" / name, data, provenance)

    def save_numbers(self, numbers: Mapping[str, str]) -> None:
        """Save the numbers that texts quote, as they are to be typeset.

        Raises:
            ValueError: a number, or its name, holds more of TeX than one may (`onset.latex.markup`).
        """
        write_text(self.folder / "numbers.json", numbers_json(numbers))

    def _table(self, name: str) -> pd.DataFrame:
        return load_table(self.folder / f"{name}.parquet")[0]


def open_atlas(results: str | Path = "results", code: str = "by hand") -> Atlas:
    """The atlas of a folder of results.

    Raises:
        FileNotFoundError: there is none.
    """
    folder = results_with("atlas", results) / "atlas"
    if not (folder / "heads.parquet").exists():
        raise FileNotFoundError(
            f"no atlas in {results}: `snakemake --cores all` makes it; {ELSEWHERE}"
        )
    return Atlas(folder, code)
