"""The networks' settings. Separate from the model, so that reading config needs no torch."""

from __future__ import annotations

from typing import Literal

from onset.settings import PositiveFloat, PositiveInt
from onset.settings import Settings as BaseSettings

Activation = Literal["relu", "none"]


class Settings(BaseSettings):
    """The ReLU output model of Elhage et al. 2022 (arXiv:2209.10652), and what it is compared with."""

    name: Literal["bottleneck"]
    n_inputs: PositiveInt
    """entries of the inputs that each instance has to itself; this determines the number of instances"""
    d_hidden: PositiveInt
    """dimensions, or neurons, of the narrow layer"""
    tied: bool = True
    """what reads out is the transpose of what reads in, and the hidden layer has no biases"""
    hidden_activation: Activation = "none"
    output_activation: Activation = "relu"
    weight_scale: PositiveFloat = 1.0
    """initial size of the weights; 1: as in Glorot and Bengio 2010"""


def shapes(settings: Settings, d_in: int, d_out: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all parameters; the first axis is that of instances."""
    n, d = d_in // settings.n_inputs, settings.d_hidden
    found: dict[str, tuple[int, ...]] = {"encode.weight": (n, d, settings.n_inputs)}
    if not settings.tied:
        found |= {"encode.bias": (n, d, 1), "decode.weight": (n, d_out // n, d)}
    return found | {"decode.bias": (n, d_out // n, 1)}
