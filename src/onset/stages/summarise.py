"""Summarise a study: mean and interval of every measure at the last checkpoint."""

from __future__ import annotations

import argparse

from onset.stages.command import run_stage
from onset.stages.study_arguments import add_study_arguments, study_of
from onset.store.atomic import write_text
from onset.summary import summarise


def work(arguments: argparse.Namespace) -> None:
    study = study_of(arguments)
    summary = summarise(study.measures)
    write_text(study.folder / "summary.csv", summary.to_csv(index=False, float_format="%.6g"))


if __name__ == "__main__":
    run_stage("summarise", __doc__, work, add_study_arguments)
