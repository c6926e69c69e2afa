"""One update of the parameters: schedule, slow gradients, clipping, optimiser, frozen entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import AnyModel
from onset.training.buffer import Buffer
from onset.training.optimisers import OPTIMISERS, AdamW, Group, Moments, Muon
from onset.training.settings import TrainingSettings
from onset.training.trainable import Trainable

_AVERAGE = "gradient_average"  # next to the optimiser's moments


class Updater:
    """An optimiser with a schedule and clipped gradients; the model's family says what decays."""

    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        model: AnyModel,
        settings: TrainingSettings,
        moments: Mapping[str, Moments] | None = None,
        new_tokens: Sequence[int] = (),
        members: bool = False,
    ) -> None:
        """Parameters are updated in place.

        Args:
            parameters: by name.
            model: whose they are; it says what is never trained, what decays, and whether it is several.
            settings: of the optimiser.
            moments: those of an earlier updater, to resume from.
            new_tokens: rows that a training may be confined to.
            members: parameters are those of a population, a member per row: each is clipped by itself.

        Raises:
            ValueError: what is to be trained, or for Muon to update, isn't there.
        """
        self._settings, self._members = settings, members
        self._instances = getattr(model, "n_instances", None) is not None
        self._trainable = Trainable(
            parameters, settings.trainable, new_tokens, model.constants, members
        )
        self._parameters = {name: parameters[name] for name in self._trainable.names}
        for parameter in self._parameters.values():
            parameter.requires_grad_()
        self._decaying, self._kinds = model.decaying, self._kinds_of(model)
        self._waiting = set(self._parameters)
        """that had no gradient so far: no loss depends on them, so they aren't updated and don't decay"""
        self._groups: list[Group] = []
        self._averages: dict[str, Tensor] = {}
        begun: dict[float, dict[str, Moments]] = {}
        for name, its in (moments or {}).items():
            kept = {kind: moment.clone() for kind, moment in its.items()}
            if _AVERAGE in kept:
                self._averages[name] = kept.pop(_AVERAGE)
            begun.setdefault(kept["step"].item(), {})[name] = kept
        for its_moments in begun.values():
            self._begin(its_moments)

    def _kinds_of(self, model: AnyModel) -> dict[str, type[Group]]:
        """What updates each parameter: Muon only matrices between embedding and readout."""
        kind = OPTIMISERS[self._settings.optimiser]
        if kind is not Muon:
            return dict.fromkeys(self._parameters, kind)
        hidden = getattr(model, "hidden", frozenset()) & self._parameters.keys()
        if not hidden:
            raise ValueError("optimiser: no matrix that muon would update is trained")
        return {name: Muon if name in hidden else AdamW for name in self._parameters}

    def _begin(self, moments: Mapping[str, Moments]) -> None:
        """Update some parameters from now on, all for the same number of times so far.

        Args:
            moments: by the parameters' names; empty, if they haven't been updated yet.
        """
        self._waiting -= moments.keys()
        for kind in dict.fromkeys(self._kinds.values()):
            for decays in (True, False):
                its = {
                    name: parameter
                    for name, parameter in self._parameters.items()
                    if name in moments
                    and self._kinds[name] is kind
                    and (name in self._decaying) == decays
                }
                if its:
                    of_its = {name: moments[name] for name in its}
                    group = kind(Buffer(its), self._settings, decays, of_its, self._members)
                    self._groups.append(group)

    def hold(self, entries: Mapping[str, Tensor]) -> None:
        """Update these entries no more: masks by parameters' names."""
        its = {name: mask for name, mask in entries.items() if name in self._parameters}
        self._trainable.hold(its, self._parameters)
        for name, mask in self.held.items():
            if name in self._averages:
                self._averages[name].masked_fill_(mask, 0.0)

    @property
    def held(self) -> Mapping[str, Tensor]:
        """Masks of the entries that are updated no more, by parameters' names."""
        return self._trainable.held

    def step(self, loss: Float[Tensor, ""], step: int) -> tuple[float, Float[Tensor, "*members"]]:
        """Update number `step` (from 0): learning rate, and gradient norm before clipping."""
        for group in self._groups:
            group.buffer.gradients.zero_()
        loss.backward()
        if new := [name for name in self._waiting if self._parameters[name].grad is not None]:
            self._begin({name: {} for name in new})
        self._trainable.mask_gradients(self._parameters)
        self._add_slow_gradients()
        norm = self._clip(self._settings.gradient_clip)
        rate = self._settings.learning_rate_at(step)
        for group in self._groups:
            group.step(rate)
        self.restore()
        return rate, norm

    def restore(self) -> None:
        """Give what is frozen or held its bits back, whatever has changed it."""
        self._trainable.restore(self._parameters)

    def _clip(self, largest: float | None) -> Float[Tensor, "*members"]:
        """Scale gradients down to a norm of at most `largest`, if there is one; the norm that they had.

        Members of a population, and instances in a model, have nothing to do with each other: each is
        scaled by its own norm.
        """
        gradients = [p.grad for p in self._parameters.values() if p.grad is not None]
        if self._members:
            norm = _norms_of_rows(gradients)
        else:
            whole = [group.buffer.gradients for group in self._groups]
            norm = torch.nn.utils.get_total_norm(whole)
        if largest and (self._members or self._instances):
            scale = largest / (_norms_of_rows(gradients) + 1e-6)  # as PyTorch's clip_grad_norm_
            for gradient in gradients:
                its = scale.clamp(max=1.0).view(-1, *[1] * (gradient.ndim - 1))
                gradient.mul_(its)
        elif largest:
            whole = [group.buffer.values for group in self._groups]
            torch.nn.utils.clip_grads_with_norm_(whole, largest, norm)
        return norm

    def _add_slow_gradients(self) -> None:
        slow = self._settings.slow_gradients
        if slow is None:
            return
        for name, parameter in self._parameters.items():
            if parameter.grad is None:
                continue
            if name not in self._averages:
                self._averages[name] = parameter.grad.clone()
            average = self._averages[name]
            average.lerp_(parameter.grad, 1 - slow.alpha)
            parameter.grad.add_(average, alpha=slow.lamb)

    def moments(self) -> dict[str, dict[str, Tensor]]:
        """The optimiser's state per parameter, and the gradients' average where there is one, live."""
        moments = {name: its for group in self._groups for name, its in group.moments().items()}
        for name, average in self._averages.items():
            moments[name][_AVERAGE] = average
        return moments


def _norms_of_rows(gradients: Sequence[Tensor]) -> Float[Tensor, " rows"]:
    """Of all tensors together, for each place along their first axis."""
    return torch.stack([g.reshape(len(g), -1).norm(dim=1) for g in gradients]).norm(dim=0)
