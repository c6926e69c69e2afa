"""The settings of transformers with adapters. Separate, so that reading config needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, Strict

from onset.models.transformer import settings as transformer
from onset.settings import Line, Once, PositiveFloat, PositiveInt, fits
from onset.settings import Settings as BaseSettings

IN, OUT = "adapter_in", "adapter_out"


class AdapterSettings(BaseSettings):
    """To the matrix W of a map is added scale × B A, with A (`adapter_in`, rank × inputs) random at first
    and B (`adapter_out`, outputs × rank) zero (Hu et al. 2021, arXiv:2106.09685)."""

    rank: PositiveInt
    scale: PositiveFloat = 1.0
    """α / rank in Hu et al."""
    parts: Annotated[tuple[Line, ...], Strict(False), Field(min_length=1), Once] = ("*",)
    """patterns of the names that a block's matrices have in it: `attn.q`, `mlp.*`"""


class Settings(transformer.Settings):
    """A transformer's, and of its adapters. To train these alone, let `training.trainable` name them:
    `{"*.adapter_*": all}`."""

    name: Literal["adapted"]  # type: ignore[assignment]
    adapter: AdapterSettings

    @property
    def plain(self) -> transformer.Settings:
        """Of the model without adapters."""
        told = self.model_dump(exclude={"name", "adapter"})
        return transformer.Settings(name="transformer", **told)


def adapters(
    settings: Settings, n_tokens: int, length: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of both halves of each adapter."""
    hidden = transformer.hidden(settings, n_tokens, length)
    for name, shape in transformer.shapes(settings, n_tokens, length).items():
        if name not in hidden:
            continue
        module = name.removesuffix(".weight")
        if fits(module.split(".", 2)[2], settings.adapter.parts):
            yield f"{module}.{IN}", (settings.adapter.rank, shape[1])
            yield f"{module}.{OUT}", (shape[0], settings.adapter.rank)


def shapes(settings: Settings, n_tokens: int, length: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all parameters, for so many tokens and so long sequences."""
    own = transformer.shapes(settings, n_tokens, length)
    return own | dict(adapters(settings, n_tokens, length))


def hidden(settings: Settings, n_tokens: int, length: int) -> frozenset[str]:
    """Names of the matrices between embedding and readout."""
    its = shapes(settings, n_tokens, length)
    return frozenset(n for n, shape in its.items() if n.startswith("layers.") and len(shape) > 1)
