"""The network's settings. Separate from the model, so that reading config needs no torch."""

from __future__ import annotations

from typing import Literal

from onset.settings import PositiveFloat, PositiveInt
from onset.settings import Settings as BaseSettings


class Settings(BaseSettings):
    """A multi-layer perceptron on one-hot codes of the tokens of a sequence."""

    name: Literal["mlp"]
    n_hidden: PositiveInt = 1
    """layers of neurons; with the readout, one more layer of weights"""
    width: PositiveInt = 128
    """neurons of each"""
    activation: Literal["relu", "gelu"] = "relu"
    places: Literal["own", "alike"] = "own"
    """whether a token is read by other weights at every place, or by the same (places then don't count)"""
    weight_scale: PositiveFloat = 1.0
    """initial size of the weights; 1: what a layer reads has, in the mean, the size of what it gives"""


def shapes(settings: Settings, n_tokens: int, length: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all parameters, for so many tokens and so long sequences.

    Row t of `tok_embed.weight` is what neurons read of token t: at the first place, at the second, ...
    """
    s = settings
    places = length if s.places == "own" else 1
    found: dict[str, tuple[int, ...]] = {"tok_embed.weight": (n_tokens, places * s.width)}
    found["hidden_0.bias"] = (s.width,)
    for i in range(1, s.n_hidden):
        found |= {f"hidden_{i}.weight": (s.width, s.width), f"hidden_{i}.bias": (s.width,)}
    return found | {"head.weight": (n_tokens, s.width)}


def hidden(settings: Settings, n_tokens: int, length: int) -> frozenset[str]:
    """Names of the matrices between embedding and readout."""
    names = shapes(settings, n_tokens, length)
    return frozenset(n for n in names if n.startswith("hidden_") and n.endswith("weight"))
