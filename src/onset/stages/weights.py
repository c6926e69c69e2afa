"""Make the files of a pretrained model from what a package ships, once, for all runs that begin with it."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from onset import models
from onset.stages.command import StageError, add_settings_arguments, log, prepare_device, run_stage
from onset.store.files import part_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="that the files go to")
    add_settings_arguments(parser)


def work(arguments: argparse.Namespace) -> None:
    folder: Path = arguments.folder
    prepare_device({"device": "cpu", "threads": 1})
    for left in folder.parent.glob(f".{folder.name}.*.part"):  # of a call that was killed
        shutil.rmtree(left)
    part = part_of(folder)
    part.mkdir(parents=True)
    try:
        models.convert(arguments.settings, part)
        # What lies there is Snakemake's empty folder, or what was damaged.
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    except (LookupError, ValueError) as error:
        raise StageError(f"{folder}: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    size = sum(path.stat().st_size for path in folder.iterdir())
    log.info("%s  %d MB", folder, size // 1_000_000)


if __name__ == "__main__":
    run_stage("weights", __doc__, work, add_arguments)
