"""Look more closely at some of a run's checkpoints."""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np

from onset import analyses
from onset.analyses.settings import AnalysesSettings
from onset.stages.command import add_run_arguments, run_stage
from onset.stages.measurements import measure_checkpoints
from onset.stages.record import record_settings
from onset.store.layout import RunFolder


def work(arguments: argparse.Namespace) -> None:
    folder = RunFolder(arguments.run)
    settings = AnalysesSettings.model_validate(arguments.settings["analyses"])
    functions = [partial(analyses.load(name).analyse, seed=folder.seed) for name in settings.names]
    measure_checkpoints(
        arguments,
        folder.analyses,
        lambda *_: functions,
        choose=lambda steps: spread(steps, settings.checkpoints),
        splits=settings.splits,
    )
    record_settings(folder, "analyses", {"analyses": settings.model_dump(mode="json")})


def spread(steps: list[int], n: int) -> list[int]:
    """As many as n of the steps, evenly among them, the last always."""
    chosen = np.linspace(len(steps) - 1, 0, n).round().astype(int)
    return [steps[index] for index in sorted(set(chosen.tolist()))]


if __name__ == "__main__":
    run_stage("analyse", __doc__, work, add_run_arguments)
