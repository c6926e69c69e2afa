"""Apply the study's measures to all checkpoints of a run."""

from __future__ import annotations

import argparse
from types import ModuleType
from typing import Any

from onset import measures
from onset.stages.command import add_run_arguments, run_stage
from onset.stages.measurements import Measure, measure_checkpoints
from onset.stages.record import record_settings, run_on_record
from onset.store.layout import RunFolder


def work(arguments: argparse.Namespace) -> None:
    folder, names = RunFolder(arguments.run), arguments.settings["measures"]
    modules = [measures.load(name) for name in names]
    with run_on_record(folder, "evaluate", folder.measures, arguments.settings, arguments.code):
        measure_checkpoints(
            arguments,
            folder.measures,
            lambda *last: [_knowing_the_end(module, *last) for module in modules],
        )
        record_settings(folder, "measures", {"measures": names})


def _knowing_the_end(module: ModuleType, *last: Any) -> Measure:
    """The module's `measure`; what its `at_end` says of the last checkpoint is its last argument."""
    if not hasattr(module, "at_end"):
        return module.measure
    end = module.at_end(*last)
    return lambda *checkpoint: module.measure(*checkpoint, end)


if __name__ == "__main__":
    run_stage("evaluate", __doc__, work, add_run_arguments)
