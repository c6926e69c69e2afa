"""Train a run, keeping checkpoints; an interrupted training goes on from its last one."""

from __future__ import annotations

import argparse
from pathlib import Path

from onset import models
from onset.artefacts import (
    checksum,
    read_checkpoint,
    read_checkpoint_index,
    read_dataset,
    write_checkpoint,
    write_checkpoint_index,
)
from onset.stages.command import add_run_arguments, log, prepare_device, run_stage
from onset.stages.progress import Progress
from onset.stages.record import record_settings
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest
from onset.store.tables import save_table
from onset.training.loop import train
from onset.training.settings import CheckpointSettings, TrainingSettings
from onset.training.state import TrainingState


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument("--parent", type=Path, help="folder of the run to start from")


def work(arguments: argparse.Namespace) -> None:
    settings = arguments.settings
    prepare_device(settings)
    folder = RunFolder(arguments.run)
    dataset = read_dataset(folder)
    model = models.build(settings["model"], dataset.n_tokens, dataset.length)
    training = TrainingSettings.model_validate(settings["training"])
    steps = CheckpointSettings.model_validate(settings["checkpoints"]).at(training.steps)

    parent, inherited = None, None
    if arguments.parent:
        parent_folder = RunFolder(arguments.parent)
        index = read_checkpoint_index(parent_folder)
        parent_step = settings["parent"].get("step", index["steps"][-1])
        inherited = read_checkpoint(parent_folder, parent_step, settings["device"])
        parent = {"run": parent_folder.run, "step": parent_step, "origin": index["origin"]}

    # Half-done work may be taken up only if everything that it depends on is the same.
    depends_on = {"settings": settings, "dataset": checksum(folder.dataset), "parent": parent}
    origin = Origin(folder.run, digest(depends_on), arguments.code)
    start = TrainingState.load(folder.training_state, origin, settings["device"])
    if start:
        log.info("%s  goes on from step %d", folder.run, start.step)
    else:
        initial = inherited or model.initial_parameters(folder.seed)
        start = TrainingState(0, {name: p.to(settings["device"]) for name, p in initial.items()})

    def keep(state: TrainingState) -> None:
        write_checkpoint(folder, state.step, state.parameters, origin)
        if state.step < training.steps:
            state.save(folder.training_state, origin)

    end = train(
        model,
        dataset,
        training,
        frozenset(steps),
        folder.seed,
        start,
        on_checkpoint=keep,
        on_step=Progress(folder.run, start.step, training.steps),
    )
    save_table(folder.training_log, end.log, origin)
    resolved = {
        "model": model.settings.model_dump(mode="json"),
        "training": training.model_dump(mode="json"),
        "checkpoints": settings["checkpoints"],
        "parent": parent,
        "seed": folder.seed,
        "device": settings["device"],
        "threads": settings["threads"],
    }
    record_settings(folder, "training", resolved)
    write_checkpoint_index(folder, steps, resolved, origin)
    folder.training_state.unlink(missing_ok=True)


if __name__ == "__main__":
    run_stage("train", __doc__, work, add_arguments)
