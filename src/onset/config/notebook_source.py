"""What a notebook makes, read from its source: figures, tables, published values and numbers.

Nothing is run: `onset.config.notebook_names` says what an expression may stand for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from onset.code.syntax import SourceError, parse
from onset.config.name_patterns import Pattern
from onset.config.notebook_names import Names, imported
from onset.notebook.parameters import Parameters

_PARAMETERS = re.compile(
    r"^# %%(?![^\n]*\[(?:markdown|md|raw)\])"
    r'[^\n]*tags=\[[^\]\n]*"parameters"[^\n]*(?:\n|\Z)(.*?)(?=^# %%|\Z)',
    re.M | re.S,
)
"""a cell of code that is tagged so, in its first line"""

_BY_CONDITION = ("settings", "labels", "style", "styles")
"""what notebooks call their mappings from conditions"""
_TABLES = ("table", "summary_table", "predictions_table")
"""what they call to make one; figures are made by what is called `…_figure`"""


@dataclass
class NotebookSource:
    """What is known of a notebook."""

    parameters: Parameters | None
    """None: it hasn't one cell of them"""
    figures: list[Pattern] = field(default_factory=list)
    tables: list[Pattern] = field(default_factory=list)
    published: list[Pattern] = field(default_factory=list)
    """names that `save_reference` is given values of ours for"""
    judged: set[str] = field(default_factory=set)
    """those that are known in full"""
    judged_if_declared: set[str] = field(default_factory=set)
    """those that the notebook works out only where it has asked whether they are declared"""
    numbers: list[Pattern] = field(default_factory=list)
    always: set[tuple[str, str]] = field(default_factory=set)
    """figures and tables that it makes whatever there is, as (kind, name)"""
    claims: list[str] = field(default_factory=list)
    """what its texts claim, in `study.holds`"""
    conditions: set[str] = field(default_factory=set)
    """that it asks for by name, whether they are there or not"""
    texts: frozenset[str] = frozenset()
    """all that stands in it as text"""
    calls: set[str] = field(default_factory=set)
    """methods that are called"""
    asked: set[str] = field(default_factory=set)
    """attributes that are looked at"""


def unreadable_notebook(root: Path, notebook: str) -> str | None:
    """Why a notebook can't be read; None if it can.

    Args:
        root: the project's folder.
        notebook: its path from there.
    """
    if not (root / notebook).exists():
        return f"its notebook {notebook} is missing"
    if not (root / notebook).is_file():
        return f"its notebook {notebook} is no file"
    try:
        parse(root / notebook)
    except SourceError as error:
        return f"its notebook can't be read: {error}"
    return None


def read_notebook_source(path: Path) -> NotebookSource:
    """Of the notebook in a file.

    Raises:
        ValueError: it is no Python.
    """
    try:
        return _read(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from error


@cache
def _read(text: str) -> NotebookSource:
    cells = [*_PARAMETERS.finditer(text)]
    found = NotebookSource(None)
    if len(cells) == 1:
        lines_above = text.count("\n", 0, cells[0].start(1))
        found.parameters = Parameters.of(cells[0][1], lines_above)
    _Reading(found).go_through(ast.parse(text).body)
    return found


class _Reading:
    """One walk through a notebook, in the order in which it runs."""

    def __init__(self, found: NotebookSource) -> None:
        self._found = found
        self._names = Names()
        self._asked: list[ast.expr] = []
        """the conditions under which the statement runs"""

    def go_through(self, statements: Sequence[ast.stmt]) -> None:
        self._found.texts |= {
            node.value
            for statement in statements
            for node in ast.walk(statement)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for statement in statements:
            self._statement(statement)

    def _statement(self, statement: ast.stmt) -> None:
        match statement:
            case ast.For(target=target, iter=over, body=body):
                self._calls(over)
                self._names.bind(
                    target,
                    self._names.elements(over) or self._names.looked_up(target, over, body),
                )
                self._under(over, body)
            case ast.If(test=test, body=body, orelse=otherwise):
                self._calls(test)
                self._under(test, body)
                self._under(test, otherwise)
            case ast.With(body=body) | ast.Try(body=body):
                self._under(ast.Constant(None), body)
            case ast.FunctionDef(body=body):
                self._under(ast.Constant(None), body)
            case ast.ImportFrom(module=module, names=names) if (module or "").startswith("onset."):
                for name in names:
                    self._names.bound[name.asname or name.name] = imported(str(module), name.name)
            case ast.Assign(targets=[target], value=value):
                self._names.assign(target, value, maybe=bool(self._asked))
                self._calls(value)
                self._may_set_beside(value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                self._names.add_keys(name, value)
                self._calls(value)
                self._may_set_beside(value)
            case _:
                self._calls(statement)

    def _under(self, asked: ast.expr, body: Sequence[ast.stmt]) -> None:
        self._asked.append(asked)
        for statement in body:
            self._statement(statement)
        self._asked.pop()

    # ---- calls ----------------------------------------------------------------------------

    def _calls(self, node: ast.AST) -> None:
        for call in ast.walk(node):
            match call:
                case ast.Call(func=ast.Attribute(attr=method), args=args):
                    self._found.calls.add(method)
                    self._call(method, args)
                case ast.Subscript(
                    value=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="study"), attr=name),
                    slice=ast.Constant(value=str(condition)),
                ) if name in _BY_CONDITION:
                    self._asks_for(condition)
                case ast.Attribute(attr=name):
                    self._found.asked.add(name)

    def _call(self, method: str, args: list[ast.expr]) -> None:
        match method, args:
            case ("save_figure", [_, name, *_]):
                self._made("figures", name)
            case ("save_table", [_, name, *_]):
                self._made("tables", name)
            case (_, [name, *_]) if method.endswith("_figure"):
                self._made("figures", name)
            case (_, [name, *_]) if method in _TABLES:
                self._made("tables", name)
            case ("verdict", [ours]) | ("save_reference", [_, ours]):
                self._sets_beside(self._names.keys(ours))
            case "holds", claims:
                texts = [text for its in claims for text in self._names.texts(its)]
                self._found.claims += [t[0] for t in texts if len(t) == 1 and isinstance(t[0], str)]
            case "save_numbers", [numbers]:
                self._found.numbers.extend(self._names.keys(numbers))
            case ("run", [ast.Constant(value=str(condition)), _]) | (
                "setting",
                [_, ast.Constant(value=str(condition))],
            ):
                self._asks_for(condition)

    def _made(self, kind: str, name: ast.expr) -> None:
        names = self._names.texts(name)
        getattr(self._found, kind).extend(names)
        if not self._asked:
            self._found.always |= {(kind, n[0]) for n in names if isinstance(n[0], str)}

    def _sets_beside(self, names: list[Pattern]) -> None:
        self._found.published.extend(names)
        if not self._asks_whether_declared:
            self._found.judged |= _in_full(names)

    def _may_set_beside(self, ours: ast.expr) -> None:
        if self._asks_whether_declared:
            self._found.judged_if_declared |= _in_full(self._names.keys(ours))

    @property
    def _asks_whether_declared(self) -> bool:
        return any("reference" in ast.unparse(asked) for asked in self._asked)

    def _asks_for(self, condition: str) -> None:
        if not any(condition in ast.unparse(asked) for asked in self._asked):
            self._found.conditions.add(condition)


def _in_full(names: Sequence[Pattern]) -> set[str]:
    """Those of which every part is known."""
    return {name[0] for name in names if len(name) == 1 and isinstance(name[0], str)}
