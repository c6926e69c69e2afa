"""Which code a result came from: a fingerprint of the code that a job actually imports.

The fingerprint covers the syntax trees of the job's modules and of everything in Onset that they
import, without docstrings and without what modules declare for planning (`DECLARATIONS`). Comments and
formatting aren't in a syntax tree, so editing them rebuilds nothing; editing a function that a job can
reach does. What else lies in their packages, such as a template, counts byte by byte.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from onset.code.own_files import files_in, is_own
from onset.code.syntax import dump, parse

_PACKAGE = Path(__file__).parents[1]
DECLARATIONS = frozenset(
    {
        "ALIKE",
        "A_CHILD_MAY_CHANGE",
        "LOADS",
        "NEEDS",
        "ONLY_WITH",
        "QUANTITIES",
        "SPLITS",
        "TOGETHER",
    }
)
"""what modules declare in literals for planning alone; those that a module itself uses are code"""


@cache
def fingerprint(*modules: str) -> str:
    """Sixteen hexadecimal digits for the import closure of some of Onset's modules.

    Args:
        modules: dotted names, for example `onset.stages.train`, and what it loads by name.

    Raises:
        SourceError: one of them is no Python. What they don't import may be anything.
    """
    sha = hashlib.sha256()
    for module in sorted(closure(modules)):
        sha.update(f"{module}\n{_syntax(module)}\n".encode())
        for name, content in _data_files(module):
            sha.update(f"{name}\n".encode() + content)
    return sha.hexdigest()[:16]


def fingerprint_of_script(script: Path) -> str:
    """The same for a script (a notebook): its own code, and the closure of what it imports."""
    tree = parse(script)
    ours = sorted(imported(tree, ""))
    return hashlib.sha256(f"{_dump(tree)}\n{fingerprint(*ours)}".encode()).hexdigest()[:16]


def closure(modules: tuple[str, ...]) -> set[str]:
    """The modules, all that they import, and the packages that importing those runs."""
    found: set[str] = set()
    todo = set(modules)
    while todo:
        module = todo.pop()
        found.add(module)
        todo |= imports(module) - found
        if "." in module:
            todo |= {module.rpartition(".")[0]} - found
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of Onset that one of them imports, wherever in it; not those for type checkers alone."""
    return frozenset(imported(tree_of(module), package_of(module)))


def package_of(module: str) -> str:
    """What relative imports in a module of Onset's start from."""
    source = source_of(module)
    assert source, f"there is no module {module}"
    return module if source.name == "__init__.py" else module.rpartition(".")[0]


def imported(tree: ast.Module, package: str) -> set[str]:
    """The modules of Onset that a file imports; its relative imports start from `package`."""
    found = set()
    for its in asked_for(tree, package):
        whole = f"{its.module}.{its.name}"
        found.add(whole if its.name and source_of(whole) else its.module)
    return {name for name in found if source_of(name)}


class Asked(NamedTuple):
    """Something that an import statement asks for."""

    line: int
    module: str
    name: str | None
    """in the module; None: the module itself"""


def asked_for(tree: ast.Module, package: str, tried: bool = True) -> Iterator[Asked]:
    """What a module's import statements ask for, at any depth; not those for type checkers alone.

    Args:
        tree: of the module.
        package: what relative imports start from.
        tried: whether statements in a `try`, which may fail, count.
    """
    for node in _run_statements(tree, tried):
        if isinstance(node, ast.Import):
            yield from (Asked(node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            start = ".".join(above) if node.level else ""
            whole = ".".join(filter(None, (start, node.module)))
            yield from (Asked(node.lineno, whole, alias.name) for alias in node.names)


def _run_statements(tree: ast.Module, tried: bool) -> Iterator[ast.stmt]:
    """All statements, at any depth, but those that only type checkers see."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.stmt):
            yield node
        if isinstance(node, ast.If) and _asks_for_type_checkers(node.test):
            todo += node.orelse
        elif tried or not isinstance(node, ast.Try):
            todo += [
                its for its in ast.iter_child_nodes(node) if isinstance(its, _HOLDS_STATEMENTS)
            ]


_HOLDS_STATEMENTS = ast.stmt | ast.excepthandler | ast.match_case


def _asks_for_type_checkers(test: ast.expr) -> bool:
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
    return False


@cache
def source_of(module: str) -> Path | None:
    """The file of a module of Onset's; None: there is no such module."""
    if module.partition(".")[0] != _PACKAGE.name:
        return None
    path = _PACKAGE.parent / Path(*module.split("."))
    candidates = (path / "__init__.py", path.parent / f"{path.name}.py")
    return next(filter(_is_there, candidates), None)


def _is_there(file: Path) -> bool:
    """A file of exactly this name: a Mac would find `run.py` for the class Run of a package, too."""
    inside = file.relative_to(_PACKAGE.parent).parts
    folders = [_PACKAGE.parent.joinpath(*inside[:depth]) for depth in range(len(inside))]
    return all(name in _names(folder) for folder, name in zip(folders, inside, strict=True))


@cache
def _names(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()


@cache
def tree_of(module: str) -> ast.Module:
    source = source_of(module)
    assert source, f"there is no module {module}"
    return parse(source)


@cache
def _syntax(module: str) -> str:
    return _dump(tree_of(module))


@cache
def _data_files(module: str) -> list[tuple[str, bytes]]:
    """Name and content of what is no Python in the folders of a package that are no packages themselves."""
    source = source_of(module)
    if not source or source.name != "__init__.py":
        return []
    folders = [path for path in sorted(source.parent.iterdir()) if path.is_dir()]
    return [
        (path.name, path.read_bytes())
        for folder in folders
        if is_own(folder.name) and not (folder / "__init__.py").exists()
        for path in files_in(folder)
    ]


def _dump(tree: ast.Module) -> str:
    declared = [its for its in tree.body if _declares(its, DECLARATIONS)]
    if declared:
        used = {node.id for node in ast.walk(tree) if _is_read(node)}
        body = [its for its in tree.body if not _declares(its, DECLARATIONS - used)]
        tree = ast.Module(body, tree.type_ignores)
    return dump(tree)


def _is_read(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _declares(statement: ast.stmt, names: Collection[str]) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name in names
    return False
