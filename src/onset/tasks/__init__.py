"""The small worlds that models learn, one file each.

A task module has a `Settings` class and `generate(settings, seed)`, which gives a `Dataset` of
sequences or a `VectorDataset`. One whose dataset has streams has `streams(settings, dataset)`, too,
which a training calls with the stored dataset: they can't be stored. What is held out is in no other
split, and no stream draws it; settings for which that can't be are refused. One whose dataset is made
of another run's model has settings that say `from_parent`, and `generate(settings, seed, parent)`.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType

from onset.own_files import modules_in

_NOT_TASKS = {"dataset", "parts", "vectors", "worlds"}


@cache
def names() -> list[str]:
    """All tasks there are."""
    return modules_in(__path__, but=_NOT_TASKS)


def load(name: str) -> ModuleType:
    """The task's module. Only the one asked for is imported, so a job depends on no other task."""
    return importlib.import_module(f"{__name__}.{name}")
