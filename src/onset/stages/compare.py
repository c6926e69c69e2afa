"""Look at runs that stand together in a comparison, or at checkpoints of one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from onset import comparisons
from onset.comparisons.member import Member, columns_of
from onset.runs.artefacts import checksum
from onset.stages.command import add_settings_arguments, log, prepare_device, run_stage
from onset.stages.record import on_record
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest
from onset.store.tables import save_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("results", type=Path, help="the folder of results")
    parser.add_argument(
        "table", type=Path, help="the table to write, results/STUDY/comparisons/NAME/GROUP.parquet"
    )
    add_settings_arguments(parser)


def work(arguments: argparse.Namespace) -> None:
    settings: dict[str, Any] = arguments.settings
    prepare_device(settings)
    folder, group = arguments.table.parent, arguments.table.stem
    study, _, name = folder.parts[-3:]
    members = [_member(arguments.results, study, its, settings) for its in settings["members"]]
    module = comparisons.load(settings["name"])
    options = {**getattr(module, "OPTIONS", {}), **settings["options"]}
    with torch.inference_mode():
        rows = list(module.compare(members, **options))
    source = digest([checksum(its.folder.checkpoint_index) for its in members])
    about = f"{study}/comparisons/{name}"
    origin = Origin(f"{about}/{group}", digest(settings), arguments.code, source)
    job, target = f"compare_of_{group}", arguments.table.name
    with on_record(folder, job, target, settings, arguments.code, of=about):
        save_table(arguments.table, columns_of(rows, members), origin)
    log.info("%s  %d numbers of %d runs", origin.run, len(rows), len(members))


def _member(results: Path, study: str, told: dict[str, Any], settings: dict[str, Any]) -> Member:
    own = told["study"] == study
    return Member(
        folder=RunFolder(results / told["study"] / told["condition"] / f"seed_{told['seed']}"),
        condition=told["condition"] if own else f"{told['study']}/{told['condition']}",
        n_checkpoints=settings["checkpoints"],
        meant=told.get("step"),
        splits=tuple(settings["splits"]),
        device=settings["device"],
    )


if __name__ == "__main__":
    run_stage("compare", __doc__, work, add_arguments)
