"""A transformer to whose matrices low-rank adapters are added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from onset.models.adapted.settings import IN, OUT, Settings, hidden, shapes
from onset.models.batch import Parameters
from onset.models.transformer import model as transformer
from onset.models.transformer.model import Transformer

_OWN = 7_963  # adapters begin with other numbers than weights


def build(settings: Settings, n_tokens: int, length: int) -> Adapted:
    return Adapted(settings, n_tokens, length)


@dataclass(frozen=True)
class Adapted(Transformer):
    """Its functions take parameters with adapters, and parameters into which these have been merged."""

    settings: Settings

    @property
    def plain(self) -> Transformer:
        """The architecture without adapters, of which `merged` gives the parameters."""
        return transformer.build(self.settings.plain, self.n_tokens, self.length)

    def merged(self, parameters: Mapping[str, Tensor]) -> Parameters:
        """The same function without adapters."""
        found = {
            name: its
            for name, its in parameters.items()
            if not name.endswith((f".{IN}", f".{OUT}"))
        }
        return found | dict(self._summed(parameters))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        return shapes(self.settings, self.n_tokens, self.length)

    @property
    def hidden(self) -> frozenset[str]:
        return hidden(self.settings, self.n_tokens, self.length)

    def initial_parameters(self, seed: int) -> Parameters:
        """Weights as those of a transformer without adapters has with this seed, and adapters that do
        nothing yet."""
        found = self.plain.initial_parameters(seed)
        rng = np.random.Generator(np.random.Philox(key=[seed, _OWN]))
        for name, shape in self.shapes().items():
            if name.endswith(f".{IN}"):
                drawn = rng.standard_normal(shape) / np.sqrt(shape[1])
                found[name] = torch.from_numpy(drawn.astype(np.float32))
            elif name.endswith(f".{OUT}"):
                found[name] = torch.zeros(shape)
        return found

    def _block(self, parameters: Mapping[str, Tensor], application: int) -> dict[str, Tensor]:
        its = super()._block(parameters, application)
        return its | dict(self._summed(its))

    def _summed(self, parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The matrices that have an adapter, with it."""
        scale = self.settings.adapter.scale
        return {
            f"{module}.weight": parameters[f"{module}.weight"]
            + scale * (its @ parameters[f"{module}.{IN}"])
            for name, its in parameters.items()
            if name.endswith(f".{OUT}")
            for module in [name.removesuffix(f".{OUT}")]
        }
