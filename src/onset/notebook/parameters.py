"""The parameters of a study's notebook, as declared in the cell tagged `parameters`.

Each has a default there, for whoever runs the notebook by hand, and may declare its type:
`level: Fraction = 0.95`. Conditions on two of them follow as an `assert` of comparisons. The cell is
read, not run: planning checks the config against it, and papermill puts the config's values after it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter, ValidationError, ValidationInfo

from onset.latex.settings_in_words import as_given
from onset.settings import (
    Fraction,
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)


def _has_checkpoint(step: int, info: ValidationInfo) -> int:
    steps = (info.context or {}).get("steps")
    if steps and step not in steps:
        near = sorted(sorted(steps, key=lambda its: abs(its - step))[:2])
        said = " and ".join(map(str, near))
        raise ValueError(f"no condition has a checkpoint at step {step}; the nearest are {said}")
    return step


def _is_condition(name: str, info: ValidationInfo) -> str:
    conditions = (info.context or {}).get("conditions")
    if conditions and name not in conditions:
        raise ValueError(f"there is no condition {name!r} (allowed: {', '.join(conditions)})")
    return name


Checkpoint = Annotated[NonNegativeInt, AfterValidator(_has_checkpoint)]
"""a step at which some condition of the study has a checkpoint"""
Condition = Annotated[Name, AfterValidator(_is_condition)]
"""the name of a condition of the study"""

KINDS: dict[str, Any] = {
    "Checkpoint": Checkpoint,
    "Condition": Condition,
    "Fraction": Fraction,
    "NonNegativeFloat": NonNegativeFloat,
    "NonNegativeInt": NonNegativeInt,
    "PositiveFloat": PositiveFloat,
    "PositiveInt": PositiveInt,
    "bool": bool,
    "float": float,
    "int": int,
    "str": str,
}
"""what a parameter may be declared to be; `list[…]` and `dict[str, …]` of these, too"""


_IN_YAML = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "dict_type": "must be keys and values",
}
"""what some of pydantic's errors are in words of YAML rather than of Python"""


@dataclass(frozen=True)
class Parameters:
    """What a cell declares."""

    kinds: Mapping[str, ast.expr | None]
    """name → what it is to be; None: anything"""
    orders: tuple[ast.expr, ...] = ()
    """comparisons that hold"""
    refused: tuple[str, ...] = ()
    """what is wrong with asserts that can't be judged by values"""

    @classmethod
    def of(cls, cell: str, lines_above: int = 0) -> Parameters:
        """Of the cell's source, which has so many lines above it in its notebook."""
        kinds: dict[str, ast.expr | None] = {}
        orders: list[ast.expr] = []
        for statement in ast.parse(cell).body:
            match statement:
                case ast.Assign(targets=targets):
                    kinds |= {t.id: None for t in targets if isinstance(t, ast.Name)}
                case ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
                    kinds[name] = kind
                case ast.Assert(test=test):
                    orders += _parts(test)
        unfit = {order: said for order in orders if (said := _unfit(order, kinds))}
        refused = tuple(
            f"line {order.lineno + lines_above}: assert {ast.unparse(order)}: {said}"
            for order, said in unfit.items()
        )
        return cls(kinds, tuple(order for order in orders if order not in unfit), refused)

    def problems(
        self, given: Mapping[str, Any], **context: Any
    ) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """What is wrong with values: where, below the parameters, and what.

        Args:
            given: parameter → value.
            context: what kinds are judged by: the study's `conditions`, the `steps` of their checkpoints.
        """
        fine = True
        for name, value in given.items():
            if (kind := self.kinds.get(name)) is None:
                continue
            try:
                _adapter(kind).validate_python(value, strict=True, context=context)
            except ValidationError as error:
                fine = False
                for its in error.errors(include_url=False):
                    said = _IN_YAML.get(its["type"], its["msg"]).replace("Input should", "must")
                    said = str(its["ctx"]["error"]) if its["type"] == "value_error" else said
                    shown = as_given(its["input"])
                    yield (name, *its["loc"]), f"{shown}: {said[0].lower()}{said[1:]}"
        for order in self.orders if fine else ():
            names = [node.id for node in ast.walk(order) if isinstance(node, ast.Name)]
            if set(names) <= given.keys() and not _holds(order, given):
                values = ", ".join(f"{n} is {as_given(given[n])}" for n in dict.fromkeys(names))
                yield (names[0],), f"must be {ast.unparse(order)}, and {values}"


def _adapter(kind: ast.expr) -> TypeAdapter:
    return TypeAdapter(_type(kind))


def _type(kind: ast.expr) -> Any:
    match kind:
        case ast.Name(id=name) if name in KINDS:
            return KINDS[name]
        case ast.Subscript(value=ast.Name(id="list"), slice=of):
            return list[_type(of)]
        case ast.Subscript(
            value=ast.Name(id="dict"), slice=ast.Tuple(elts=[ast.Name(id="str"), of])
        ):
            return dict[str, _type(of)]
        case ast.BinOp(left=one, op=ast.BitOr(), right=ast.Constant(value=None)):
            return _type(one) | None
    raise ValueError(f"no kind of parameter: {ast.unparse(kind)} (allowed: {', '.join(KINDS)})")


_COMPARED = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def _parts(test: ast.expr) -> list[ast.expr]:
    """What must hold each by itself: `and` taken apart."""
    match test:
        case ast.BoolOp(op=ast.And(), values=tests):
            return [part for its in tests for part in _parts(its)]
    return [test]


def _unfit(order: ast.expr, known: Collection[str]) -> str | None:
    """Why it can't be judged by the parameters' values; it can, if it compares them."""
    names = [node.id for node in ast.walk(order) if isinstance(node, ast.Name)]
    if not isinstance(order, ast.Compare) or not all(map(_is_side, _sides(order))):
        return _ONLY_COMPARISONS
    if not all(type(op) in _COMPARED for op in order.ops):
        return _ONLY_COMPARISONS
    if not names:
        return "it names no parameter"
    if unknown := [name for name in names if name not in known]:
        return f"{unknown[0]} is no parameter (parameters: {', '.join(known)})"
    return None


_ONLY_COMPARISONS = (
    "it can't be judged before the notebook runs; an assert in this cell compares parameters and numbers "
    "with <, <=, > or >=, with `and` between comparisons"
)


def _sides(order: ast.Compare) -> list[ast.expr]:
    return [order.left, *order.comparators]


def _is_side(side: ast.expr) -> bool:
    """Whether it is a name, or a number with or without a sign."""
    match side:
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=number)):
            return isinstance(number, int | float)
        case ast.Constant(value=number):
            return isinstance(number, int | float)
    return isinstance(side, ast.Name)


def _holds(order: ast.expr, given: Mapping[str, Any]) -> bool:
    """Whether a comparison of parameters and numbers does; not, where they can't be compared."""
    assert isinstance(order, ast.Compare)
    values = [
        given[side.id] if isinstance(side, ast.Name) else ast.literal_eval(side)
        for side in _sides(order)
    ]
    pairs = zip(order.ops, values, values[1:], strict=False)
    try:
        return all(_COMPARED[type(op)](one, other) for op, one, other in pairs)
    except TypeError:
        return False
