"""Summarise a study: mean and interval of every quantity at the last checkpoint."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from onset.results import open_study
from onset.stages.command import StageError, run_stage
from onset.stages.record import on_record
from onset.statistics.quantities import (
    Declarations,
    Quantity,
    UndeclaredError,
    described,
    quantity_of,
)
from onset.statistics.seeds import summarise
from onset.store.atomic import write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", type=Path, help="the study's folder, results/STUDY")
    parser.add_argument(
        "--settings",
        required=True,
        help="JSON: `conditions`, `seeds`, `analysed`, `extra_seeds`, `compared`, `quantities`",
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
    measured = study.measurements
    names = dict.fromkeys((*measured["measure"], *study.compared_quantities))
    quantities = _declared(names, settings["quantities"])
    summary = summarise(described(measured, quantities))
    told = {name: its.as_json() for name, its in sorted(quantities.items())}
    with on_record(study.folder, "summarise", "summary.csv", settings, arguments.code):
        write_text(study.folder / "summary.csv", summary.to_csv(index=False, float_format="%.6g"))
        text = json.dumps(told, ensure_ascii=False, indent=1)
        write_text(study.folder / "quantities.json", f"{text}\n")


def _declared(names: Iterable[str], declared: Declarations) -> dict[str, Quantity]:
    """What is declared of each name.

    Raises:
        StageError: nothing is of one of them.
    """
    try:
        return {name: quantity_of(name, declared) for name in names}
    except UndeclaredError as error:
        raise StageError(str(error)) from None


if __name__ == "__main__":
    run_stage("summarise", __doc__, work, add_arguments)
