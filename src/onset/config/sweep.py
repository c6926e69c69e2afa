"""A declared grid of settings, expanded into ordinary conditions."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from onset.settings import IN_WORDS, LONGEST_NAME, NAME_PATTERN, is_name

MOST_POINTS = 2_000

Grid = Mapping[str, Sequence[Any]]
"""`section.key` → the values that it takes"""


class SweepError(Exception):
    """The grids can't be expanded; the text says why, in a line."""


def expand(grids: Sequence[Grid]) -> dict[str, dict[str, Any]]:
    """A condition per point of each grid: name → `label` and the sections that it changes.

    The point (model.d_model 16, training.weight_decay 0.5) is called `d_model_16__weight_decay_0p5`.
    A point that stands in two grids is one condition.

    Raises:
        SweepError: there are too many points, or two, of different settings, have one name.
    """
    found: dict[str, dict[str, Any]] = {}
    n_points = sum(math.prod(len(values) for values in grid.values()) for grid in grids)
    if n_points > MOST_POINTS:
        raise SweepError(f"{n_points} points; the most is {MOST_POINTS}")
    for grid in grids:
        _refuse_unfit(grid)
        for values in itertools.product(*grid.values()):
            name, condition = _point(dict(zip(grid, values, strict=True)))
            if not is_name(name):
                raise SweepError(
                    f"a point would be called {name}: {IN_WORDS[NAME_PATTERN]}, at most {LONGEST_NAME}"
                )
            if found.setdefault(name, condition) != condition:
                raise SweepError(f"two points of different settings would be called {name}")
    return found


def _refuse_unfit(grid: Grid) -> None:
    """Raise a SweepError if the axes of a grid can't be crossed, or their values not be named."""
    if not grid:
        raise SweepError("a grid has no axis; expected SECTION.KEY: [values]")
    for axis, values in grid.items():
        if above := [other for other in grid if axis.startswith(f"{other}.")]:
            raise SweepError(f"the axis {axis} is within the axis {above[0]}")
        slugs = [_slug(value) for value in values]
        for value, slug in zip(values, slugs, strict=True):
            if isinstance(value, dict | list):
                said = (
                    "a value of an axis is a number, true, false or text: it becomes part of a name"
                )
                raise SweepError(f"{axis}: {value}: {said}")
            if slugs.count(slug) > 1:
                raise SweepError(f"{axis}: two of its values would be called {slug}")


def _point(point: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Its name, and the condition: axis → value."""
    name = "__".join(f"{_key(path)}_{_slug(value)}" for path, value in point.items())
    label = ", ".join(
        f"{_key(path).replace('_', ' ')} {_said(value)}" for path, value in point.items()
    )
    condition: dict[str, Any] = {"label": label}
    for path, value in point.items():
        section, *keys = path.split(".")
        place = condition.setdefault(section, {})
        for key in keys[:-1]:
            place = place.setdefault(key, {})
        place[keys[-1]] = value
    return name, condition


def _key(path: str) -> str:
    return path.rpartition(".")[2]


def _said(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _slug(value: Any) -> str:
    """As a name takes it: 0.5 is 0p5, -1 is m1."""
    text = _said(value).lower().replace(".", "p").replace("-", "m").replace("+", "")
    return re.sub(r"[^a-z0-9_]", "_", text)
