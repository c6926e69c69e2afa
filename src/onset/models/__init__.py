"""Model families, one package each.

A family has `settings.py`, which needs no torch, with the kind of world that it `TAKES` and a `Settings`
class; and `model.py` with `build(settings, *sizes)`, a `Model` that knows its `settings`. The sizes are
those of the world:

* of `sequences`: `build(settings, n_tokens, length)`, and `problems(settings, max_hops, n_tokens, length)`
  in `settings.py`. The model has `logits`; the training's settings say which loss of them is minimised.
* of `vectors`: `build(settings, d_in, d_out)` and `problems(settings, d_in, d_out)`. The model has `loss`
  (`VectorModel`): what it minimises is its own.

`settings.py` has its parameters' `shapes(settings, *sizes)`, if the family knows them beforehand. A family
of transformers has `bridge.py` with `open_bridge(model, parameters, n_applications)`; those that have none
open in no TransformerLens, and the atlas of heads leaves them out.

What else can be asked of a model its settings say in `traits` (`onset.config.traits`). One that has a
`residual_stream` and `heads` is a `ReadableModel` and has a bridge; one that has `head_weights`,
`embeddings` or `neurons` has parameters with the transformer's names, too.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from onset.code.own_files import is_own

if TYPE_CHECKING:
    from torch import Tensor
    from transformer_lens.model_bridge import TransformerBridge

    from onset.models.batch import AnyModel, Model


@cache
def names() -> list[str]:
    """All model families there are."""
    found = (module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return sorted(name for name in found if is_own(name))


def load_settings(name: str) -> ModuleType:
    """The module of a family's settings. Only the family asked for is imported."""
    return importlib.import_module(f"{__name__}.{name}.settings")


@cache
def has_bridge(name: str) -> bool:
    """Whether a family's models open in TransformerLens; then they have attention heads."""
    return importlib.util.find_spec(f"{__name__}.{name}.bridge") is not None


def build(settings: Mapping[str, Any], *sizes: int) -> AnyModel:
    """The model that settings describe, for a world of these `sizes`.

    Their `name` is the family's, and only that is imported.
    """
    family = settings["name"]
    validated = load_settings(family).Settings.model_validate(dict(settings))
    return importlib.import_module(f"{__name__}.{family}.model").build(validated, *sizes)


def open_bridge(
    model: Model, parameters: Mapping[str, Tensor], n_applications: int | None = None
) -> TransformerBridge:
    """A model that `build` made, with these parameters, in TransformerLens: by its family's `bridge.py`.

    Raises:
        ValueError: the family has none.
    """
    if not has_bridge(model.settings.name):
        raise ValueError(
            f"TransformerLens opens transformers, and this model is of the family {model.settings.name}: "
            "use run.model and run.parameters()"
        )
    bridge = importlib.import_module(f"{__name__}.{model.settings.name}.bridge")
    return bridge.open_bridge(model, parameters, n_applications)
