"""Model families, one package each.

A family has three modules, of which only the last needs torch:

* `settings.py`, with a `Settings` class and, if the family knows them beforehand, its parameters'
  `shapes(settings, *sizes)`, and those `hidden(settings, *sizes)` that the optimiser `muon` is for;
* `planning.py`, with the kind of world that it `TAKES` and what else is asked before anything runs, such as
  whether a model `begins_trained(settings)`. No training depends on it, nor on how models are looked into
  (`onset.models.inspection`);
* `model.py`, with `build(settings, *sizes)`, a `Model` that knows its `settings`.

The sizes are those of the world:

* of `sequences`: `build(settings, n_tokens, length)`, and `problems(settings, max_hops, n_tokens, length)`
  in `planning.py`. The model has `logits`; the training's settings say which loss of them is minimised.
* of `vectors`: `build(settings, d_in, d_out)` and `problems(settings, d_in, d_out)`. The model has `loss`
  (`VectorModel`): what it minimises is its own.

What else can be asked of a model its family says in `traits(settings)` of `planning.py`
(`onset.config.traits`); and, if it is a model of another family with something added, in
`carrier(settings)` the settings of that one, whose parameters can be grafted onto it. One that has a
`tokenizer` has `tokenizer.py` with `open_tokenizer(settings)`, for tasks of texts (`onset.tasks.texts`).
One that has a `residual_stream` and `heads` is a `ReadableModel` and has a bridge; one that has
`head_weights`, `embeddings` or `neurons` has parameters with the transformer's names, too.

Where models may have adapters, `plain.py` has `plain(model, parameters)`: the model without them, and its
parameters, into which they are merged (`onset.models.plain`).

Where settings can stand for the checkpoints of a training that others have done, `planning.py` has
`recorded(settings)`, whether they do, and `at_step(settings, step)`, those of one of its checkpoints.

Where a model must be made from something else before it can be read, `planning.py` has
`converted(settings)`, the folder or None, and `absent(settings)`, why that can't be done here, or None; and
`conversion.py` does it, leaving a file `ORIGIN` in the folder.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from onset.code.own_files import is_own

if TYPE_CHECKING:
    from onset.models.batch import AnyModel

ORIGIN = "origin.json"
"""in a folder that a model was converted to, written last: what it was made from, and its files"""


@cache
def names() -> list[str]:
    """All model families there are."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return sorted(name for name in found if is_own(name))


def load_settings(name: str) -> ModuleType:
    """The module of a family's settings. Only the family asked for is imported."""
    return importlib.import_module(f"{__name__}.{name}.settings")


def load_planning(name: str) -> ModuleType:
    """The module of what planning asks of a family."""
    return importlib.import_module(f"{__name__}.{name}.planning")


def build(settings: Mapping[str, Any], *sizes: int) -> AnyModel:
    """The model that settings describe, for a world of these `sizes`.

    Their `name` is the family's, and only that is imported.
    """
    return _of_family(settings, "model").build(_validated(settings), *sizes)


def convert(settings: Mapping[str, Any], folder: Path) -> None:
    """Write into an empty folder what a family's `planning.converted` asks for, before it can be read.

    Raises:
        LookupError: what it is made from isn't there; in one line, as is the next.
        ValueError: it isn't the one that is meant.
    """
    _of_family(settings, "conversion").convert(_validated(settings), folder)


def at_step(settings: Mapping[str, Any], step: int) -> dict[str, Any]:
    """Those of one checkpoint of a training that others have done."""
    its = load_planning(settings["name"]).at_step(_validated(settings), step)
    return its.model_dump(mode="json")


def open_tokenizer(settings: Mapping[str, Any]) -> Any:
    """The tokenizer of a model that has one, an `onset.tasks.texts.Tokenizer`."""
    return _of_family(settings, "tokenizer").open_tokenizer(_validated(settings))


def _of_family(settings: Mapping[str, Any], module: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{settings['name']}.{module}")


def _validated(settings: Mapping[str, Any]) -> Any:
    return load_settings(settings["name"]).Settings.model_validate(dict(settings))
