"""What a notebook makes, read from its source: figures, tables, published values and numbers.

Nothing is run. A name is known if it is text, or put together from text or from the items of a loop over
text; of other parts, at most it is known that they are the name of a condition or a split. Where nothing
is known, anything is possible.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from onset.config.name_patterns import UNKNOWN, Hole, Pattern, joined
from onset.notebook.parameters import Parameters

_PARAMETERS = re.compile(
    r"^# %%(?![^\n]*\[(?:markdown|md|raw)\])"
    r'[^\n]*tags=\[[^\]\n]*"parameters"[^\n]*(?:\n|\Z)(.*?)(?=^# %%|\Z)',
    re.M | re.S,
)
"""a cell of code that is tagged so, in its first line"""
_DEEPEST = 12


_WORDS = ("condition", "split", "measure")
_BY_CONDITION = ("settings", "labels", "style")
"""what notebooks call their mappings from conditions"""


@dataclass
class NotebookSource:
    """What is known of a notebook."""

    parameters: Parameters | None
    """None: it hasn't one cell of them"""
    figures: list[Pattern] = field(default_factory=list)
    tables: list[Pattern] = field(default_factory=list)
    published: list[Pattern] = field(default_factory=list)
    """names that `save_reference` is given values of ours for"""
    numbers: list[Pattern] = field(default_factory=list)
    always: set[tuple[str, str]] = field(default_factory=set)
    """figures and tables that it makes whatever there is, as (kind, name)"""
    conditions: set[str] = field(default_factory=set)
    """that it asks for by name, whether they are there or not"""
    texts: frozenset[str] = frozenset()
    """all that stands in it as text"""
    calls: set[str] = field(default_factory=set)
    """methods that are called"""


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


Bindings = dict[str, list[ast.expr]]
"""name → the expressions that it may stand for; none: unknown"""


