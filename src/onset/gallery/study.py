"""The page of a study, or of a collection: question and answer, figures, tables, conditions, literature."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onset.gallery.render import render
from onset.gallery.tables import read_table


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
    return render(
        "study.html",
        title=study["title"],
        path=[("Onset", "../index.html")],
        study=study,
        tables=tables,
        reference=read_table(reference) if study["has_reference"] else None,
    )


def own_page(study: Mapping[str, Any], title: str, body: str) -> str:
    """A page of a collection's own, in its folder `pages/`.

    Args:
        study: the collection, as the pages' job is told of it.
        title: of the page.
        body: HTML.
    """
    path = [("Onset", "../../index.html"), (study["title"], "../index.html")]
    return render(
        "own.html", title=f"{study['title']}: {title}", path=path, heading=title, body=body
    )
