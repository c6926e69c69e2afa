"""How a person, or a notebook, reads a collection.

from onset.collections.reading import open_collection

open_collection("atlas").rows("heads")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import pandas as pd
from matplotlib.figure import Figure

from onset.figures.save import save_figure, save_table
from onset.latex.markup import check_table, numbers_json
from onset.runs.artefacts import checksum
from onset.store.atomic import write_text
from onset.store.layout import ELSEWHERE, results_with
from onset.store.reading import read_json
from onset.store.tables import load_table


@dataclass(frozen=True)
class Collection:
    """What is gathered over all studies."""

    folder: Path
    code: str = "by hand"
    """fingerprint of the code that reads it, for the provenance of figures"""

    @classmethod
    def opened(cls, name: str, results: str | Path = "results", code: str = "by hand") -> Self:
        """That of a folder of results.

        Raises:
            FileNotFoundError: there is none.
        """
        folder = results_with(name, results) / name
        if not (folder / "names.json").exists():
            raise FileNotFoundError(
                f"no {name} in {results}: `snakemake --cores all` makes it; {ELSEWHERE}"
            )
        return cls(folder, code)

    @property
    def tables(self) -> list[str]:
        """The names of all tables."""
        return sorted(path.stem for path in self.folder.glob("*.parquet"))

    def rows(self, name: str) -> pd.DataFrame:
        """A table by name.

        Raises:
            ValueError: there is none of this name; the message lists those there are.
        """
        if name not in self.tables:
            raise ValueError(f"no table {name!r} in {self.folder}; there are: {self.tables}")
        return load_table(self.folder / f"{name}.parquet")[0]

    @cached_property
    def titles(self) -> dict[str, str]:
        """Of the studies."""
        return {study["name"]: study["title"] for study in self._names}

    @cached_property
    def labels(self) -> dict[str, dict[str, str]]:
        """Study → condition → what figures call it."""
        return {study["name"]: study["labels"] for study in self._names}

    @cached_property
    def meanings(self) -> dict[str, dict[str, str]]:
        """Study → truth or split of its world → what it is; of studies that say it."""
        return {study["name"]: study.get("meanings", {}) for study in self._names}

    @cached_property
    def _names(self) -> list[dict[str, Any]]:
        return read_json(self.folder / "names.json")

    @property
    def provenance(self) -> dict[str, Any]:
        """What a figure came from: code, and all tables with their checksums."""
        files = [f"{name}.parquet" for name in self.tables]
        return {
            "code": self.code,
            "inputs": {file: checksum(self.folder / file) for file in files},
        }

    def save_figure(self, figure: Figure, name: str, data: pd.DataFrame) -> None:
        """Keep a figure, with exactly the data it shows."""
        save_figure(figure, self.folder / "figures" / name, data, self.provenance)

    def save_table(self, table: pd.DataFrame, name: str, latex: str) -> None:
        """Keep a table for readers, as data and as it is to be typeset.

        Raises:
            ValueError: the LaTeX is more than a tabular (`onset.latex.markup`).
        """
        check_table(latex)
        save_table(table, self.folder / "tables" / name, latex, self.provenance)

    def save_numbers(self, numbers: Mapping[str, str]) -> None:
        """Keep the numbers that texts quote, as they are to be typeset.

        Raises:
            ValueError: a number, or its name, holds more of TeX than one may (`onset.latex.markup`).
        """
        write_text(self.folder / "numbers.json", numbers_json(numbers))


class Page(NamedTuple):
    """A page of a collection's own, `pages/NAME.html`."""

    name: str
    title: str
    body: str
    """HTML; what stands in it that people wrote is escaped"""


def rows_with(table: pd.DataFrame, what: str, which: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a table with these values.

    Args:
        table: of a collection.
        what: a row is about, for people.
        which: column → value.

    Raises:
        ValueError: no row has such a value; the message lists those there are.
    """
    for column, value in which.items():
        there = table[column].unique().tolist()
        if value not in there:
            raise ValueError(f"no {what} with {column} {value!r}; there are: {there}")
        table = table[table[column] == value]
    return table.reset_index(drop=True)


open_collection = Collection.opened
