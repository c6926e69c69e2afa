"""The front page: the paper, what each study found, and a search over all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onset.gallery.render import render


def front_page(studies: Sequence[Mapping[str, Any]], paper: bool) -> str:
    """The front page.

    Args:
        studies: as the pages' job is told of them, with `answer` filled.
        paper: whether there is a PDF.
    """
    entries = [entry for study in studies for entry in _entries(study)]
    return render(
        "index.html", title="Onset", path=[], studies=studies, paper=paper, entries=entries
    )


def _entries(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the search finds of a study: what it is, where, and the words that it is found by."""
    name, title = study["name"], study["title"]
    entries = [_entry("study", title, f"{name}/index.html", name, study["question"])]
    entries += [
        _entry("condition", f"{title}: {its['label']}", f"{name}/{its['name']}/index.html",
               name, its["name"], *its["changes"])
        for its in study["conditions"]
    ]  # fmt: skip
    entries += [
        _entry("figure", f"{title}: {its['name']}", f"{name}/figures/{its['name']}.html",
               name, its["caption"])
        for its in study["figures"]
    ]  # fmt: skip
    return entries


def _entry(kind: str, text: str, address: str, *words: str) -> dict[str, str]:
    found_by = " ".join((kind, text, *words)).lower()
    return {"kind": kind, "text": text, "address": address, "words": found_by}
