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


def dump(node: object) -> str:
    """A syntax tree as text, in the form that `ast.dump` has in Python 3.11.

    `ast.dump` itself says the same tree in other words from one Python to the next, and with them every
    fingerprint would change and every result be rebuilt.
    """
    if isinstance(node, list):
        return f"[{', '.join(map(dump, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.JoinedStr):  # 3.12.1 ends some of its texts with an empty one
        node.values = [its for its in node.values if getattr(its, "value", None) != ""]
    shown = [(name, value) for name, value in ast.iter_fields(node) if _is_shown(node, name, value)]
    return f"{type(node).__name__}({', '.join(f'{name}={dump(value)}' for name, value in shown)})"


def _is_shown(node: ast.AST, name: str, value: object) -> bool:
    """Neither an optional part that isn't there, nor one that Python 3.11 doesn't know."""
    if name == "type_params":
        return bool(value)
    return value is not None or getattr(type(node), name, ...) is not None
