"""Source files as syntax trees."""

from __future__ import annotations

import ast
from pathlib import Path


class SourceError(Exception):
    """A file can't be read as Python; the text says which, and what is wrong with it, in a line."""


def parse(source: Path) -> ast.Module:
    """The syntax tree of a file.

    Raises:
        SourceError: it is no Python.
    """
    try:
        text = source.read_text(encoding="utf-8")
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise SourceError(
                f"{source}: line {line}: the character U+0000 can't stand in a program"
            )
        return ast.parse(text)
    except SyntaxError as error:
        raise SourceError(f"{source}: line {error.lineno}: {error.msg}") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{source}: {error}") from None
