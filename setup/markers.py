"""Markers: which Pythons and systems an entry of a lock is for.

A marker (https://packaging.python.org/en/latest/specifications/dependency-specifiers/) looks like a Python
expression, so Python's own parser reads it. Only what locks use is supported: comparisons of names with
strings, joined by `and`, `or` and parentheses.
"""

import ast
import operator
import platform
import sys
from collections.abc import Mapping

from setup import interpreter
from setup.console import SetupError

MACHINES = {"linux": ("x86_64", "aarch64"), "darwin": ("arm64",)}
"""what the locks are made for"""

_VERSIONS = ("python_version", "python_full_version")
_COMPARED = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def surroundings(python: str, system: str, machine: str) -> dict[str, str]:
    """What markers can ask for.

    Args:
        python: a version, such as 3.11.7.
        system: as in `sys.platform`.
        machine: as uname names it.
    """
    return {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}.get(system, system),
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "posix",
    }


def here() -> dict[str, str]:
    return surroundings(platform.python_version(), sys.platform, platform.machine())


def supported() -> list[dict[str, str]]:
    """Everything that the locks are made for."""
    return [
        # No marker in a lock distinguishes between patch releases, so .0 stands for all of them.
        surroundings(f"{major}.{minor}.0", system, machine)
        for major, minor in interpreter.FITTING
        for system, machines in MACHINES.items()
        for machine in machines
    ]


def holds(marker: str, where: Mapping[str, str]) -> bool:
    """Whether an entry with this marker is for these surroundings.

    Raises:
        SetupError: the marker uses something unsupported.
    """
    try:
        return not marker or _holds(ast.parse(marker, mode="eval").body, where)
    except (SyntaxError, KeyError, ValueError, TypeError) as error:
        raise SetupError(f"requirements/: the marker {marker!r} cannot be read: {error}") from None


def _holds(asked: ast.expr, where: Mapping[str, str]) -> bool:
    match asked:
        case ast.BoolOp(op=ast.And(), values=values):
            return all([_holds(value, where) for value in values])
        case ast.BoolOp(op=ast.Or(), values=values):
            return any([_holds(value, where) for value in values])
        case ast.Compare(left=ast.Name(id=name), ops=[how], comparators=[ast.Constant(value=text)]):
            return _compare(name, where[name], how, text)
    raise ValueError(ast.unparse(asked))


def _compare(name: str, found: str, how: ast.cmpop, text: str) -> bool:
    compared = _COMPARED[type(how)]
    if name not in _VERSIONS:
        return compared(found, text)
    asked = _numbers(text.removesuffix(".*"))
    # `== '3.12.*'`: as many numbers as are given.
    return compared(_numbers(found)[: len(asked) if text.endswith(".*") else None], asked)


def _numbers(version: str) -> tuple[int, ...]:
    """3.14 and 3.14.0 are the same; of 3.14.0rc1, the numbers."""
    numbers = [int(part) for part in version.split("rc")[0].split("b")[0].split("a")[0].split(".")]
    return tuple(numbers)
