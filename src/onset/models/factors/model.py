"""Products of factors, as one model of many small networks.

A network reads a place of the inputs and passes it on through k matrices, f(x) = W_k ⋯ W_1 x. The gradient
of each factor is proportional to the product of the others (Jermyn and Shlegeris 2022, "Multi-Component
Learning and S-Curves"; Saxe et al. 2014, arXiv:1312.6120, of deep linear networks). Step by step it becomes
like a block of a transformer: with a ReLU between factors, with attention that learns which place to read,
with a norm in front of each factor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Parameters, VectorBatch
from onset.models.factors.settings import Settings, shapes


def build(settings: Settings, d_in: int, d_out: int) -> Factors:
    return Factors(settings, d_in, d_out)


@dataclass(frozen=True)
class Factors:
    """The functions of one architecture; parameters are passed to each of them."""

    settings: Settings
    d_in: int
    d_out: int

    @property
    def constants(self) -> frozenset[str]:
        """None: everything is trained."""
        return frozenset()

    @property
    def decaying(self) -> frozenset[str]:
        """There are only weights."""
        return frozenset(shapes(self.settings, self.d_in, self.d_out))

    def initial_parameters(self, seed: int) -> Parameters:
        """Each factor of its network's scale, those that are given as a right solution has them."""
        its, generator = self.settings, torch.Generator().manual_seed(seed)
        scales = torch.tensor(its.scales).repeat_interleave(its.restarts)
        found: Parameters = {}
        for name, shape in shapes(its, self.d_in, self.d_out).items():
            drawn = torch.randn(shape, generator=generator) / math.sqrt(shape[-1])
            if its.start == "alike":
                drawn = self._alike(shape)
            found[name] = drawn * scales.view(-1, *[1] * (len(shape) - 1))
        for k in its.factors:
            for i in range(max(1, k - its.given), k):
                right = self._right(k, i)
                found[f"of_{k}.factor_{i}.weight"] = right.repeat(its.of_each(), 1, 1)
        return found

    @staticmethod
    def _alike(shape: tuple[int, ...]) -> Tensor:
        """The identity as far as it goes: a query looks where the first key is."""
        if len(shape) == 2:
            return torch.eye(1, shape[1]).repeat(shape[0], 1)
        return torch.eye(*shape[1:]).repeat(shape[0], 1, 1)

    def _right(self, k: int, i: int) -> Float[Tensor, "rows columns"]:
        """Factor i of k of a network that passes everything on. The first is never given."""
        rows, columns = self.settings.sides(k, i)
        right = torch.eye(rows, columns)
        if i == k - 1 and self.settings.activation == "relu":
            n = self.settings.n_signs
            right[:, n : 2 * n] = -torch.eye(n)  # the negative parts, which the first has to keep
        return right

    def loss(self, parameters: Mapping[str, Tensor], batch: VectorBatch) -> Float[Tensor, ""]:
        """½ Σ_signs (y − f(x))², mean over examples, summed over networks: each is trained as if alone."""
        return 0.5 * self.d_out * self.losses(parameters, batch).sum()

    def losses(
        self, parameters: Mapping[str, Tensor], batch: VectorBatch
    ) -> Float[Tensor, " networks"]:
        """(y − f(x))² of each network, mean over examples and signs: 1 of one that says 0."""
        y = batch.targets.T
        x = batch.inputs.view(len(batch.inputs), -1, self.settings.n_signs).permute(1, 2, 0)
        said = [self.outputs(parameters, k, x) for k in self.settings.factors]
        return torch.cat([(its - y).square().mean((1, 2)) for its in said])

    def outputs(
        self, parameters: Mapping[str, Tensor], k: int, x: Float[Tensor, "places signs examples"]
    ) -> Float[Tensor, "networks signs examples"]:
        """What the networks with k factors say."""
        state = self.read(parameters, k, x)
        for i in range(k):
            if self.settings.norm:
                state = state * state.square().mean(-2, keepdim=True).add(1e-12).rsqrt()
            state = parameters[f"of_{k}.factor_{i}.weight"] @ state
            if self.settings.activation == "relu" and i < k - 1:
                state = state.relu()
        return state

    def read(
        self, parameters: Mapping[str, Tensor], k: int, x: Float[Tensor, "places signs examples"]
    ) -> Float[Tensor, "*networks signs examples"]:
        """What the first factor reads: the first place, or all by the attention that they are paid."""
        if not self.settings.attention:
            return x[0]
        query, keys = parameters[f"of_{k}.query.weight"], parameters[f"of_{k}.keys.weight"]
        scores = torch.bmm(keys, query[:, :, None])[..., 0] / math.sqrt(self.settings.d_head)
        return torch.einsum("np,pse->nse", scores.softmax(-1), x)