class _Reading:
    """One walk through a notebook, in the order in which it runs."""

    def __init__(self, found: NotebookSource) -> None:
        self._found = found
        self._bound: Bindings = {}
        self._keys: dict[str, list[Pattern]] = {}
        """of each mapping that is filled, its keys"""
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
                self._bind(target, self._elements(over) or self._looked_up(target, over, body))
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
                    self._bound[name.asname or name.name] = _imported(str(module), name.name)
            case ast.Assign(targets=[target], value=value):
                self._assign(target, value)
                self._calls(value)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                self._keys.setdefault(name, []).extend(self._keys_of(value))
                self._bound[name] = []
                self._calls(value)
            case _:
                self._calls(statement)

    def _under(self, asked: ast.expr, body: Sequence[ast.stmt]) -> None:
        self._asked.append(asked)
        for statement in body:
            self._statement(statement)
        self._asked.pop()

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self._keys[name] = [*self._keys.get(name, [])] if self._asked else []
                self._keys[name] += self._keys_of(value)
                before = self._bound.get(name, []) if self._asked else []
                self._bound[name] = [*before, value]
            case ast.Subscript(value=ast.Name(id=name), slice=key):
                self._keys.setdefault(name, []).extend(self._texts(key))
            case ast.Tuple(elts=targets):
                values = value.elts if isinstance(value, ast.Tuple) else [None] * len(targets)
                for its, of_it in zip(targets, values, strict=False):
                    self._assign(its, of_it or ast.Name(id="_unknown"))

    def _bind(self, target: ast.expr, values: list[ast.expr]) -> None:
        """A loop's target to what it goes through."""
        match target:
            case ast.Name(id=name):
                self._bound[name] = values
            case ast.Tuple(elts=targets):
                for place, its in enumerate(targets):
                    of_it = [
                        value.elts[place]
                        for value in values
                        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) > place
                    ]
                    self._bind(its, of_it if len(of_it) == len(values) else [])

    # ---- calls ----------------------------------------------------------------------------

    def _calls(self, node: ast.AST) -> None:
        for call in ast.walk(node):
            match call:
                case ast.Call(func=ast.Attribute(attr=method), args=args):
                    self._found.calls.add(method)
                    self._call(method, args)
                case ast.Subscript(
                    value=ast.Name(id=name), slice=ast.Constant(value=str(condition))
                ) if name in _BY_CONDITION:
                    self._asks_for(condition)

    def _call(self, method: str, args: list[ast.expr]) -> None:
        match method, args:
            case (("save_figure" | "save_table"), [_, name, *_]):
                kind = "figures" if method == "save_figure" else "tables"
                names = self._texts(name)
                getattr(self._found, kind).extend(names)
                if not self._asked:
                    self._found.always |= {(kind, n[0]) for n in names if isinstance(n[0], str)}
            case "save_reference", [_, ours]:
                self._found.published.extend(self._keys_of(ours))
            case "save_numbers", [numbers]:
                self._found.numbers.extend(self._keys_of(numbers))
            case "run", [ast.Constant(value=str(condition)), _]:
                self._asks_for(condition)

    def _asks_for(self, condition: str) -> None:
        if not any(condition in ast.unparse(asked) for asked in self._asked):
            self._found.conditions.add(condition)

    def _looked_up(
        self, target: ast.expr, over: ast.expr, body: Sequence[ast.AST]
    ) -> list[ast.expr]:
        """What a loop over the parameter `reference` may go through: keys of what is looked up there."""
        if not isinstance(over, ast.Name) or over.id != "reference":
            return []
        for node in (node for its in body for node in ast.walk(its)):
            match node, target:
                case (
                    ast.Subscript(value=ast.Name(id=mapping), slice=ast.Name(id=key)),
                    ast.Name(id=name),
                ) if key == name and self._keys.get(mapping):
                    return [ast.Constant(its) for its in self._keys[mapping]]
        return []

    # ---- what expressions may be ------------------------------------------------------------

    def _keys_of(self, mapping: ast.expr) -> list[Pattern]:
        """The keys of a mapping."""
        match mapping:
            case ast.Name(id=name):
                return self._keys.get(name, UNKNOWN)
            case ast.Dict(keys=keys, values=values):
                return [
                    text
                    for key, value in zip(keys, values, strict=True)
                    for text in (self._texts(key) if key else self._keys_of(value))
                ]
            case ast.DictComp(key=key, generators=loops):
                return self._inside(loops, lambda: self._texts(key), mapping)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._keys_of(left) + self._keys_of(right)
        return UNKNOWN

    def _inside(
        self, loops: list[ast.comprehension], ask: Callable[[], list[Pattern]], whole: ast.expr
    ) -> list[Pattern]:
        before = dict(self._bound)
        for loop in loops:
            elements = self._elements(loop.iter)
            self._bind(loop.target, elements or self._looked_up(loop.target, loop.iter, [whole]))
            for test in loop.ifs:
                self._only_if(test)
        found = ask()
        self._bound = before
        return found

    def _only_if(self, test: ast.expr) -> None:
        """What the condition of a comprehension says of a name that is unknown otherwise."""
        match test:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="startswith"),
                args=[ast.Constant(value=str(start))],
            ):
                rest = ast.FormattedValue(ast.Name(id="_unknown"), -1)
                self._bound[name] = [ast.JoinedStr([ast.Constant(start), rest])]
            case ast.Compare(left=ast.Name(id=name), ops=[ast.In()], comparators=[among]):
                if known := self._elements(among):
                    self._bound[name] = known
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[same]):
                if isinstance(same, ast.Constant):
                    self._bound[name] = [same]

    def _texts(self, node: ast.expr, depth: int = 0) -> list[Pattern]:
        """The texts that an expression may be."""
        if depth > _DEEPEST:
            return UNKNOWN
        match node:
            case ast.Constant(value=str(text)):
                return [(text,)]
            case ast.Constant(value=tuple(pattern)):
                return [pattern]  # a key that was worked out before
            case ast.JoinedStr(values=parts):
                # What a part is filled with is a word, or a number.
                words = [
                    [(Hole.MEASURE,) if text == (Hole.ANY,) else text for text in its]
                    for its in (self._texts(part, depth + 1) for part in parts)
                ]
                return joined(words)
            case ast.FormattedValue(value=value, format_spec=None):
                return self._texts(value, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return joined([self._texts(left, depth + 1), self._texts(right, depth + 1)])
            case ast.IfExp(body=one, orelse=other):
                return self._texts(one, depth + 1) + self._texts(other, depth + 1)
            case ast.Attribute(attr=what) if what in _WORDS:
                return [(Hole(what),)]
            case ast.Call(func=ast.Attribute(value=of, attr="removesuffix" | "removeprefix")):
                return self._texts(of, depth + 1)
            case ast.Subscript(value=of, slice=ast.Constant(value=int())):
                elements = self._elements(of, depth + 1)
                texts = [text for its in elements for text in self._texts(its, depth + 1)]
                return list(dict.fromkeys(texts)) or UNKNOWN
            case ast.Name(id=name) if values := self._bound.get(name):
                found = [text for value in values for text in self._texts(value, depth + 1)]
                return list(dict.fromkeys(found))
            case ast.Name(id=what) if what in _WORDS:
                return [(Hole(what),)]
        return UNKNOWN

    def _elements(self, node: ast.expr, depth: int = 0) -> list[ast.expr]:
        """What a loop over an expression goes through; none: unknown."""
        if depth > _DEEPEST:
            return []
        match node:
            case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
                return self._flat(elts, depth)
            case ast.Dict(keys=keys) if all(keys):
                return [key for key in keys if key]
            case ast.Call(func=ast.Attribute(value=of, attr="items"), args=[]):
                if known := self._dicts(of, depth + 1):
                    return [
                        ast.Tuple([key, value])
                        for its in known
                        for key, value in zip(its.keys, its.values, strict=True)
                        if key
                    ]
                keys = self._keys.get(of.id, []) if isinstance(of, ast.Name) else []
                return [ast.Tuple([ast.Constant(key), ast.Name("_unknown")]) for key in keys]
            case ast.Call(func=ast.Attribute(value=of, attr="values"), args=[]):
                return [value for its in self._dicts(of, depth + 1) for value in its.values]
            case ast.Call(func=ast.Attribute(attr="groupby"), args=[by, *_]):
                return _groups(by)
            case ast.Call(func=ast.Name(id="list" | "sorted" | "tuple" | "set"), args=[of, *_]):
                return self._elements(of, depth + 1)
            case ast.Subscript(value=of, slice=ast.Slice()):
                return self._elements(of, depth + 1)
            case ast.ListComp(elt=ast.Name(id=name), generators=[loop]) if (
                isinstance(loop.target, ast.Name) and loop.target.id == name
            ):
                return self._elements(loop.iter, depth + 1)
            case ast.Attribute(attr="conditions" | "analysed"):
                return [ast.Attribute(node, "condition")]
            case ast.Name(id=name) if values := self._bound.get(name):
                each = [self._elements(value, depth + 1) for value in values]
                return [element for its in each for element in its] if all(each) else []
            case ast.Name(id="conditions"):
                return [ast.Attribute(node, "condition")]
        return []

    def _flat(self, elts: Sequence[ast.expr], depth: int) -> list[ast.expr]:
        found = []
        for its in elts:
            if isinstance(its, ast.Starred):
                inside = self._elements(its.value, depth + 1)
                if not inside:
                    return []
                found += inside
            else:
                found.append(its)
        return found

    def _dicts(self, node: ast.expr, depth: int) -> list[ast.Dict]:
        """The literal mappings that an expression may be; none, if it may be another, or empty."""
        match node:
            case ast.Dict(keys=[_, *_] as keys) if all(keys):
                return [node]
            case ast.Name(id=name) if depth < _DEEPEST and (values := self._bound.get(name)):
                each = [self._dicts(value, depth + 1) for value in values]
                return [its for found in each for its in found] if all(each) else []
        return []


def _groups(by: ast.expr) -> list[ast.expr]:
    """What a loop over a table's groups goes through: names of the group, and its rows."""
    match by:
        case ast.Constant(value=str(column)):
            return [ast.Tuple([ast.Attribute(by, column), ast.Name("_unknown")])]
        case ast.List(elts=columns) if all(isinstance(its, ast.Constant) for its in columns):
            names = [ast.Attribute(by, str(its.value)) for its in columns]
            return [ast.Tuple([ast.Tuple(names), ast.Name("_unknown")])]
    return []


@cache
def _imported(module: str, name: str) -> list[ast.expr]:
    """The literal that a module of ours calls so."""
    path = Path(__file__).parents[1] / f"{module.removeprefix('onset.').replace('.', '/')}.py"
    if not path.exists():
        return []
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=its)], value=value)
                | ast.AnnAssign(target=ast.Name(id=its), value=ast.expr() as value)
            ) if its == name:
                return [value]
    return []
