"""The networks' settings. Apart from the model, so that reading config needs no torch."""

from __future__ import annotations

from typing import Literal

from onset.settings import PositiveInt
from onset.settings import Settings as BaseSettings

TAKES = "vectors"
"""the kind of world"""

Activation = Literal["relu", "none"]


class Settings(BaseSettings):
    """The ReLU output model of Elhage et al. 2022 (arXiv:2209.10652), and what they compare it with."""

    name: Literal["bottleneck"]
    n_instances: PositiveInt = 1
    """networks side by side; each has as many entries of inputs and targets to itself"""
    d_hidden: PositiveInt
    """dimensions, or neurons, of the narrow layer"""
    tied: bool = True
    """what reads out is the transpose of what reads in, and the hidden layer has no biases"""
    hidden_activation: Activation = "none"
    output_activation: Activation = "relu"


def problems(settings: Settings, d_in: int, d_out: int) -> list[str]:
    """What makes these settings unfit for vectors of so many entries."""
    n = settings.n_instances
    if d_in % n or d_out % n:
        return [
            f"n_instances ({n}) must divide the entries of inputs ({d_in}) and targets ({d_out})"
        ]
    if settings.tied and d_in != d_out:
        return [
            f"tied weights give back as many entries as there are: {d_in // n}, not {d_out // n}"
        ]
    return []


def shapes(settings: Settings, d_in: int, d_out: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all parameters; the first axis is that of instances."""
    n, d = settings.n_instances, settings.d_hidden
    found: dict[str, tuple[int, ...]] = {"encode.weight": (n, d, d_in // n)}
    if not settings.tied:
        found |= {"encode.bias": (n, 1, d), "decode.weight": (n, d_out // n, d)}
    return found | {"decode.bias": (n, 1, d_out // n)}
