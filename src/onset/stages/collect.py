"""Look at a study's models for a collection: the rows of each run that it wants, in one table.

A job per study, because opening the libraries takes longer than looking at a small model.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from onset.collections.subject import Subject
from onset.runs.artefacts import checksum
from onset.stages.command import (
    StageError,
    add_settings_arguments,
    log,
    prepare_device,
    run_stage,
)
from onset.stages.record import on_record
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest
from onset.store.tables import save_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", type=Path, help="the study's folder, results/STUDY")
    parser.add_argument("table", type=Path, help="the table to write")
    add_settings_arguments(parser)


def work(arguments: argparse.Namespace) -> None:
    settings: dict[str, Any] = arguments.settings
    prepare_device(settings)
    look = importlib.import_module(f"onset.collections.{settings['collection']}.look").look
    columns: dict[str, list] = {}
    sources = []
    with torch.inference_mode():
        for subject in _subjects(arguments.study, settings):
            sources.append(checksum(subject.folder.checkpoint_index))
            run = {"condition": subject.folder.path.parent.name, "seed": subject.seed}
            for row in look(subject):
                _add(columns, {**run, **row})
    study, table = arguments.study.name, arguments.table
    origin = Origin(study, digest(settings), arguments.code, digest(sources))
    # The folder of the table, results/COLLECTION/studies, is all studies'.
    job = f"collect_of_{study}"
    with on_record(table.parent, job, table.name, settings, arguments.code):
        save_table(table, columns, origin)
    log.info("%s  %s of %d runs", study, settings["collection"], len(sources))


def _subjects(study: Path, settings: dict[str, Any]) -> Iterator[Subject]:
    for condition in settings["conditions"]:
        for seed in condition["seeds"]:
            yield Subject(
                RunFolder(study / condition["name"] / f"seed_{seed}"),
                device=settings["device"],
                trained_on=condition["trained_on"],
                from_scratch=condition["from_scratch"],
            )


def _add(columns: dict[str, list], row: dict[str, Any]) -> None:
    """A row to columns that have all the same length.

    Raises:
        StageError: the row hasn't the columns of those before it.
    """
    if columns and columns.keys() != row.keys():
        odd = ", ".join(sorted(columns.keys() ^ row.keys()))
        raise StageError(f"rows of a collection have the same columns, and some lack {odd}")
    for column, value in row.items():
        columns.setdefault(column, []).append(value)


if __name__ == "__main__":
    run_stage("collect", __doc__, work, add_arguments)
