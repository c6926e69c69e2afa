"""Collects measurements of a run's checkpoints into a table, for `evaluate` and `analyse`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from onset import models
from onset.measures.measurement import Measurement
from onset.models.batch import AnyModel, Parameters
from onset.runs.artefacts import checksum, read_checkpoint, read_checkpoint_index, read_dataset
from onset.stages.command import log, prepare_device
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest
from onset.store.tables import save_table
from onset.tasks.worlds import World

Measure = Callable[[AnyModel, Parameters, World], Iterable[Measurement]]


def measure_checkpoints(
    arguments: argparse.Namespace,
    path: Path,
    functions: Callable[[AnyModel, Parameters, World], Sequence[Measure]],
    choose: Callable[[Mapping[str, Any]], list[int]] = lambda index: index["steps"],
    splits: Collection[str] = (),
) -> None:
    """Apply functions to checkpoints of the run that the arguments name; write the table to `path`.

    Args:
        arguments: of a stage that works on one run.
        path: of the table.
        functions: those to apply, given the last checkpoint that is looked at.
        choose: given the index of the checkpoints, the steps of those to look at.
        splits: of the dataset, to look at; all, if none is named.
    """
    settings: dict[str, Any] = arguments.settings
    prepare_device(settings)
    folder = RunFolder(arguments.run)
    dataset = read_dataset(folder)
    steps = choose(read_checkpoint_index(folder))
    model = models.build(settings["model"], *dataset.sizes)
    asked = dataset.only(splits) if splits else dataset

    columns: dict[str, list] = {column: [] for column in ("step", *Measurement._fields)}
    with torch.inference_mode():
        last = read_checkpoint(folder, steps[-1], settings["device"])
        chosen = functions(model, last, asked)
        for step in steps:
            parameters = read_checkpoint(folder, step, settings["device"])
            for function in chosen:
                for found in function(model, parameters, asked):
                    measurement = _with_examples(found, asked)
                    for column, entry in zip(columns, (step, *measurement), strict=True):
                        columns[column].append(entry)
    source = checksum(folder.checkpoint_index)
    save_table(path, columns, Origin(folder.run, digest(settings), arguments.code, source))
    log.info("%s  %d measurements at %d checkpoints", folder.run, len(columns["step"]), len(steps))


def _with_examples(measurement: Measurement, world: World) -> Measurement:
    """Where it isn't said of how many examples a value is a mean, they are those of its split."""
    if measurement.n_examples is None and measurement.split in world.splits:
        return measurement._replace(n_examples=len(world.splits[measurement.split]))
    return measurement
