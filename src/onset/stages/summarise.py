"""Summarise a study: mean and interval of every measure at the last checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from onset.results import open_study
from onset.stages.command import run_stage
from onset.stages.record import on_record
from onset.statistics.compared import as_measures, stacked
from onset.statistics.seeds import summarise
from onset.store.atomic import write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", type=Path, help="the study's folder, results/STUDY")
    parser.add_argument(
        "--settings",
        required=True,
        help="JSON: `conditions`, `seeds`, `analysed`, `extra_seeds`, `compared`",
    )
    parser.add_argument("--code", default="by hand", help="fingerprint of the code, for the record")


def work(arguments: argparse.Namespace) -> None:
    # Exactly the conditions and seeds asked for, whatever else lies on disk.
    settings = arguments.settings
    study = open_study(
        arguments.study.name,
        arguments.study.parent,
        settings["conditions"],
        settings["seeds"],
        arguments.code,
        settings["analysed"],
        settings.get("extra_seeds", {}),
        settings.get("compared", ()),
    )
    tables = [study.measures, *([study.analyses] if study.analysed else [])]
    if study.compared:
        tables.append(as_measures(study.comparisons))
    summary = summarise(stacked(tables))
    with on_record(study.folder, "summarise", "summary.csv", settings, arguments.code):
        write_text(study.folder / "summary.csv", summary.to_csv(index=False, float_format="%.6g"))


if __name__ == "__main__":
    run_stage("summarise", __doc__, work, add_arguments)
