"""Traits of worlds and capabilities of models that measures, analyses and interventions may need.

A task's settings have their traits in a property `traits`, a family of models has a function
`traits(settings)` in its `planning.py`; none: nothing of this. What a family must have for a trait is said
in `onset.models`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from onset import models
from onset.config.problems import nearest
from onset.settings import Settings

OF_WORLDS = {
    "numbers": "pairs of numbers to be added modulo an odd p",
    "columns": "sums that are written digit by digit",
    "repeats": "sequences in which segments come again, scored all along",
    "families": "parent features and their children",
    "one_place": "states of one position",
    "swapped": "questions that have twins with another answer, row by row",
    "new_tokens": "tokens that an earlier training has not seen",
}
OF_MODELS = {
    "residual_stream": "a residual stream that can be read",
    "midway": "a forward pass that can begin with states in its middle",
    "read_on": "a forward pass that goes on from what it has read",
    "rewritable": "states that can be overwritten between any two blocks",
    "heads": "attention heads",
    "tokenizer": "a tokenizer of its own",
    "adapters": "adapters, without which it is the model that training began with",
    "head_weights": "weights that can be told apart head by head",
    "embeddings": "token embeddings that can be exchanged",
    "neurons": "MLP neurons that can be read",
    "symmetries": "units that can change places",
    "layers": "two or more block applications",
    "per_hop": "one block that is applied once per hop",
    "like_gpt2": "layer norms, and nothing that TransformerLens lacks",
    "dictionary": "latents of a dictionary",
    "twins": "two dictionaries that are equally sparse",
    "bottleneck": "a layer too narrow for its features",
    "factors": "factors that must all be there",
}
KNOWN = OF_WORLDS | OF_MODELS
"""trait → in words"""


def of_models(trait: str) -> str:
    """The trait itself, if a model can have it.

    Raises:
        ValueError: no model can.
    """
    if trait not in OF_MODELS:
        raise ValueError(f"nothing in a model is called {trait!r}; {nearest(trait, OF_MODELS)}")
    return trait


def traits_of(settings: Any) -> tuple[str, ...]:
    """Of a task."""
    return tuple(getattr(settings, "traits", ()))


def traits_of_model(settings: Settings) -> tuple[str, ...]:
    family = models.load_planning(settings.name)
    return family.traits(settings) if hasattr(family, "traits") else ()


def carrier_of(settings: Settings) -> Settings:
    """Of a model with something added to it, such as adapters, those of the model that carries it; else the
    same."""
    family = models.load_planning(settings.name)
    return family.carrier(settings) if hasattr(family, "carrier") else settings


def has_all(wanted: Iterable[str], model: Settings) -> bool:
    """Whether a model has all these traits."""
    return set(wanted) <= set(traits_of_model(model))
