"""Apply the study's measures to all checkpoints of a run."""

from __future__ import annotations

import argparse

import torch

from onset import measures, models
from onset.artefacts import checksum, read_checkpoint, read_checkpoint_index, read_dataset
from onset.measures.measurement import Measurement
from onset.stages.command import add_run_arguments, check_device, log, run_stage
from onset.stages.record import record_settings
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest
from onset.store.tables import save_table


def work(arguments: argparse.Namespace) -> None:
    settings = arguments.settings
    check_device(settings["device"])
    torch.set_num_threads(settings["threads"])
    folder = RunFolder(arguments.run)
    dataset = read_dataset(folder)
    index = read_checkpoint_index(folder)
    model = models.build(settings["model"], dataset.n_tokens, dataset.length)

    columns: dict[str, list] = {column: [] for column in ("step", *Measurement._fields)}
    with torch.inference_mode():
        for step in index["steps"]:
            parameters = read_checkpoint(folder, step, settings["device"])
            for name in settings["measures"]:
                for measurement in measures.load(name).measure(model, parameters, dataset):
                    for column, entry in zip(columns, (step, *measurement), strict=True):
                        columns[column].append(entry)
    source = checksum(folder.checkpoint_index)
    save_table(
        folder.measures, columns, Origin(folder.run, digest(settings), arguments.code, source)
    )
    record_settings(folder, "measures", {"measures": settings["measures"]})
    log.info(
        "%s  %d measurements at %d checkpoints",
        folder.run,
        len(columns["step"]),
        len(index["steps"]),
    )


if __name__ == "__main__":
    run_stage("evaluate", __doc__, work, add_run_arguments)
