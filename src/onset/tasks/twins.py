"""Twins: a split whose examples are, row by row, those of another one with another answer.

What is right in one is the *rival* in the other. States and edges can be exchanged between the two.
"""

from __future__ import annotations

from collections.abc import Iterable

from onset.tasks.dataset import VALIDATION

SWAPPED = "_swapped"
"""behind the name of the split, before the suffix of a validation part"""


def twin_of(split: str) -> str:
    """What the split is called whose examples are the twins of a split's."""
    name = split.removesuffix(VALIDATION)
    return f"{name}{SWAPPED}{split[len(name) :]}"


def twins(splits: Iterable[str]) -> dict[str, str]:
    """Split → its twin, of those that have one."""
    names = list(splits)
    return {name: twin_of(name) for name in names if twin_of(name) in names}
