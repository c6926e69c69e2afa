"""Source files as syntax trees."""

from __future__ import annotations

import ast
from functools import cache
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
    """A syntax tree as text without docstrings, in the form that `ast.dump` has in Python 3.11.

    `ast.dump` itself writes the same tree differently from one Python version to the next, so every
    fingerprint would change and every result would be rebuilt.
    """
    if isinstance(node, list):
        return f"[{', '.join(map(dump, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    kind = type(node)
    shown = []
    for name in kind._fields:
        value = getattr(node, name)
        if name == "body" and kind in _WITH_DOCSTRING:
            value = [its for its in value if not _is_text(its)]
        elif kind is ast.JoinedStr:  # 3.12.1 ends some of its texts with an empty one
            value = [its for its in value if getattr(its, "value", None) != ""]
        # Left out are optional parts that are missing, and empty ones that Python 3.11 doesn't have.
        if value or (name != "type_params" and (value is not None or name not in _optional(kind))):
            shown.append(f"{name}={dump(value)}")
    return f"{kind.__name__}({', '.join(shown)})"


_WITH_DOCSTRING = {ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef}
"""bare strings are docstrings there: of functions and of fields"""


@cache
def _optional(kind: type[ast.AST]) -> frozenset[str]:
    """The parts of a kind of node that may be None."""
    return frozenset(name for name in kind._fields if getattr(kind, name, ...) is None)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
