"""What neurons are at each place, of a model whose block applications have been unrolled.

By the model's own forward pass: in TransformerLens the same takes several times as long, and there are
hundreds of models at a dozen checkpoints each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.collections.neurons.shown import Shown
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.models.transformer.unrolled import unrolled

_EPS = 1e-5  # of layer norms


@dataclass(frozen=True, eq=False)
class Opened:
    """A checkpoint, and what it is shown. A layer is a block application."""

    model: Transformer
    parameters: Parameters
    seen: Shown

    @classmethod
    def of(cls, model: Transformer, parameters: Mapping[str, Tensor], seen: Shown) -> Opened:
        return cls(*unrolled(model, parameters), seen)

    @property
    def n_layers(self) -> int:
        """Those that some sequence is answered after."""
        return min(self.model.settings.n_layers, max(its.depth for its in self.seen.groups))

    def neurons(self, layer: int) -> list[Float[Tensor, "sequences length neurons"]]:
        """After their activation, at all positions of those groups that are answered later."""
        found = []
        for its in self.seen.groups:
            if its.depth > layer:
                flat = self.model.neurons(self.parameters, its.everywhere, layer)
                found.append(flat.unflatten(0, its.tokens.shape))
        return found

    def at_places(
        self, values: list[Float[Tensor, "_sequences _length neurons"]], layer: int
    ) -> Float[Tensor, "places neurons"]:
        """The same at the layer's places. Groups that are left out are the last ones."""
        flat = torch.cat([its.flatten(0, 1) for its in values])
        return flat[torch.from_numpy(self.seen.flat[self.seen.of_layer(layer)]).to(flat.device)]

    def into(self, layer: int) -> Float[Tensor, "neurons d_model"]:
        """What each neuron reads."""
        return self.parameters[f"layers.{layer}.mlp.fc_in.weight"]

    def out_of(self, layer: int) -> Float[Tensor, "d_model neurons"]:
        """What each neuron writes when it is 1."""
        return self.parameters[f"layers.{layer}.mlp.fc_out.weight"]

    def in_random_directions(self, layer: int, seed: int) -> Opened:
        """The null: each neuron of a layer reads a random direction, as long as its own was.

        What the layer is given, its biases and its activation are those of the model. NumPy draws them:
        torch's numbers of this seed are those that the model's embeddings began with.
        """
        own = self.into(layer)
        rng = np.random.Generator(np.random.Philox(seed))
        drawn = torch.from_numpy(rng.standard_normal(own.shape)).to(own)
        drawn *= own.norm(dim=1, keepdim=True) / drawn.norm(dim=1, keepdim=True)
        changed = {**self.parameters, f"layers.{layer}.mlp.fc_in.weight": drawn}
        return Opened(self.model, changed, self.seen)

    @cached_property
    def streams(self) -> list[Float[Tensor, "applications_and_one sequences length d_model"]]:
        """Of each group, the residual stream before the first block application and after each."""
        device = self.parameters["tok_embed.weight"].device
        return [
            self.model.residual_stream(self.parameters, torch.from_numpy(its.tokens).to(device))
            for its in self.seen.groups
        ]

    @cached_property
    def scales(self) -> list[Float[Tensor, "sequences length"]]:
        """Of each group, what the final norm divides by; 1 in a model without."""
        final = [its[g.depth] for its, g in zip(self.streams, self.seen.groups, strict=True)]
        if self.model.settings.norm == "none":
            return [torch.ones_like(its[..., 0]) for its in final]
        return [(its.var(-1, correction=0) + _EPS).sqrt() for its in final]
