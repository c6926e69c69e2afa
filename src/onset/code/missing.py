"""Imports that will fail, found without importing anything, so that nobody waits hours to find out."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from onset.code.fingerprint import asked_for, closure, imported, package_of, source_of, tree_of
from onset.code.syntax import SourceError, parse

_PACKAGE = __name__.partition(".")[0]


def refuse_missing_imports(source: Path, package: str = "") -> None:
    """Refuse a file if it, or a module of Onset's that it imports, imports something that doesn't exist.

    Imports in a `try` may fail.

    Args:
        source: the file.
        package: what its relative imports start from.

    Raises:
        SourceError: naming file, line and what is missing.
    """
    tree = parse(source)
    ours = sorted(closure(tuple(imported(tree, package))))
    for said in (_missing(source, tree, package), *map(_missing_in, ours)):
        if said:
            raise SourceError(said)


@cache
def _missing_in(module: str) -> str | None:
    source = source_of(module)
    assert source, f"there is no module {module}"
    return _missing(source, tree_of(module), package_of(module))


def _missing(source: Path, tree: ast.Module, package: str) -> str | None:
    for line, whole, name in asked_for(tree, package, tried=False):
        if said := _wrong_with(whole, name):
            return f"{source}: line {line}: {said}"
    return None


@cache
def _wrong_with(module: str, name: str | None) -> str | None:
    """Why a module, or a name in one of ours, can't be imported."""
    top = module.partition(".")[0]
    if top != _PACKAGE:
        return None if _is_there(top) else f"there is no module {top} to import"
    if not source_of(module):
        return f"there is no module {module} to import"
    if name is None or source_of(f"{module}.{name}"):
        return None
    known = {*_bound(module), "*"}
    if name in known or "__getattr__" in known:
        return None
    close = difflib.get_close_matches(name, known, n=1)
    return f"{module} has no {name} to import" + (f"; did you mean {close[0]}?" if close else "")


@cache
def _is_there(top: str) -> bool:
    try:
        return find_spec(top) is not None
    except ValueError:  # `__main__` and the like
        return True


@cache
def _bound(module: str) -> frozenset[str]:
    """All names that a module binds; some belong to inner scopes, which does no harm."""
    return frozenset(name for its in tree_of(module).body for name in _bound_by(its))


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (its.asname or its.name.partition(".")[0] for its in names)
        case _:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id
                elif node is not statement and isinstance(node, ast.stmt):
                    yield from _bound_by(node)
