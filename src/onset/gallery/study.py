"""A study's page: its question and answer, figures, tables, conditions, and what the literature reports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onset.gallery.comparisons import comparisons_of
from onset.gallery.render import render
from onset.gallery.tables import read_table, rows_of


def study_page(folder: Path, study: Mapping[str, Any]) -> str:
    """The page of one study.

    Args:
        folder: of the study, `results/STUDY`.
        study: as the pages' job is told of it, with `answer` filled.
    """
    tables = [
        {**its, **read_table(folder / "tables" / f"{its['name']}.csv")} for its in study["tables"]
    ]
    reference = folder / "reference.csv"
    summary = rows_of(folder / "summary.csv") if study.get("comparisons") else ()
    return render(
        "study.html",
        title=study["title"],
        path=[("Onset", "../index.html")],
        study=study,
        tables=tables,
        comparisons=comparisons_of(study, summary),
        reference=read_table(reference) if study["has_reference"] else None,
    )
