"""Dictionaries of one kind and width and several degrees of sparsity, as one batched model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Parameters, VectorBatch
from onset.models.dictionary.activation import Latents, from_least, jump, least_of_all, top_of_each
from onset.models.dictionary.settings import Settings

Inputs = Float[Tensor, "examples dimensions"]


@dataclass(frozen=True)
class Dictionary:
    """x̂ = f(x) D + b with f(x) = σ((x − b) E + e) and directions D of unit norm."""

    settings: Settings
    n_dimensions: int

    @property
    def constants(self) -> frozenset[str]:
        """None: everything is trained."""
        return frozenset()

    @property
    def decaying(self) -> frozenset[str]:
        """Encoder and directions, not the biases and thresholds."""
        return frozenset({"encoder.weight", "decoder.weight"})

    @property
    def n_instances(self) -> int:
        return len(self.settings.sparsities)

    def initial_parameters(self, seed: int) -> Parameters:
        """Random directions, other ones for each dictionary, and the encoder their transpose."""
        s = self.settings
        generator = torch.Generator().manual_seed(seed)
        shape = len(s.sparsities), s.n_latents, self.n_dimensions
        directions = F.normalize(torch.randn(shape, generator=generator), dim=-1)
        found = {
            "decoder.weight": directions,
            "decoder.bias": torch.zeros(len(s.sparsities), self.n_dimensions),
            "encoder.weight": directions.mT.clone(),
            "encoder.bias": torch.zeros(len(s.sparsities), s.n_latents),
        }
        if s.kind == "jump_relu":
            at = torch.full((len(s.sparsities), s.n_latents), s.initial_threshold)
            found["log_threshold"] = at.log()
        if s.of_batch:
            found["threshold"] = torch.zeros(len(s.sparsities))
        return found

    def directions(
        self, parameters: Mapping[str, Tensor]
    ) -> Float[Tensor, "dictionaries latents dimensions"]:
        """Of unit norm wherever they are used: the gradient along them vanishes, as the papers have it."""
        return F.normalize(parameters["decoder.weight"], dim=-1)

    def latents(self, parameters: Mapping[str, Tensor], x: Inputs) -> Latents:
        """Activations. Those of `batch_topk` and `matryoshka` reach the threshold that batches had in
        training, and so depend on no other example (Bussmann et al. 2024, equation 5)."""
        encoded = self._encoded(parameters, x)
        return self._active(encoded, parameters, parameters.get("threshold"))[0]

    def reconstructed(
        self, parameters: Mapping[str, Tensor], latents: Latents
    ) -> Float[Tensor, "dictionaries examples dimensions"]:
        """What latents stand for."""
        return latents @ self.directions(parameters) + parameters["decoder.bias"][:, None]

    def loss(self, parameters: Mapping[str, Tensor], batch: VectorBatch) -> Float[Tensor, ""]:
        """Sum over the dictionaries; none of them has to do with another."""
        return self.losses(parameters, batch.inputs).sum()

    def losses(self, parameters: Mapping[str, Tensor], x: Inputs) -> Float[Tensor, " dictionaries"]:
        """Squared error per example, summed over dimensions (of a matryoshka the mean over its prefixes'
        errors), what sparsity costs, and a share of the error of what silent latents make of the rest."""
        s = self.settings
        encoded = self._encoded(parameters, x)
        least = least_of_all(encoded, s.ks) if s.of_batch else None
        latents, cost = self._active(encoded, parameters, least)
        directions, written = self.directions(parameters), parameters["decoder.bias"][:, None]
        errors, start = [], 0
        for end in s.prefixes:
            written = written + latents[..., start:end] @ directions[:, start:end]
            errors.append((x - written).square().sum(-1).mean(-1))
            start = end
        loss = torch.stack(errors).mean(0)
        if cost is not None:
            loss = loss + torch.tensor(s.sparsities, device=x.device) * cost.sum(-1).mean(-1)
        if least is not None:
            # All that trains the threshold: it follows that of the batches.
            loss = loss + (parameters["threshold"] - least).square()
        if s.revival:
            silent = ~(latents > 0).any(1, keepdim=True)
            guessed = (encoded.relu() * silent) @ directions
            left = (x - written).detach()
            loss = loss + s.revival * (left - guessed).square().sum(-1).mean(-1)
        return loss

    def _encoded(self, parameters: Mapping[str, Tensor], x: Inputs) -> Latents:
        """Before the activation."""
        p = parameters
        return (x - p["decoder.bias"][:, None]) @ p["encoder.weight"] + p["encoder.bias"][:, None]

    def _active(
        self, encoded: Latents, parameters: Mapping[str, Tensor], least: Tensor | None
    ) -> tuple[Latents, Latents | None]:
        """Activations (of kinds chosen from a batch, those that reach `least`), and what is paid for."""
        s = self.settings
        if s.kind == "l1":
            active = encoded.relu()
            return active, active
        if s.kind == "jump_relu":
            return jump(encoded, parameters["log_threshold"].exp()[:, None], s.bandwidth)
        if least is not None:
            return from_least(encoded, least), None
        return top_of_each(encoded, s.ks), None


def build(settings: Settings, d_in: int, d_out: int) -> Dictionary:
    """A model for inputs of `d_in` entries, which are its targets."""
    return Dictionary(settings, d_in)
