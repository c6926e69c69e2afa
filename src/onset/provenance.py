"""Which code a result came from: a fingerprint of what a job really imports.

The fingerprint covers the syntax trees of the job's modules and of everything in Onset that they
import, without docstrings. Comments and formatting aren't in a syntax tree, so editing them rebuilds
nothing; editing a function that a job can reach does. What else lies in their packages, such as a
template, counts byte by byte.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp

_PACKAGE = Path(__file__).parent


@cache
def fingerprint(*modules: str) -> str:
    """Sixteen hexadecimal digits for the import closure of some of Onset's modules.

    Args:
        modules: dotted names, for example `onset.stages.train`, and what it loads by name.
    """
    sha = hashlib.sha256()
    for module in sorted(_closure(modules)):
        sha.update(f"{module}\n{_syntax(module)}\n".encode())
        for path in _data_files(module):
            sha.update(f"{path.name}\n".encode() + path.read_bytes())
    return sha.hexdigest()[:16]


def fingerprint_of_script(script: Path) -> str:
    """The same for a script (a notebook): its own code, and the closure of what it imports."""
    tree = ast.parse(script.read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    ours = sorted(imported & _graph().modules)
    return hashlib.sha256(f"{_dump(tree)}\n{fingerprint(*ours)}".encode()).hexdigest()[:16]


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph("onset", exclude_type_checking_imports=True, cache_dir=None)


def _closure(modules: tuple[str, ...]) -> set[str]:
    """The modules, all that they import, and the packages that importing those runs."""
    graph = _graph()
    found: set[str] = set()
    todo = set(modules)
    while todo:
        module = todo.pop()
        found.add(module)
        todo |= graph.find_modules_directly_imported_by(module) - found
        if "." in module:
            todo |= {module.rpartition(".")[0]} - found
    return found


@cache
def _syntax(module: str) -> str:
    path = _path(module)
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return _dump(ast.parse(source.read_text(encoding="utf-8")))


def _path(module: str) -> Path:
    """The module's file without .py, or the package's folder."""
    return _PACKAGE.parent / Path(*module.split("."))


def _data_files(module: str) -> Iterator[Path]:
    """What is no Python in the folders of a package that are no packages themselves."""
    for folder in sorted(_path(module).glob("*/")):
        if not (folder / "__init__.py").exists() and folder.name != "__pycache__":
            yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _dump(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            # Bare strings are docstrings, of functions and of fields.
            node.body = [statement for statement in node.body if not _is_text(statement)]
    return ast.dump(tree)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
