"""The training loop: any model family, any task, resumable at every checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Batch, Model
from onset.tasks.dataset import Dataset
from onset.training.batches import draw, questions_of
from onset.training.losses import loss_on
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState
from onset.training.trainable import Trainable

OnCheckpoint = Callable[[TrainingState], None]
OnStep = Callable[[int, float], None]

_AVERAGE = "gradient_average"  # beside AdamW's moments

_COLUMNS = ("step", "loss", "learning_rate", "gradient_norm")


def train(
    model: Model,
    dataset: Dataset,
    settings: TrainingSettings,
    checkpoint_steps: Collection[int],
    seed: int,
    start: TrainingState,
    on_checkpoint: OnCheckpoint,
    on_step: OnStep = lambda step, loss: None,
) -> TrainingState:
    """Train from `start` to the last step.

    Args:
        model: what is trained.
        dataset: the splits that the settings mix.
        settings: steps, batches, optimiser.
        checkpoint_steps: when to call `on_checkpoint`, with the state after that many updates.
        seed: of the data order.
        start: where to go on from; a fresh training starts at step 0 with the initial parameters.
        on_checkpoint: keeps the state; the tensors are the live ones, so it copies or writes them.
        on_step: told the number of updates done and the loss before the last of them.

    Returns:
        The state after the last step.

    Raises:
        FloatingPointError: the loss or the gradient is no longer a finite number.
        ValueError: what is to be trained isn't there.
    """
    # In an order of their own, that storage doesn't change: the last digits of the norm depend on it.
    parameters = {name: p.detach().clone() for name, p in sorted(start.parameters.items())}
    updater = Updater(parameters, settings, start.moments, dataset.new_tokens, model.constants)
    log = {column: list(start.log.get(column, ())) for column in _COLUMNS}
    batch_of = batches(dataset, settings, seed)

    def state(step: int) -> TrainingState:
        return TrainingState(step, parameters, updater.moments(), log)

    if start.step == 0 and 0 in checkpoint_steps:
        on_checkpoint(state(0))
    for step in range(start.step, settings.steps):
        loss = loss_on(batch_of(step), model, parameters, settings.loss)
        value = loss.item()
        rate, gradient_norm = updater.step(loss, step)
        for name, number in (("loss", value), ("norm of the gradient", gradient_norm)):
            if not math.isfinite(number):
                said = f"the {name} is {number} at step {step}"
                raise FloatingPointError(f"{said}; try a lower learning_rate")
        for column, entry in zip(_COLUMNS, (step, value, rate, gradient_norm), strict=True):
            log[column].append(entry)
        on_step(step + 1, value)
        if step + 1 in checkpoint_steps:
            on_checkpoint(state(step + 1))
    return state(settings.steps)


def batches(dataset: Dataset, settings: TrainingSettings, seed: int) -> Callable[[int], Batch]:
    """The batch of each step. A full batch is one object, so that what depends on it is computed once."""
    if settings.batch_size is None:
        (name,) = settings.mixture
        split = dataset.splits[name]
        full = Batch.of([(questions_of(split), split.targets)])
        return lambda step: full
    parts = settings.batch_parts()
    return lambda step: draw(dataset, parts, seed, step)


class Updater:
    """AdamW with a schedule and clipped gradients; weight decay leaves vectors (biases, norms) alone."""

    def __init__(
        self,
        parameters: Mapping[str, Tensor],
        settings: TrainingSettings,
        moments: Mapping[str, Mapping[str, Tensor]] | None = None,
        new_tokens: Sequence[int] = (),
        constants: Collection[str] = (),
    ) -> None:
        """Parameters are updated in place; `moments` are those of an earlier updater, to go on from."""
        self._settings = settings
        self._trainable = Trainable(parameters, settings.trainable, new_tokens, constants)
        self._parameters = {name: parameters[name] for name in self._trainable.names}
        trained = [p.requires_grad_() for p in self._parameters.values()]
        decay = {True: settings.weight_decay, False: 0.0}
        groups = [
            {"params": its, "weight_decay": decay[matrix]}
            for matrix in decay
            if (its := [p for p in trained if (p.ndim > 1) == matrix])
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

    def step(self, loss: Float[Tensor, ""], step: int) -> tuple[float, float]:
        """Update number `step` (from 0): (learning rate, gradient norm before clipping)."""
        self._optimiser.zero_grad()
        loss.backward()
        self._trainable.mask_gradients(self._parameters)
        self._add_slow_gradients()
        largest = self._settings.gradient_clip or math.inf
        norm = torch.nn.utils.clip_grad_norm_(self._parameters.values(), largest)
        rate = self._settings.learning_rate_at(step)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.step()
        self._trainable.restore(self._parameters)
        return rate, norm.item()

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
