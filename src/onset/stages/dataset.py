"""Generate a run's dataset; some are made from another run's model, texts with a model's tokenizer."""

from __future__ import annotations

import argparse
from pathlib import Path

from onset import models, tasks
from onset.runs.artefacts import checksum, write_dataset
from onset.runs.source import Source
from onset.stages.command import StageError, add_run_arguments, log, prepare_device, run_stage
from onset.stages.record import record_settings, run_on_record
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        "--parents", type=Path, nargs=1, default=[], help="folder of the run that it is made of"
    )


def work(arguments: argparse.Namespace) -> None:
    folder = RunFolder(arguments.run)
    task = tasks.load(arguments.settings["task"]["name"])
    settings = task.Settings.model_validate(arguments.settings["task"])
    step = arguments.settings.get("parent", {}).get("step")
    parents = [Source(RunFolder(its), step) for its in arguments.parents]
    if parents:
        prepare_device({**arguments.settings, "device": "cpu"})
    model = arguments.settings.get("model")
    try:
        tokenizers = [models.open_tokenizer(model)] if model else []
        dataset = task.generate(settings, folder.seed, *parents, *tokenizers)
    except ValueError as error:
        raise StageError(f"{folder.run}: {error}") from error
    source = "".join(checksum(its.folder.checkpoint_index) for its in parents)
    origin = Origin(folder.run, digest(arguments.settings), arguments.code, source)
    resolved = {"task": settings.model_dump(mode="json")}
    for its in parents:
        resolved["made_of"] = {"run": its.folder.run, "step": its.meant}
    with run_on_record(folder, "dataset", folder.dataset, arguments.settings, arguments.code):
        write_dataset(folder, dataset, arguments.settings["task"], origin)
        record_settings(folder, "dataset", resolved)
    sizes = ", ".join(f"{name} {len(split)}" for name, split in dataset.splits.items())
    log.info("%s  examples: %s", folder.run, sizes)


if __name__ == "__main__":
    run_stage("dataset", __doc__, work, add_arguments)
