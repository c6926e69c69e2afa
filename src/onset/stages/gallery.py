"""Make the gallery's pages: one per study, and the front page over all of them."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from onset.gallery.render import index_page, study_page
from onset.stages.command import run_stage, settings_argument
from onset.store.atomic import write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("page", type=Path, help="the page to write")
    parser.add_argument(
        "--settings",
        type=settings_argument,
        required=True,
        help="JSON: `study` to write that study's page, or `studies`, `paper`, `atlas` for the front page",
    )


def work(arguments: argparse.Namespace) -> None:
    settings = arguments.settings
    if "study" in settings:
        study = settings["study"]
        tables = [_table(arguments.page.parent, table) for table in study["tables"]]
        page = study_page({**study, "tables": tables})
    else:
        page = index_page(settings["studies"], settings["paper"], settings["atlas"])
    write_text(arguments.page, page)


def _table(folder: Path, table: dict[str, str]) -> dict[str, Any]:
    with (folder / "tables" / f"{table['name']}.csv").open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    return {**table, "columns": columns, "rows": [[_short(cell) for cell in row] for row in rows]}


def _short(cell: str) -> str:
    """A long number in three significant digits, anything else as it is."""
    try:
        return f"{float(cell):.3g}" if len(cell) > 6 else cell
    except ValueError:
        return cell


if __name__ == "__main__":
    run_stage("gallery", __doc__, work, add_arguments)
