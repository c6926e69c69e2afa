"""Combine the heads of all studies into the tables of the head atlas."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pandas as pd

from onset.collections.atlas.tables import tables_of
from onset.runs.artefacts import checksum
from onset.stages.command import add_settings_arguments, log, run_stage
from onset.stages.record import on_record
from onset.store.atomic import write_text
from onset.store.origin import Origin, digest
from onset.store.records import damaged
from onset.store.tables import load_table, save_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="the atlas's folder, results/atlas")
    add_settings_arguments(parser)


def work(arguments: argparse.Namespace) -> None:
    parts, sources = [], []
    studies = arguments.settings["studies"]
    for study in (its["name"] for its in studies):
        path = arguments.folder / "studies" / f"{study}.parquet"
        table, origin = load_table(path)
        if origin.run != study:
            raise damaged(path, f"belongs to {origin.run}, not to {study}")
        table.insert(0, "study", study)
        parts.append(table)
        sources.append(checksum(path))
    tables = tables_of(pd.concat(parts, ignore_index=True))
    origin = Origin("atlas", digest(arguments.settings), arguments.code, digest(sources))
    told = arguments.settings, arguments.code
    with on_record(arguments.folder, "atlas", "heads.parquet", *told):
        write_text(arguments.folder / "names.json", json.dumps(studies, indent=1) + "\n")
        for name, table in tables._asdict().items():
            columns = {column: table[column].tolist() for column in table}
            save_table(arguments.folder / f"{name}.parquet", columns, origin)
    log.info("%d heads of %d studies", len(tables.heads), len(parts))


if __name__ == "__main__":
    run_stage("atlas", __doc__, work, add_arguments)
