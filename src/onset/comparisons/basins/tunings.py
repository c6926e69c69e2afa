"""Neurons of modular addition as waves over both numbers: which frequency each has, and at which phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.fourier import spectrum
from onset.measures.fourier.fourier_neurons import shares_of_frequencies

_TUNED = 0.3
"""share of a neuron's variance that its frequency has at least, for it to count as that frequency's"""


@dataclass(frozen=True, eq=False)
class Tunings:
    """Of the neurons of one model."""

    values: Float[Tensor, "pairs neurons"]
    """over all pairs, less their mean and of norm one; 0 where a neuron is constant"""
    frequency: Int[Tensor, " neurons"]
    """that a neuron is most made of; 0: of none"""
    phases: Float[Tensor, "2 neurons"]
    """at which angle the wave over a, and that over b, has its maximum"""

    @classmethod
    def of(cls, neurons: Float[Tensor, "pairs neurons"]) -> Tunings:
        """Of what neurons are, for all pairs."""
        p = round(len(neurons) ** 0.5)
        table = neurons.view(p, p, -1)
        best, which = shares_of_frequencies(table).max(0)
        frequency = torch.where(best > _TUNED, which + 1, 0)
        away = neurons - neurons.mean(0)
        values = away / away.norm(dim=0).clamp(min=1e-9)
        waves = spectrum.waves(p)[which]  # neurons 2 p
        of_numbers = torch.stack([table.mean(1), table.mean(0)])  # 2 p neurons
        parts = torch.einsum("ncp,xpn->xcn", waves, of_numbers)
        return cls(values, frequency, torch.atan2(parts[:, 1], parts[:, 0]))

    def moved(self, order: Int[np.ndarray, " neurons"]) -> Tunings:
        """With these neurons in the places 0, 1, …"""
        its = torch.from_numpy(order)
        return Tunings(self.values[:, its], self.frequency[its], self.phases[:, its])

    def shares(self, n: int) -> Float[Tensor, " frequencies"]:
        """Of the neurons that have a frequency, how many have each, of n."""
        counts = torch.bincount(self.frequency, minlength=n + 1)[1:].double()
        return counts / counts.sum().clamp(min=1)


def within_frequency(theirs: Tunings, rng: np.random.Generator) -> Int[np.ndarray, " neurons"]:
    """Another order, in which each place keeps a neuron of the frequency that it has."""
    frequency = theirs.frequency.numpy()
    order = np.arange(len(frequency))
    for each in np.unique(frequency):
        places = np.flatnonzero(frequency == each)
        order[places] = rng.permutation(places)
    return order


def alike(one: Tunings, other: Tunings) -> dict[str, float]:
    """Of the neurons in the same places of two models: how many have the same frequency, the mean cosine of
    their tunings, and, of those with the same frequency, the mean cosine of the angle between phases."""
    same = (one.frequency == other.frequency) & (one.frequency > 0)
    turned = (one.phases - other.phases).cos()
    return {
        "same_frequency": same.double().mean().item(),
        "tuning": (one.values * other.values).sum(0).mean().item(),
        "phase": turned[:, same].mean().item() if same.any() else float("nan"),
    }
