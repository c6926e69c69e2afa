"""What notebooks made for typesetting: read, and checked before LaTeX sees it.

A results folder may come from somebody else, so its contents can't simply be trusted.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from onset.latex.characters import said_of, unsettable
from onset.latex.markup import MarkupError, check_number, check_table
from onset.settings import NAME_PATTERN
from onset.statistics.wording import VERDICTS

_REFERENCE = (
    *("quantity", "published", "source", "set_up", "value", "border"),
    *("ours", "low", "high", "agrees"),
)
"""columns of a study's reference.csv"""


def numbers_of(path: Path, beside: Collection[str]) -> dict[str, str]:
    """A study's numbers.json.

    Args:
        path: of the file.
        beside: the characters that the paper's sources declare.

    Raises:
        MarkupError: it isn't one, or a number in it can't be typeset; which, and why.
        OSError: it can't be read.
    """
    try:
        found = json.loads(_text(path, beside))
    except (json.JSONDecodeError, RecursionError):
        raise MarkupError(f"{path}: it isn't JSON") from None
    if not isinstance(found, dict):
        raise MarkupError(f"{path}: expected numbers by their names")
    numbers = {}
    for key, value in found.items():
        try:
            numbers[key] = unicodedata.normalize("NFC", check_number(key, value))
        except MarkupError as error:
            raise MarkupError(f"{path}: {error}") from None
        _check_characters(f"{path}: {key}", numbers[key], beside)
    return numbers


def table_of(path: Path, beside: Collection[str]) -> str:
    """A table's tabular; arguments and errors are those of `numbers_of`."""
    text = _text(path, beside)
    try:
        return check_table(text)
    except MarkupError as error:
        raise MarkupError(f"{path}: {error}") from None


def reference_of(path: Path, beside: Collection[str]) -> list[dict[str, str]]:
    """The rows of a study's reference.csv; arguments and errors are those of `numbers_of`."""
    lines = _text(path, beside).splitlines(keepends=True)
    try:
        header, *rows = csv.reader(lines, strict=True)
    except (csv.Error, ValueError):
        raise MarkupError(f"{path}: it isn't a table of comma-separated values") from None
    if tuple(header) != _REFERENCE:
        raise MarkupError(f"{path}: its columns aren't {', '.join(_REFERENCE)}")
    found = []
    for line, row in enumerate(rows, 1):
        its = dict(zip(_REFERENCE, row, strict=False))
        numbers = [its.get(key, "") for key in ("value", "ours", "low", "high")]
        if (
            len(row) != len(_REFERENCE)
            or its["agrees"] not in VERDICTS.values()
            or not all(map(_is_number, numbers))
        ):
            raise MarkupError(f"{path}: row {line} isn't as `study.save_reference` writes it")
        found.append(its)
    return found


def check_names(settings: Mapping[str, Any]) -> None:
    """Names that become paths and labels are those that a config can have.

    Args:
        settings: what the paper is told: `shown`, `studies`.

    Raises:
        MarkupError: one isn't.
    """
    names = [
        *(study["name"] for study in (*settings["shown"], *settings["studies"])),
        *(
            its["name"]
            for study in settings["shown"]
            for k in ("figures", "tables")
            for its in study[k]
        ),
        *(study["base"]["model"]["name"] for study in settings["studies"]),
    ]
    for name in names:
        if not re.fullmatch(NAME_PATTERN, name):
            raise MarkupError(f"{name!a} isn't the name of a study, a figure, a table or a model")


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return True


def _text(path: Path, beside: Collection[str]) -> str:
    """A file's text, of characters that can be set, or of a form that hides which they are."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise MarkupError(f"{path}: it isn't UTF-8 text") from None
    _check_characters(str(path), text, beside)
    return unicodedata.normalize("NFC", text)


def _check_characters(place: str, text: str, beside: Collection[str]) -> None:
    if odd := unsettable(text, beside):
        raise MarkupError(f"{place}: the paper can't set {said_of(odd)}")
