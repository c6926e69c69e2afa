"""Neurons of a layer can change places (`onset.models.symmetries`)."""

from __future__ import annotations

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Questions
from onset.models.mlp.model import MLP
from onset.models.symmetries import Axis, Read, Symmetry


def symmetries(model: MLP) -> list[Symmetry]:
    """One for each layer of neurons."""
    n = model.settings.n_hidden
    found = []
    for i, read in enumerate(repaired(model)):
        reader = Axis("head.weight" if i == n - 1 else f"hidden_{i + 1}.weight", 1)
        axes = (*read.weights, Axis(read.bias, 0), reader)
        found.append(Symmetry(f"neurons_{i}", model.settings.width, 1, False, (axes,)))
    return found


def repaired(model: MLP) -> list[Read]:
    """What each layer reads with."""
    places = model.length if model.settings.places == "own" else 1
    first = Read((Axis("tok_embed.weight", 1, places),), "hidden_0.bias")
    later = range(1, model.settings.n_hidden)
    return [first, *(Read((Axis(f"hidden_{i}.weight", 0),), f"hidden_{i}.bias") for i in later)]


def readings(
    model: MLP, parameters: Mapping[str, Tensor], questions: Questions
) -> dict[str, list[Float[Tensor, "rows width"]]]:
    """What neurons are."""
    layers = range(model.settings.n_hidden)
    return {f"neurons_{i}": [model.neurons(parameters, questions, i)] for i in layers}


def before_activation(
    model: MLP, parameters: Mapping[str, Tensor], questions: Questions, layer: int
) -> Float[Tensor, "rows width"]:
    """What a layer's neurons are before their activation."""
    return model.before_activation(parameters, questions, layer)
