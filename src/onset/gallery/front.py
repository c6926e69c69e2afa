"""The front page: the paper, what each study found by theme, and a search across all pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from onset.gallery.render import render

OTHERS = "Other studies"
"""the theme of those that name none"""


@dataclass(frozen=True)
class Group:
    """The cards of a theme."""

    theme: str
    address: str
    """on the front page"""
    cards: list[Mapping[str, Any]] = field(default_factory=list)


def front_page(cards: Sequence[Mapping[str, Any]], paper: bool, smoke: bool) -> str:
    """The front page.

    Args:
        cards: of the studies, in their order: as `card` makes them, with `theme` (None: of no theme) and
            `overridden` (whether the config has other settings for it than its own file).
        paper: whether there is a PDF.
        smoke: whether all settings are those of a smoke run.
    """
    groups = by_theme(cards)
    # Groups of one card each would bring no order to anything.
    headed = 1 < len(groups) < len(cards)
    return render(
        "index.html",
        title="Onset",
        path=[],
        groups=groups,
        headed=headed,
        paper=paper,
        smoke=smoke,
        entries=[*(map(_theme_entry, groups) if headed else ()), *_entries_of(cards)],
    )


def by_theme(cards: Sequence[Mapping[str, Any]]) -> list[Group]:
    """Cards by theme, in the order in which themes first appear; those of no theme come last.

    Themes that differ only in capital letters and spaces are the same, written as they first are.
    """
    groups: dict[str, Group] = {}
    for its in cards:
        theme = " ".join((its["theme"] or OTHERS).split())
        group = Group(theme, f"#theme-{len(groups) + 1}")
        groups.setdefault(theme.casefold(), group).cards.append(its)
    last = groups.pop(OTHERS.casefold(), None)
    return [*groups.values(), *([last] if last else [])]


def card(study: Mapping[str, Any]) -> dict[str, Any]:
    """What the front page shows of a study, and what its search finds there.

    Args:
        study: as the pages' job is told of it, with `answer` filled.
    """
    return {
        **{key: study[key] for key in ("name", "title", "question", "answer", "broken")},
        "figure": study["figures"][0] if study["figures"] else None,
        "n_figures": len(study["figures"]),
        "n_conditions": len(study["conditions"]),
        "n_runs": sum(len(its["seeds"]) for its in study["conditions"]),
        "entries": _entries(study),
    }


def _entries(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the search finds: what it is, where, and the words that it is found by."""
    name, title = study["name"], study["title"]
    entries = [_entry("study", title, f"{name}/index.html", name, study["question"],
                      study["answer"] or "")]  # fmt: skip
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


def _theme_entry(group: Group) -> dict[str, str]:
    return _entry("theme", group.theme, group.address)


def _entries_of(cards: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Those of all cards; the theme leads to the study itself, and not to all that is in it."""
    found = []
    for its in cards:
        theme = (its["theme"] or "").lower()
        found += [
            {**entry, "words": f"{entry['words']} {theme}"} if entry["kind"] == "study" else entry
            for entry in its["entries"]
        ]
    return found


def _entry(kind: str, text: str, address: str, *words: str) -> dict[str, str]:
    found_by = " ".join((kind, text, *words)).lower()
    return {"kind": kind, "text": text, "address": address, "words": found_by}
