"""One page per figure: its data as a table, its provenance, and how to rebuild it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onset.gallery.render import render
from onset.gallery.tables import read_table
from onset.store.reading import read_json

_MOST_ROWS = 200  # shown on the page; the file next to it has all


def figure_page(folder: Path, study: Mapping[str, Any], figure: Mapping[str, str]) -> str:
    """The page of one figure.

    Args:
        folder: of the study, `results/STUDY`.
        study: as the pages' job is told of it.
        figure: name and caption.
    """
    file = folder / "figures" / figure["name"]
    provenance = read_json(file.with_suffix(".json"))
    names = [its["name"] for its in study["figures"]]
    place = names.index(figure["name"])
    return render(
        "figure.html",
        title=f"{study['title']}: {figure['name']}",
        path=[("Onset", "../../index.html"), (study["title"], "../index.html")],
        study=study,
        figure=figure,
        data=read_table(file.with_suffix(".csv"), _MOST_ROWS),
        provenance=provenance,
        previous=names[place - 1] if place else None,
        following=names[place + 1] if place + 1 < len(names) else None,
    )
