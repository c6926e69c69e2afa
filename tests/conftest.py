"""For all tests: Onset's shapes and types are checked at run time, and arithmetic uses one thread."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self, runtime_checkable

import jaxtyping
import pytest
from beartype import BeartypeConf, FrozenDict, beartype
from beartype.claw import beartype_packages

# Before torch and numpy are imported: the number of threads changes the last digits.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

# beartype knows Self only where it decorates whole classes, and the hook decorates functions.
_TYPES = BeartypeConf(
    hint_overrides=FrozenDict({Self: object}),
    is_pep484_tower=True,  # an int is a float, too
    claw_is_pep526=False,  # annotations of variables may name what comes later in the file
)


def check_types(function: Callable) -> Callable:
    """beartype; the protocols that a function's module knows are made checkable for it."""
    for value in list(function.__globals__.values()):
        if isinstance(value, type) and getattr(value, "_is_protocol", False):
            runtime_checkable(value)
    return beartype(conf=_TYPES)(function)


# Rooms without arrays, and without types that only type checkers import, are checked for types alone:
# keeping account of shapes takes longer than they do.
_WITHOUT_ARRAYS = ("config", "latex", "settings")
_ROOMS = {path.stem for path in Path("src/onset").iterdir() if not path.stem.startswith("_")}

# Only what is imported from here on is checked, so no test may have imported Onset before.
jaxtyping.install_import_hook(
    [f"onset.{room}" for room in sorted(_ROOMS.difference(_WITHOUT_ARRAYS))],
    f"{__name__}.check_types",
)
beartype_packages([f"onset.{room}" for room in _WITHOUT_ARRAYS], conf=_TYPES)


@pytest.fixture(autouse=True)
def _no_figure_stays_open() -> Iterator[None]:
    """Which tests a worker has done before mustn't matter, and pyplot warns of many open figures."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, since tests also wait; no more than the memory has room for."""
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return max(1, min((os.cpu_count() or 1) + 1, gibibytes // 2))


# Long files first: what comes last should be short, or one core works while the others wait.
_LAYERS = ("results", "docs", "faults", "workflow", "slurm", "unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test has its layer, the folder that it lies in, as a mark: `-m unit`."""
    for item in items:
        item.add_marker(_layer(item))
    items.sort(key=lambda item: _LAYERS.index(_layer(item)))


def _layer(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]
