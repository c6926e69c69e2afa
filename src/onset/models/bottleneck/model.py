"""Many small networks with one narrow layer, as one model with an axis of instances.

Tied, an instance is the ReLU output model of Elhage et al. 2022 (arXiv:2209.10652), x' = ReLU(WᵀW x + b);
untied, with ReLU on the hidden layer, their model of computation in superposition. An instance sees its
own entries of the inputs and is asked its own entries of the targets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Parameters, VectorBatch
from onset.models.bottleneck.settings import Settings, shapes

_ACTIVATIONS = {"relu": torch.relu, "none": lambda x: x}


def build(settings: Settings, d_in: int, d_out: int) -> Bottleneck:
    return Bottleneck(settings, d_in, d_out)


@dataclass(frozen=True)
class Bottleneck:
    """The functions of one architecture; parameters are passed to each of them."""

    settings: Settings
    d_in: int
    d_out: int

    @property
    def n_instances(self) -> int:
        return self.d_in // self.settings.n_inputs

    @property
    def constants(self) -> frozenset[str]:
        """None: everything is trained."""
        return frozenset()

    @property
    def decaying(self) -> frozenset[str]:
        """What reads in and what reads out, not the biases."""
        its = shapes(self.settings, self.d_in, self.d_out)
        return frozenset(name for name in its if name.endswith("weight"))

    def initial_parameters(self, seed: int) -> Parameters:
        """Weights normal with variance 2 / (n_in + n_out), by Glorot and Bengio 2010, scaled; biases 0."""
        generator = torch.Generator().manual_seed(seed)
        found: Parameters = {}
        for name, shape in shapes(self.settings, self.d_in, self.d_out).items():
            found[name] = torch.zeros(shape)
            if name.endswith("weight"):
                std = self.settings.weight_scale * math.sqrt(2 / (shape[1] + shape[2]))
                found[name].normal_(std=std, generator=generator)
        return found

    def loss(self, parameters: Mapping[str, Tensor], batch: VectorBatch) -> Float[Tensor, ""]:
        """The sum of all instances' losses: each is trained as it would be alone."""
        return self.losses(parameters, batch).sum()

    def losses(
        self, parameters: Mapping[str, Tensor], batch: VectorBatch
    ) -> Float[Tensor, " instances"]:
        """Σ_i I_i (y_i − x'_i)² of each instance, mean over examples; I_i are the batch's weights."""
        return self.errors(parameters, batch).sum(1)

    def errors(
        self, parameters: Mapping[str, Tensor], batch: VectorBatch
    ) -> Float[Tensor, "instances n_out"]:
        """I_i (y_i − x'_i)² of each entry of each instance's targets, mean over examples."""
        x = self.by_instance(batch.inputs)
        y = x if batch.targets is batch.inputs else self.by_instance(batch.targets)
        squares = (self.outputs(parameters, x) - y).square().mean(2)
        if batch.weights is None:
            return squares
        return squares * batch.weights.view(self.n_instances, -1)

    def outputs(
        self, parameters: Mapping[str, Tensor], x: Float[Tensor, "instances n_in examples"]
    ) -> Float[Tensor, "instances n_out examples"]:
        """What each instance says to its entries of the inputs."""
        hidden = self.hidden(parameters, x)
        back = parameters.get("decode.weight")
        if back is None:
            back = parameters["encode.weight"].transpose(1, 2)
        said = torch.baddbmm(parameters["decode.bias"], back, hidden)
        return _ACTIVATIONS[self.settings.output_activation](said)

    def hidden(
        self, parameters: Mapping[str, Tensor], x: Float[Tensor, "instances n_in examples"]
    ) -> Float[Tensor, "instances d_hidden examples"]:
        """The narrow layer, after its activation."""
        weight, bias = parameters["encode.weight"], parameters.get("encode.bias")
        hidden = torch.bmm(weight, x) if bias is None else torch.baddbmm(bias, weight, x)
        return _ACTIVATIONS[self.settings.hidden_activation](hidden)

    def by_instance(
        self, vectors: Float[Tensor, "examples entries"]
    ) -> Float[Tensor, "instances own examples"]:
        """Each instance's own entries. Examples come last: the narrow products are three times as fast."""
        return vectors.view(len(vectors), self.n_instances, -1).permute(1, 2, 0).contiguous()
