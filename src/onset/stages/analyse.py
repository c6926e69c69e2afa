"""Run a study's analyses on some of a run's checkpoints."""

from __future__ import annotations

import argparse
import inspect
from functools import partial
from pathlib import Path
from types import ModuleType

from onset import analyses
from onset.analyses.settings import AnalysesSettings
from onset.runs.source import Source
from onset.runs.steps import spread
from onset.stages.command import add_run_arguments, run_stage
from onset.stages.measurements import Measure, measure_checkpoints
from onset.stages.record import record_settings, run_on_record
from onset.store.layout import RunFolder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        "--parents",
        type=Path,
        nargs=1,
        default=[],
        help="folder of the run that the data are made of",
    )


def work(arguments: argparse.Namespace) -> None:
    folder = RunFolder(arguments.run)
    settings = AnalysesSettings.model_validate(arguments.settings["analyses"])
    step = arguments.settings.get("parent", {}).get("step")
    parents = [Source(RunFolder(its), step) for its in arguments.parents]
    functions = [given(analyses.load(name), folder.seed, parents) for name in settings.names]
    with run_on_record(folder, "analyse", folder.analyses, arguments.settings, arguments.code):
        measure_checkpoints(
            arguments,
            folder.analyses,
            lambda *_: functions,
            choose=lambda index: spread(index, settings.checkpoints),
            splits=settings.splits,
        )
        record_settings(folder, "analyses", {"analyses": settings.model_dump(mode="json")})


def given(analysis: ModuleType, seed: int, parents: list[Source]) -> Measure:
    """The analysis, told of the seed and, if it wants to know, of the parent."""
    told = {"seed": seed}
    if "parent" in inspect.signature(analysis.analyse).parameters:
        (told["parent"],) = parents
    return partial(analysis.analyse, **told)


if __name__ == "__main__":
    run_stage("analyse", __doc__, work, add_arguments)
