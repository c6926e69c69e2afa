"""What a world or a model can be like, and measures, analyses and interventions may need it to be.

A task's settings have what they are like in a property `traits`, a family of models has a function
`traits(settings)` in its `planning.py`; none: nothing of this.
"""

from __future__ import annotations

from typing import Any

from onset import models
from onset.settings import Settings

OF_WORLDS = {
    "numbers": "pairs of numbers to be added modulo an odd p",
    "repeats": "sequences in which segments come again, scored all along",
    "families": "features that are parents, and their children",
    "one_place": "states of one position",
    "new_tokens": "tokens that an earlier training has not seen",
}
OF_MODELS = {
    "mlp": "an MLP",
    "layers": "two or more block applications",
    "per_hop": "one block that is applied once per hop",
    "like_gpt2": "layer norms, and nothing that TransformerLens hasn't",
    "twins": "two dictionaries that are equally sparse",
}
KNOWN = OF_WORLDS | OF_MODELS
"""trait → in words"""


def traits_of(settings: Any) -> tuple[str, ...]:
    """Of a task."""
    return tuple(getattr(settings, "traits", ()))


def traits_of_model(settings: Settings) -> tuple[str, ...]:
    family = models.load_planning(settings.name)
    return family.traits(settings) if hasattr(family, "traits") else ()
