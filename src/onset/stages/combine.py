"""Put what was collected of all studies together: the tables of a collection."""

from __future__ import annotations

import argparse
import importlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from onset.runs.artefacts import checksum
from onset.stages.command import StageError, add_settings_arguments, log, run_stage
from onset.stages.record import on_record
from onset.store.atomic import write_text
from onset.store.origin import Origin, digest
from onset.store.records import damaged
from onset.store.tables import load_table, save_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="the collection's folder, results/COLLECTION")
    add_settings_arguments(parser)


def work(arguments: argparse.Namespace) -> None:
    settings: dict[str, Any] = arguments.settings
    folder, name = arguments.folder, settings["collection"]
    paths = {
        its["name"]: folder / "studies" / f"{its['name']}.parquet" for its in settings["studies"]
    }
    rows = pd.concat([_rows(path, study) for study, path in paths.items()], ignore_index=True)
    tables = importlib.import_module(f"onset.collections.{name}.combine").combine(rows)
    _check_made(name, tables, settings["makes"])
    sources = digest([checksum(path) for path in paths.values()])
    origin = Origin(name, digest(settings), arguments.code, sources)
    target = f"{settings['makes'][0]}.parquet"
    with on_record(folder, "combine", target, settings, arguments.code):
        write_text(folder / "names.json", json.dumps(settings["studies"], indent=1) + "\n")
        for table, its in tables.items():
            columns = {column: values_of(its[column]) for column in its}
            save_table(folder / f"{table}.parquet", columns, origin)
    sizes = ", ".join(f"{len(its)} {table}" for table, its in tables.items())
    log.info("%s of %d studies", sizes, len(paths))


def _rows(path: Path, study: str) -> pd.DataFrame:
    """What was collected of a study, with its name in front.

    Raises:
        DamagedFileError: the table is another study's.
    """
    table, origin = load_table(path)
    if origin.run != study:
        raise damaged(path, f"belongs to {origin.run}, not to {study}")
    table.insert(0, "study", study)
    return table


def values_of(column: pd.Series) -> list[Any]:
    """Those of a table; where a text or a list is missing, it is None, which pandas has as NaN."""
    values = column.tolist()
    if pd.api.types.is_numeric_dtype(column):
        return values
    return [None if isinstance(its, float) and math.isnan(its) else its for its in values]


def _check_made(name: str, tables: Mapping[str, pd.DataFrame], declared: list[str]) -> None:
    if tables.keys() != set(declared):
        raise StageError(
            f"config/collections/{name}.yaml says that it makes {', '.join(declared)}, and its code "
            f"makes {', '.join(tables) or 'nothing'}"
        )


if __name__ == "__main__":
    run_stage("combine", __doc__, work, add_arguments)
