"""One update of the parameters: schedule, slow gradients, clipping, AdamW, what stays frozen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from onset.training.settings import TrainingSettings
from onset.training.trainable import Trainable

_AVERAGE = "gradient_average"  # beside AdamW's moments


class Updater:
    """AdamW with a schedule and clipped gradients; weight decay leaves vectors (biases, norms) alone."""

    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        settings: TrainingSettings,
        moments: Mapping[str, Mapping[str, Tensor]] | None = None,
        new_tokens: Sequence[int] = (),
        constants: Collection[str] = (),
        members: bool = False,
    ) -> None:
        """Parameters are updated in place.

        Args:
            parameters: by name.
            settings: of the optimiser.
            moments: those of an earlier updater, to go on from.
            new_tokens: rows that a training may be confined to.
            constants: parameters that are never trained.
            members: parameters are those of a population, a member per row: each is clipped by itself.
        """
        self._settings, self._members = settings, members
        self._trainable = Trainable(parameters, settings.trainable, new_tokens, constants, members)
        self._parameters = {name: parameters[name] for name in self._trainable.names}
        trained = [p.requires_grad_() for p in self._parameters.values()]
        decay = {True: settings.weight_decay, False: 0.0}
        groups = [
            {"params": its, "weight_decay": decay[matrix]}
            for matrix in decay
            if (its := [p for p in trained if (p.ndim > 1 + members) == matrix])
        ]
        self._optimiser = torch.optim.AdamW(
            groups, lr=settings.learning_rate, betas=settings.betas, fused=True
        )
        self._averages: dict[str, Tensor] = {}
        for name, its in (moments or {}).items():
            kept = {kind: moment.clone() for kind, moment in its.items()}
            if _AVERAGE in kept:
                self._averages[name] = kept.pop(_AVERAGE)
            self._optimiser.state[self._parameters[name]] = kept

    def hold(self, entries: Mapping[str, Tensor]) -> None:
        """Update these entries no more: masks by parameters' names."""
        its = {name: mask for name, mask in entries.items() if name in self._parameters}
        self._trainable.hold(its, self._parameters)

    def step(self, loss: Float[Tensor, ""], step: int) -> tuple[float, Float[Tensor, "*members"]]:
        """Update number `step` (from 0): learning rate, and gradient norm before clipping."""
        self._optimiser.zero_grad()
        loss.backward()
        self._trainable.mask_gradients(self._parameters)
        self._add_slow_gradients()
        norm = self._clip(self._settings.gradient_clip)
        rate = self._settings.learning_rate_at(step)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.step()
        self._trainable.restore(self._parameters)
        return rate, norm

    def _clip(self, largest: float | None) -> Float[Tensor, "*members"]:
        """Scale gradients down to a norm of at most `largest`, if there is one; the norm that they had."""
        gradients = [p.grad for p in self._parameters.values() if p.grad is not None]
        if not self._members:
            norm = torch.nn.utils.get_total_norm(gradients)
            if largest:
                torch.nn.utils.clip_grads_with_norm_(self._parameters.values(), largest, norm)
            return norm
        norm = torch.stack([g.flatten(1).norm(dim=1) for g in gradients]).norm(dim=0)
        if largest:
            scale = (largest / (norm + 1e-6)).clamp(max=1.0)  # as PyTorch's clip_grad_norm_
            for gradient in gradients:
                gradient.mul_(scale.view(-1, *[1] * (gradient.ndim - 1)))
        return norm

    def _add_slow_gradients(self) -> None:
        slow = self._settings.slow_gradients
        if slow is None:
            return
        for name, parameter in self._parameters.items():
            if parameter.grad is None:
                continue
            average = self._averages.setdefault(name, parameter.grad.clone())
            average.lerp_(parameter.grad, 1 - slow.alpha)
            parameter.grad.add_(average, alpha=slow.lamb)

    def moments(self) -> dict[str, dict[str, Tensor]]:
        """AdamW's state per parameter, and the gradients' average where there is one, live."""
        moments = {
            name: dict(self._optimiser.state[p])
            for name, p in self._parameters.items()
            if p in self._optimiser.state
        }
        for name, average in self._averages.items():
            moments[name][_AVERAGE] = average
        return moments
