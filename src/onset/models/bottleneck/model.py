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
    def constants(self) -> frozenset[str]:
        """None: everything is trained."""
        return frozenset()

    def initial_parameters(self, seed: int) -> Parameters:
        """Weights normal with variance 2 / (n_in + n_out), by Glorot and Bengio 2010; biases 0."""
        generator = torch.Generator().manual_seed(seed)
        found: Parameters = {}
        for name, shape in shapes(self.settings, self.d_in, self.d_out).items():
            found[name] = torch.zeros(shape)
            if name.endswith("weight"):
                std = math.sqrt(2 / (shape[1] + shape[2]))
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
        error = self.outputs(parameters, batch.inputs) - self.by_instance(batch.targets)
        squares = error.square().mean(1)
        if batch.weights is None:
            return squares
        return squares * batch.weights.view(self.settings.n_instances, -1)

    def outputs(
        self, parameters: Mapping[str, Tensor], inputs: Float[Tensor, "examples d_in"]
    ) -> Float[Tensor, "instances examples n_out"]:
        """What each instance says to its entries of the inputs."""
        hidden = self.hidden(parameters, inputs)
        decode = parameters.get("decode.weight")
        back = parameters["encode.weight"] if decode is None else decode.transpose(1, 2)
        said = torch.baddbmm(parameters["decode.bias"], hidden, back)
        return _ACTIVATIONS[self.settings.output_activation](said)

    def hidden(
        self, parameters: Mapping[str, Tensor], inputs: Float[Tensor, "examples d_in"]
    ) -> Float[Tensor, "instances examples d_hidden"]:
        """The narrow layer, after its activation."""
        there, x = parameters["encode.weight"].transpose(1, 2), self.by_instance(inputs)
        bias = parameters.get("encode.bias")
        hidden = torch.bmm(x, there) if bias is None else torch.baddbmm(bias, x, there)
        return _ACTIVATIONS[self.settings.hidden_activation](hidden)

    def by_instance(
        self, vectors: Float[Tensor, "examples entries"]
    ) -> Float[Tensor, "instances examples own"]:
        """Each instance's own entries."""
        return vectors.view(len(vectors), self.settings.n_instances, -1).transpose(0, 1)
