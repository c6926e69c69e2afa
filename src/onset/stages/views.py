"""Make what pages show of a study's models: a view of each condition's first run, `views.json`.

A job per study, because opening the libraries takes longer than looking at a small model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from onset import models
from onset.runs.artefacts import checksum, read_checkpoint, read_checkpoint_index, read_dataset
from onset.runs.steps import scheduled
from onset.stages.command import add_settings_arguments, log, prepare_device, run_stage
from onset.stages.record import on_record
from onset.store.atomic import write_text
from onset.store.layout import RunFolder
from onset.store.origin import Origin, digest
from onset.views.view import view


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", type=Path, help="the study's folder, results/STUDY")
    add_settings_arguments(parser)


def work(arguments: argparse.Namespace) -> None:
    settings: dict[str, Any] = arguments.settings
    prepare_device(settings)
    target = f"{settings['conditions'][0]['name']}/views.json"
    with (
        on_record(arguments.study, "views", target, settings, arguments.code),
        torch.inference_mode(),
    ):
        for condition in settings["conditions"]:
            name, seed = condition["name"], condition["seed"]
            folder = RunFolder(arguments.study / name / f"seed_{seed}")
            source = checksum(folder.checkpoint_index)
            origin = Origin(folder.run, digest(condition), arguments.code, source)
            told = {
                **{"study": arguments.study.name, "condition": name, "seed": seed},
                **{"origin": asdict(origin), **_view(folder, condition, settings["device"])},
            }
            text = json.dumps(told, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            write_text(arguments.study / name / "views.json", text + "\n")
            log.info("%s  %d checkpoints, %d kB", folder.run, len(told["steps"]), len(text) // 1000)


def _view(folder: RunFolder, condition: Mapping[str, Any], device: str) -> dict[str, Any]:
    steps = scheduled(read_checkpoint_index(folder))
    dataset = read_dataset(folder)
    return view(
        models.build(condition["model"], *dataset.sizes),
        partial(read_checkpoint, folder, device=device),
        steps,
        dataset,
        condition["trained_on"],
        seed=folder.seed,
    )


if __name__ == "__main__":
    run_stage("views", __doc__, work, add_arguments)
