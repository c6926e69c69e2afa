"""The front page: the paper, what each study found, and a search across all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onset.gallery.render import render


def front_page(cards: Sequence[Mapping[str, Any]], paper: bool) -> str:
    """The front page.

    Args:
        cards: of the studies, in their order.
        paper: whether there is a PDF.
    """
    entries = [entry for card in cards for entry in card["entries"]]
    return render("index.html", title="Onset", path=[], cards=cards, paper=paper, entries=entries)


def card(study: Mapping[str, Any]) -> dict[str, Any]:
    """What the front page shows of a study, and what its search finds there.

    Args:
        study: as the pages' job is told of it, with `answer` filled.
    """
    return {
        **{key: study[key] for key in ("name", "title", "question", "answer")},
        "figure": study["figures"][0] if study["figures"] else None,
        "n_figures": len(study["figures"]),
        "n_conditions": len(study["conditions"]),
        "n_runs": sum(len(its["seeds"]) for its in study["conditions"]),
        "entries": _entries(study),
    }


def _entries(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the search finds: what it is, where, and the words that it is found by."""
    name, title = study["name"], study["title"]
    entries = [_entry("study", title, f"{name}/index.html", name, study["question"])]
    entries += [
        _entry("condition", f"{title}: {its['label']}", f"{name}/{its['name']}/index.html",
               name, its["name"], *its["differences"])
        for its in study["conditions"]
    ]  # fmt: skip
    entries += [
        _entry("figure", f"{title}: {its['name']}", f"{name}/figures/{its['name']}.html",
               name, its["caption"])
        for its in study["figures"]
    ]  # fmt: skip
    entries += [
        _entry("page", f"{title}: {its['caption']}", f"{name}/pages/{its['name']}.html",
               name, its["name"])
        for its in study.get("pages", ())
    ]  # fmt: skip
    return entries


def _entry(kind: str, text: str, address: str, *words: str) -> dict[str, str]:
    found_by = " ".join((kind, text, *words)).lower()
    return {"kind": kind, "text": text, "address": address, "words": found_by}
