"""What a notebook's expressions may stand for, as far as its source shows: texts, elements, keys.

A name is known where it is text, or put together from text, or from what a loop over text goes through; of
other parts it is at most known that they are a condition's name or a split's. Where nothing is known,
anything may stand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cache

from onset.code.fingerprint import source_of, tree_of
from onset.code.syntax import SourceError
from onset.config.name_patterns import UNKNOWN, Hole, Pattern, joined

_DEEPEST = 12
_WORDS = ("condition", "split", "measure")
_COLUMN = re.compile(r"\{(\w+)\}")


class Names:
    """What names stand for, at one place of a notebook."""

    def __init__(self) -> None:
        self.bound: dict[str, list[ast.expr]] = {}
        """name → the expressions that it may stand for; none: unknown"""
        self._keys: dict[str, list[Pattern]] = {}
        """of each mapping that is filled, its keys"""

    def add_keys(self, name: str, of: ast.expr) -> None:
        """A mapping gets those of another; from then on it is no literal."""
        self._keys.setdefault(name, []).extend(self.keys(of))
        self.bound[name] = []

    def assign(self, target: ast.expr, value: ast.expr, maybe: bool) -> None:
        """A name is given a value, or may be: under a condition."""
        match target:
            case ast.Name(id=name):
                self._keys[name] = [*self._keys.get(name, [])] if maybe else []
                self._keys[name] += self.keys(value)
                before = self.bound.get(name, []) if maybe else []
                self.bound[name] = [*before, value]
            case ast.Subscript(value=ast.Name(id=name), slice=key):
                self._keys.setdefault(name, []).extend(self.texts(key))
            case ast.Tuple(elts=targets):
                values = value.elts if isinstance(value, ast.Tuple) else [None] * len(targets)
                for its, of_it in zip(targets, values, strict=False):
                    self.assign(its, of_it or ast.Name(id="_unknown"), maybe)

    def bind(self, target: ast.expr, values: list[ast.expr]) -> None:
        """A loop's target to what it goes through."""
        match target:
            case ast.Name(id=name):
                self.bound[name] = values
            case ast.Tuple(elts=targets):
                for place, its in enumerate(targets):
                    of_it = [
                        value.elts[place]
                        for value in values
                        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) > place
                    ]
                    self.bind(its, of_it if len(of_it) == len(values) else [])

    def looked_up(
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

    def keys(self, mapping: ast.expr) -> list[Pattern]:
        """The keys of a mapping."""
        match mapping:
            case ast.Name(id=name):
                return self._keys.get(name, UNKNOWN)
            case ast.Dict(keys=keys, values=values):
                return [
                    text
                    for key, value in zip(keys, values, strict=True)
                    for text in (self.texts(key) if key else self.keys(value))
                ]
            case ast.DictComp(key=key, generators=loops):
                return self._inside(loops, lambda: self.texts(key), mapping)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self.keys(left) + self.keys(right)
            case ast.Call(func=ast.Attribute(attr=function), args=args):
                return self._made_by(function, args)
        return UNKNOWN

    def _made_by(self, function: str, args: Sequence[ast.expr]) -> list[Pattern]:
        """The numbers that a call of the library makes: `say.named`, `study.quoted_settings`."""
        match function, args:
            case "named", [rows, ast.Constant(value=str(name)), *_]:
                parts = _COLUMN.split(name)  # every second is a column
                texts = [[(its,)] if its else [()] for its in parts]
                texts[1::2] = [self._column(its, rows) for its in parts[1::2]]
                return joined(texts)
            case "quoted_settings", _ if all(isinstance(its, ast.Constant) for its in args):
                return [(str(its.value).rpartition(".")[2],) for its in args]
        return UNKNOWN

    def _column(self, name: str, rows: ast.expr) -> list[Pattern]:
        """What a column may hold, by what rows are chosen by: `where(rows, measure=["one", "other"])`."""
        chosen = {its.arg: its.value for its in rows.keywords} if isinstance(rows, ast.Call) else {}
        wanted = chosen.get(name, ast.Constant(None))
        texts = [text for its in self.elements(wanted) or [wanted] for text in self.texts(its)]
        unknown = (Hole.ANY,) in texts
        return [(Hole(name) if name in _WORDS else Hole.MEASURE,)] if unknown else texts

    def _inside(
        self, loops: list[ast.comprehension], ask: Callable[[], list[Pattern]], whole: ast.expr
    ) -> list[Pattern]:
        before = dict(self.bound)
        for loop in loops:
            elements = self.elements(loop.iter)
            self.bind(loop.target, elements or self.looked_up(loop.target, loop.iter, [whole]))
            for test in loop.ifs:
                self._only_if(test)
        found = ask()
        self.bound = before
        return found

    def _only_if(self, test: ast.expr) -> None:
        """What the condition of a comprehension says of a name that is unknown otherwise."""
        match test:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="startswith"),
                args=[ast.Constant(value=str(start))],
            ):
                rest = ast.FormattedValue(ast.Name(id="_unknown"), -1)
                self.bound[name] = [ast.JoinedStr([ast.Constant(start), rest])]
            case ast.Compare(left=ast.Name(id=name), ops=[ast.In()], comparators=[among]):
                if known := self.elements(among):
                    self.bound[name] = known
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[same]):
                if isinstance(same, ast.Constant):
                    self.bound[name] = [same]

    def texts(self, node: ast.expr, depth: int = 0) -> list[Pattern]:
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
                    for its in (self.texts(part, depth + 1) for part in parts)
                ]
                return joined(words)
            case ast.FormattedValue(value=value, format_spec=None):
                return self.texts(value, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return joined([self.texts(left, depth + 1), self.texts(right, depth + 1)])
            case ast.IfExp(body=one, orelse=other):
                return self.texts(one, depth + 1) + self.texts(other, depth + 1)
            case ast.Attribute(attr=what) if what in _WORDS:
                return [(Hole(what),)]
            case ast.Call(func=ast.Attribute(value=of, attr="removesuffix" | "removeprefix")):
                return self.texts(of, depth + 1)
            case ast.Subscript(value=of, slice=ast.Constant(value=int())):
                elements = self.elements(of, depth + 1)
                texts = [text for its in elements for text in self.texts(its, depth + 1)]
                return list(dict.fromkeys(texts)) or UNKNOWN
            case ast.Name(id=name) if values := self.bound.get(name):
                found = [text for value in values for text in self.texts(value, depth + 1)]
                return list(dict.fromkeys(found))
            case ast.Name(id=what) if what in _WORDS:
                return [(Hole(what),)]
        return UNKNOWN

    def elements(self, node: ast.expr, depth: int = 0) -> list[ast.expr]:
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
                return self.elements(of, depth + 1)
            case ast.Subscript(value=of, slice=ast.Slice()):
                return self.elements(of, depth + 1)
            case ast.ListComp(elt=ast.Name(id=name), generators=[loop]) if (
                isinstance(loop.target, ast.Name) and loop.target.id == name
            ):
                return _left_in(self.elements(loop.iter, depth + 1), name, loop.ifs)
            case ast.Attribute(attr="conditions" | "analysed"):
                return [ast.Attribute(node, "condition")]
            case ast.Name(id=name) if values := self.bound.get(name):
                each = [self.elements(value, depth + 1) for value in values]
                return [element for its in each for element in its] if all(each) else []
            case ast.Name(id="conditions"):
                return [ast.Attribute(node, "condition")]
        return []

    def _flat(self, elts: Sequence[ast.expr], depth: int) -> list[ast.expr]:
        found = []
        for its in elts:
            if isinstance(its, ast.Starred):
                inside = self.elements(its.value, depth + 1)
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
            case ast.Name(id=name) if depth < _DEEPEST and (values := self.bound.get(name)):
                each = [self._dicts(value, depth + 1) for value in values]
                return [its for found in each for its in found] if all(each) else []
        return []


def _left_in(elements: list[ast.expr], name: str, tests: Sequence[ast.expr]) -> list[ast.expr]:
    """The elements without those that a comprehension leaves out, as in `name != "one"`."""
    out = {
        ast.dump(test.comparators[0])
        for test in tests
        if isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == name
        and isinstance(test.ops[0], ast.NotEq)
    }
    return [its for its in elements if ast.dump(its) not in out]


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
def imported(module: str, name: str) -> list[ast.expr]:
    """The literal that a module of ours calls so."""
    try:
        statements = tree_of(module).body if source_of(module) else []
    except SourceError:  # told by whoever needs the module itself
        return []
    for statement in statements:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=its)], value=value)
                | ast.AnnAssign(target=ast.Name(id=its), value=ast.expr() as value)
            ) if its == name:
                return [_SpeltOut(module, name).visit(deepcopy(value))]  # the tree is everybody's
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                given = {ast.unparse(t): v for t, v in zip(targets, values, strict=False)}
                if name in given and len(targets) == len(values):
                    return [given[name]]
            case ast.ImportFrom(module=str(source), names=names):
                for its in names:
                    if name == (its.asname or its.name):
                        return imported(source, its.name)
    return []


class _SpeltOut(ast.NodeTransformer):
    """Puts literals in place of the names that a module gives them."""

    def __init__(self, module: str, defined: str) -> None:
        self._module, self._defined = module, defined

    def visit_Name(self, node: ast.Name) -> ast.expr:
        known = imported(self._module, node.id) if node.id != self._defined else []
        return known[0] if known else node
