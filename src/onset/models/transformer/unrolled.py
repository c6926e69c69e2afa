"""A model that applies its blocks several times as one with a block for each application."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings


def unrolled(
    model: Transformer, parameters: Mapping[str, Tensor]
) -> tuple[Transformer, Parameters]:
    """The same functions of tokens, with parameters of its own for each block application.

    So something can be changed in one application and not in the others. Tensors are shared, not copied.
    Questions are read out after all applications; `model.depth` says after how many they were meant to be.
    """
    s = model.settings
    given = [
        {**its.model_dump(), "layer": its.layer + loop * s.n_layers}
        for loop in range(s.n_loops)
        for its in s.given_attention
    ]
    changes = {"n_layers": s.n_applications, "n_loops": 1, "readout": "last"}
    settings = Settings.model_validate({**s.model_dump(), **changes, "given_attention": given})
    found = {name: its for name, its in parameters.items() if not name.startswith("layers.")}
    for application in range(s.n_applications):
        source = f"layers.{application % s.n_layers}."
        found |= {
            f"layers.{application}.{name.removeprefix(source)}": its
            for name, its in parameters.items()
            if name.startswith(source)
        }
    return Transformer(settings, model.n_tokens, model.length), found
