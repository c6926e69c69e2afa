"""What updates the parameters: PyTorch's optimisers, by the names that they have in a study's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.optim import Optimizer

from onset.training.buffer import Buffer
from onset.training.settings import TrainingSettings

Moments = Mapping[str, Tensor]
"""of a parameter: by their kind, and `step`, the number of its updates so far"""


class Group:
    """Parameters in one piece of memory that are updated together, all as many times so far.

    Attributes:
        buffer: where they lie.
    """

    kinds: ClassVar[tuple[str, ...]]
    """of the moments that there are of every entry, as PyTorch calls them"""
    _optimiser: Optimizer

    def __init__(
        self,
        buffer: Buffer,
        settings: TrainingSettings,
        decays: bool,
        moments: Mapping[str, Moments],
        members: bool = False,
    ) -> None:
        """Begin, or resume.

        Args:
            buffer: where the parameters lie, and their gradients.
            settings: of the training.
            decays: whether the parameters do.
            moments: by the parameters' names; those of parameters not updated yet are empty.
            members: the first axis of every parameter is that of a population's members.
        """
        self.buffer, self._settings, self._members = buffer, settings, members
        self._decay = settings.weight_decay if decays else 0.0
        first, *_ = moments.values()
        if first:
            self._step = first["step"]
            self._moments = {
                kind: buffer.joined({name: its[kind] for name, its in moments.items()})
                for kind in self.kinds
            }
        else:
            self._step = torch.zeros((), device=buffer.values.device)
            self._moments = {kind: torch.zeros_like(buffer.values) for kind in self.kinds}
        self._begin()

    def _begin(self) -> None:
        """Make PyTorch's optimiser, with these moments as its state."""
        raise NotImplementedError

    def step(self, rate: float) -> None:
        """Update the parameters by their gradients."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.step()

    def moments(self) -> dict[str, dict[str, Tensor]]:
        """By the parameters' names, live."""
        return {
            name: {
                "step": self._step,
                **{kind: self.buffer.part(its, name) for kind, its in self._moments.items()},
            }
            for name in self.buffer.names
        }


class AdamW(Group):
    """Loshchilov and Hutter 2019 (arXiv:1711.05101)."""

    kinds = ("exp_avg", "exp_avg_sq")

    def _begin(self) -> None:
        values, settings = self.buffer.values, self._settings
        self._optimiser = torch.optim.AdamW(
            [values],
            lr=settings.learning_rate,
            betas=settings.betas,
            weight_decay=self._decay,
            fused=True,
        )
        self._optimiser.state[values] = {"step": self._step, **self._moments}


class _Momentum(Group):
    """PyTorch's optimisers with one moment, which don't count their updates."""

    kinds = ("momentum_buffer",)

    def step(self, rate: float) -> None:
        super().step(rate)
        self._step += 1


class SGD(_Momentum):
    """Gradient descent with momentum, and weight decay decoupled from it (there, algorithm 1)."""

    def _begin(self) -> None:
        values, settings = self.buffer.values, self._settings
        self._optimiser = torch.optim.SGD(
            [values], lr=settings.learning_rate, momentum=settings.momentum or 0.0
        )
        self._optimiser.state[values] = dict(self._moments)

    def step(self, rate: float) -> None:
        if self._decay:
            self.buffer.values.mul_(1 - rate * self._decay)
        super().step(rate)


class Muon(_Momentum):
    """Jordan et al. 2024 (kellerjordan.github.io/posts/muon): the momentum of each matrix, made orthogonal.

    A factor of 0.2 √(the longer side) makes its steps as large as AdamW's (Liu et al. 2025,
    arXiv:2502.16982, equation 4): one rate and one decay do for matrices and for what AdamW updates.
    """

    def _begin(self) -> None:
        settings = self._settings
        of_matrices = [self._matrices(name) for name in self.buffer.names]
        matrices = [matrix for its in of_matrices for matrix, _ in its]
        self._optimiser = torch.optim.Muon(
            matrices,
            lr=settings.learning_rate,
            momentum=settings.momentum or 0.0,
            weight_decay=self._decay,
            adjust_lr_fn="match_rms_adamw",
        )
        for matrix, momentum in (its for found in of_matrices for its in found):
            self._optimiser.state[matrix] = {"momentum_buffer": momentum}

    def _matrices(self, name: str) -> list[tuple[Tensor, Tensor]]:
        """A parameter, or each member's, with its gradient; and its momentum."""
        values, gradients, momenta = (
            self.buffer.part(whole, name)
            for whole in (
                self.buffer.values,
                self.buffer.gradients,
                self._moments["momentum_buffer"],
            )
        )
        found = []
        for place in range(len(values)) if self._members else (...,):
            matrix = values[place]
            matrix.grad = gradients[place]
            found.append((matrix, momenta[place]))
        return found


OPTIMISERS: Mapping[str, type[Group]] = {"adamw": AdamW, "sgd": SGD, "muon": Muon}
