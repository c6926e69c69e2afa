"""Progress measures, one family a file.

A measure module has `measure(model, parameters, dataset) -> Iterable[Measurement]`. In literals, which are
read without importing it, it says what it can be asked of: `NEEDS`, the ground truth of the task and the
traits of task and model (`onset.traits`) that it uses; `SPLITS`, those that it asks for by name;
`ONLY_WITH`, traits of a model without which it has no rows. It may have `at_end(model, parameters,
dataset)`, asked once, of the last checkpoint; what that says is then `measure`'s fourth argument. And it
may have `in_loss(model, parameters, dataset)`, a differentiable scalar that a training can be told to add
to its loss.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType

from onset.own_files import modules_in

_NOT_MEASURES = {
    "answers", "fourier", "guess", "heads", "levels", "matching", "measurement", "one_by_one",
    "reading_off", "two_features",
}  # fmt: skip


@cache
def names() -> list[str]:
    """All measure families there are."""
    return modules_in(__path__, but=_NOT_MEASURES)


def load(name: str) -> ModuleType:
    """The measure's module. Only the one asked for is imported, so a job depends on no other."""
    return importlib.import_module(f"{__name__}.{name}")
