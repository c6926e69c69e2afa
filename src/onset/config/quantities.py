"""The quantities of a study's runs, as the modules that measure them declare them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from onset import analyses, comparisons, measures
from onset.code.fingerprint import DECLARATIONS
from onset.code.syntax import SourceError, parse
from onset.config.condition import Condition
from onset.statistics.quantities import Declarations, unsound


def literals_in(source: Path, names: Collection[str] = DECLARATIONS) -> dict[str, Any]:
    """What a module declares, by these names.

    Read from the source: importing it imports torch, and planning a DAG shouldn't wait for that.

    Raises:
        SourceError: a declaration is no literal.
    """
    found = {}
    for statement in parse(source).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if name in names:
                if twice := _key_twice(value):
                    said = f"{name} has the key {twice!r} twice"
                    raise SourceError(f"{source}: line {statement.lineno}: {said}")
                try:
                    found[name] = ast.literal_eval(value)
                except (ValueError, TypeError):
                    raise SourceError(
                        f"{source}: line {statement.lineno}: {name} must be a literal, "
                        "for it is read without running the module"
                    ) from None
    return found


def _key_twice(literal: ast.expr) -> object:
    """A key that one of a literal's mappings has twice; Python would silently keep the last."""
    for node in ast.walk(literal):
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            for key in keys:
                if keys.count(key) > 1:
                    return key
    return None


@cache
def declared_by(package: ModuleType, name: str) -> Declarations:
    """The `QUANTITIES` of a module that is called by name.

    Raises:
        SourceError: it has none, or they aren't as `onset.statistics.quantities` says.
    """
    source = package.CATALOGUE.source(name)
    declared = literals_in(source).get("QUANTITIES")
    for said in ["is missing: what does it yield?"] if declared is None else unsound(declared):
        raise SourceError(f"{source}: QUANTITIES {said}")
    return declared


def quantities_of(
    conditions: Mapping[str, Condition], compared: Iterable[str] = ()
) -> dict[str, Mapping[str, Any]]:
    """All that measures and analyses of these conditions declare, and comparisons of these names."""
    return {
        name: said
        for its in _asked(conditions.values(), compared)
        for name, said in declared_by(*its).items()
    }


def contradictions(
    conditions: Mapping[str, Condition], compared: Iterable[str] = ()
) -> Iterator[str]:
    """Names that two of these conditions' measures and analyses, or of these comparisons, declare in
    different ways."""
    first: dict[str, tuple[ModuleType, str]] = {}
    for its in _asked(conditions.values(), compared):
        for name, said in declared_by(*its).items():
            other = first.setdefault(name, its)
            if declared_by(*other)[name] != said:
                yield f"{other[1]} and {its[1]} both yield {name}, and declare it in different ways"


def _asked(
    conditions: Iterable[Condition], compared: Iterable[str]
) -> list[tuple[ModuleType, str]]:
    """What measures something, as package and name."""
    asked: dict[tuple[ModuleType, str], None] = {}
    for its in conditions:
        asked |= dict.fromkeys((measures, name) for name in its.measures)
        asked |= dict.fromkeys((analyses, name) for name in its.analyses.names)
    asked |= dict.fromkeys((comparisons, name) for name in compared)
    return list(asked)
