"""Closer looks at a checkpoint, one method a file; most of them through TransformerLens's tools.

An analysis module has `analyse(model, parameters, dataset, seed) -> Iterable[Measurement]`, where
`seed` is the run's and chooses what is random; one that looks at the run which the dataset is made of
has `parent`, an `onset.source.Source`, as a further parameter. Literals say
what it can be asked of, as those of measures do: `NEEDS` and `SPLITS`.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType

from onset.own_files import modules_in

_NOT_ANALYSES = {"questions", "settings"}


@cache
def names() -> list[str]:
    """All analyses there are."""
    return modules_in(__path__, but=_NOT_ANALYSES)


def load(name: str) -> ModuleType:
    """The analysis's module. Only the one asked for is imported, so a job depends on no other."""
    return importlib.import_module(f"{__name__}.{name}")
