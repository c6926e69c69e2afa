"""The page of a study or a collection: question, answer, figures, tables, conditions, literature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onset.gallery.comparisons import comparisons_of
from onset.gallery.means import Quantities
from onset.gallery.render import render
from onset.gallery.tables import read_table
from onset.statistics.means import Means
from onset.statistics.wording import VERDICTS, disagreeing_first, format_found
from onset.store.reading import read_csv

_MOST_ASKED = 8
"""conditions whose models readers are led to; of more, the table of conditions has the rest"""


def study_page(folder: Path, study: Mapping[str, Any], means: Means, quantities: Quantities) -> str:
    """The page of one study.

    Args:
        folder: of the study, `results/STUDY`.
        study: as the pages' job is told of it, with `answer` filled.
        means: of the study.
        quantities: of the study.
    """
    tables = [
        {**its, **read_table(folder / "tables" / f"{its['name']}.csv")} for its in study["tables"]
    ]
    return render(
        "study.html",
        title=study["title"],
        path=[("Onset", "../index.html")],
        study=study,
        most_asked=_MOST_ASKED,
        tables=tables,
        comparisons=comparisons_of(study, means.values(), quantities),
        reference=_reference(folder / "reference.csv") if study["has_reference"] else None,
    )


def _reference(path: Path) -> dict[str, Any]:
    """Published values compared with ours, in words: `rows`, what disagrees first, and how many numbers
    agree or don't (`numeric`)."""
    columns, *rows = read_csv(path)
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    for its in found:
        its["ours"] = format_found(its["ours"], its.pop("low"), its.pop("high"))
    of_numbers = Counter(its["agrees"] for its in found if its["value"])
    return {
        "rows": disagreeing_first(found),
        "numeric": {said: of_numbers[said] for said in VERDICTS.values()},
    }


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
