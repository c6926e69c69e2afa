"""Checks that the texts in a study's file can be drawn in figures and typeset."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from onset.config.problems import Layer, Problem
from onset.config.study_file import SECTIONS
from onset.figures.glyphs import undrawable
from onset.latex.characters import declared, said_of, unsettable

_TYPESET = (
    *("title", "question", "abstract", "figures", "tables", "reference", "conditions", "sweep"),
    *SECTIONS,
)
"""keys of a study's file below which every text stands in the paper"""


def text_problems(layers: Sequence[Layer], paper: bool, root: Path) -> list[Problem]:
    """Texts with characters that the paper's fonts, or the figures', don't have.

    Args:
        layers: the study's file and what the config overrides in it.
        paper: whether a paper is made.
        root: the project's folder.
    """
    return [
        Problem(layer.file, ".".join((layer.key, *path)) if layer.key else ".".join(path), said)
        for layer in layers
        for path, text in _texts(layer.values)
        for said in _wrong_with(path, text, declared(root / "paper") if paper else None)
    ]


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text, and the path of keys to it."""
    match value:
        case str():
            yield path, value
        case dict():
            for key, its in value.items():
                yield from _texts(its, (*path, str(key)))
        case list():
            for its in value:
                yield from _texts(its, path)


def _wrong_with(path: tuple[str, ...], text: str, in_paper: frozenset[str] | None) -> Iterator[str]:
    """What is wrong with a text.

    Args:
        path: of keys.
        text: the text.
        in_paper: the characters that the paper declares; None: there is no paper.
    """
    if _is_drawn(path):
        if hidden := {its for its in text if unicodedata.category(its) == "Cf"}:
            yield f"{said_of(hidden)} can't be seen: take it out"
            return
        if "$" in text:
            yield f"{text!r}: $ begins mathematics in figures; write λ or 10² as characters"
        if odd := undrawable(text):
            yield f"the figures' font has no {said_of(odd)}"
            return
    if in_paper is not None and path[0] in _TYPESET and (odd := unsettable(text, in_paper)):
        yield (
            f"the paper can't set {said_of(odd)}; allowed are Latin and Greek letters, mathematical "
            "symbols and what paper/characters.tex declares (`paper: false` makes no paper)"
        )


def _is_drawn(path: tuple[str, ...]) -> bool:
    """Labels are in every figure, titles in that of all heads."""
    match path:
        case ["title"] | ["conditions", _, "label"]:
            return True
    return False
