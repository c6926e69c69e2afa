"""Put what a comparison found of its groups into one table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from onset.comparisons.member import ABOUT
from onset.measures.measurement import Measurement
from onset.stages.command import StageError, log, run_stage
from onset.stages.record import on_record
from onset.store.files import checksum
from onset.store.origin import Origin, digest
from onset.store.tables import load_table, save_table

_COLUMNS = (*ABOUT, *Measurement._fields)
_TEXTS = {"condition", "other_condition", "measure", "split"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", type=Path, help="results/STUDY/comparisons/NAME.parquet")
    parser.add_argument("groups", type=Path, nargs="*", help="the tables of the groups, in order")
    parser.add_argument("--code", default="by hand", help="fingerprint of the code, for the record")


def work(arguments: argparse.Namespace) -> None:
    table, study = arguments.table, arguments.table.parents[1]
    name = f"{study.name}/comparisons/{table.stem}"
    parts = []
    for path in arguments.groups:
        part, origin = load_table(path)
        if origin.run != f"{name}/{path.stem}":
            raise StageError(f"{path}: belongs to {origin.run}")
        parts.append(part)
    groups = [path.name for path in arguments.groups]
    source = digest([checksum(path) for path in arguments.groups])
    origin = Origin(name, digest(groups), arguments.code, source)
    job, target = f"join_of_{table.stem}", table.relative_to(study).as_posix()
    with on_record(study, job, target, groups, arguments.code):
        save_table(table, {its: _column(its, parts) for its in _COLUMNS}, origin)
    log.info("%s  %d groups", name, len(groups))


def _column(name: str, parts: list[pd.DataFrame]) -> list[Any]:
    """Of all parts, one after the other; pandas has whole numbers as fractions where some are missing."""
    values = [value for part in parts for value in part[name].tolist()]
    kind = str if name in _TEXTS else float if name == "value" else int
    return [None if pd.isna(value) else kind(value) for value in values]


if __name__ == "__main__":
    run_stage("join", __doc__, work, add_arguments)
