"""Examine every attention head of a study's models: where it looks, what it copies, its use.

A job per study, because opening the libraries takes longer than looking at a small model.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from onset import models
from onset.collections.atlas.run import heads_of
from onset.measures.measurement import Measurement
from onset.runs.artefacts import checksum, read_checkpoint, read_checkpoint_index, read_dataset
from onset.stages.command import add_settings_arguments, log, prepare_device, run_stage
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
    columns: dict[str, list] = {}
    sources = []
    with torch.inference_mode():
        for condition in settings["conditions"]:
            for seed in condition["seeds"]:
                folder = RunFolder(arguments.study / condition["name"] / f"seed_{seed}")
                sources.append(checksum(folder.checkpoint_index))
                run = {"condition": condition["name"], "seed": seed}
                for row in _rows(folder, condition, settings["device"]):
                    for column, value in {**run, **row}.items():
                        columns.setdefault(column, []).append(value)
    origin = Origin(arguments.study.name, digest(settings), arguments.code, digest(sources))
    # The folder of the table, results/atlas/studies, is all studies'.
    job = f"heads_of_{arguments.study.name}"
    with on_record(arguments.table.parent, job, arguments.table.name, settings, arguments.code):
        save_table(arguments.table, columns, origin)
    log.info("%s  heads of %d runs", arguments.study.name, len(sources))


def _rows(folder: RunFolder, condition: dict[str, Any], device: str) -> list[dict[str, Any]]:
    """Of the last checkpoint, and of the first where training begins with random parameters."""
    dataset = read_dataset(folder)
    model = models.build(condition["model"], *dataset.sizes)
    steps = read_checkpoint_index(folder)["steps"]
    rows = []
    for step in [steps[0], steps[-1]] if condition["from_scratch"] else [steps[-1]]:
        parameters = read_checkpoint(folder, step, device)
        last = step == steps[-1]
        for one in heads_of(model, parameters, dataset, folder.seed, ablate=last):
            held_out = one.split not in condition["trained_on"] if one.split else None
            about = {"step": step, "last": last, "held_out": held_out}
            rows.append({**about, **Measurement._asdict(one)})
    return rows


if __name__ == "__main__":
    run_stage("heads", __doc__, work, add_arguments)
