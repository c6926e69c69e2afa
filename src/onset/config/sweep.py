"""A declared grid of settings, expanded into ordinary conditions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

Grid = Mapping[str, Sequence[Any]]
"""`section.key` → the values that it takes"""


def expand(grids: Sequence[Grid]) -> dict[str, dict[str, Any]]:
    """A condition per point of each grid: name → `label` and the sections that it changes.

    The point (model.d_model 16, training.weight_decay 0.5) is called `d_model_16__weight_decay_0p5`.
    A point that two grids name alike is one condition.
    """
    found: dict[str, dict[str, Any]] = {}
    for grid in grids:
        for values in itertools.product(*grid.values()):
            point = dict(zip(grid, values, strict=True))
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
            found[name] = condition
    return found


def _key(path: str) -> str:
    return path.rpartition(".")[2]


def _said(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _slug(value: Any) -> str:
    """As a name takes it: 0.5 is 0p5, -1 is m1."""
    text = _said(value).lower().replace(".", "p").replace("-", "m").replace("+", "")
    return re.sub(r"[^a-z0-9_]", "_", text)
