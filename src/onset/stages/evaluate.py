"""Apply the study's measures to all checkpoints of a run."""

from __future__ import annotations

import argparse

from onset import measures
from onset.stages.command import add_run_arguments, run_stage
from onset.stages.measurements import measure_checkpoints
from onset.stages.record import record_settings
from onset.store.layout import RunFolder


def work(arguments: argparse.Namespace) -> None:
    folder, names = RunFolder(arguments.run), arguments.settings["measures"]
    measure_checkpoints(arguments, folder.measures, [measures.load(n).measure for n in names])
    record_settings(folder, "measures", {"measures": names})


if __name__ == "__main__":
    run_stage("evaluate", __doc__, work, add_run_arguments)
