"""Arguments of the stages that work on a whole study."""

from __future__ import annotations

import argparse
from pathlib import Path

from onset.results import Study, open_study
from onset.stages.command import settings_argument


def add_study_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", type=Path, help="the study's folder, results/STUDY")
    parser.add_argument(
        "--settings",
        type=settings_argument,
        required=True,
        help="JSON with `conditions` and `seeds` and what else the stage needs",
    )
    parser.add_argument("--code", default="by hand", help="fingerprint of the code, for the record")


def study_of(arguments: argparse.Namespace) -> Study:
    """The study with exactly the conditions and seeds asked for, whatever else lies on disk."""
    return open_study(
        arguments.study.name,
        arguments.study.parent,
        arguments.settings["conditions"],
        arguments.settings["seeds"],
        arguments.code,
    )
