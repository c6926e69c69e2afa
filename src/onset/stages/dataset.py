"""Generate a run's dataset."""

from __future__ import annotations

import argparse

from onset import tasks
from onset.artefacts import write_dataset
from onset.stages.command import StageError, add_run_arguments, log, run_stage
from onset.stages.record import record_settings
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest


def work(arguments: argparse.Namespace) -> None:
    folder = RunFolder(arguments.run)
    task = tasks.load(arguments.settings["task"]["name"])
    settings = task.Settings.model_validate(arguments.settings["task"])
    try:
        dataset = task.generate(settings, folder.seed)
    except ValueError as error:
        raise StageError(f"{folder.run}: {error}") from error
    origin = Origin(folder.run, digest(arguments.settings), arguments.code)
    write_dataset(folder, dataset, arguments.settings["task"], origin)
    record_settings(folder, "dataset", {"task": settings.model_dump(mode="json")})
    sizes = ", ".join(f"{name} {len(split)}" for name, split in dataset.splits.items())
    log.info("%s  examples: %s", folder.run, sizes)


if __name__ == "__main__":
    run_stage("dataset", __doc__, work, add_run_arguments)
