"""The training loop: any model family, any task, resumable at every checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch
from torch import Tensor

from onset.models.batch import Model
from onset.tasks.dataset import Dataset
from onset.training.batches import draw
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

OnCheckpoint = Callable[[TrainingState], None]
OnStep = Callable[[int, float], None]


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
        model: whose loss is minimised.
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
        FloatingPointError: the loss is no longer a finite number.
    """
    parameters = {name: p.detach().clone().requires_grad_() for name, p in start.parameters.items()}
    optimiser = _optimiser(parameters, settings)
    for name, moments in start.moments.items():
        optimiser.state[parameters[name]] = {kind: t.clone() for kind, t in moments.items()}
    log = {column: list(values) for column, values in start.log.items()} or {
        "step": [],
        "loss": [],
        "learning_rate": [],
        "gradient_norm": [],
    }
    parts = settings.batch_parts()

    def state(step: int) -> TrainingState:
        moments = {name: optimiser.state[p] for name, p in parameters.items() if p in optimiser.state}
        return TrainingState(step, parameters, moments, log)

    if start.step in checkpoint_steps and start.step == 0:
        on_checkpoint(state(0))
    for step in range(start.step, settings.steps):
        batch = draw(dataset, parts, seed, step)
        loss = model.loss(parameters, batch)
        optimiser.zero_grad()
        loss.backward()
        gradient_norm = _clip(parameters, settings.gradient_clip)
        rate = settings.learning_rate_at(step)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()

        value = loss.item()
        if value != value or abs(value) == float("inf"):
            raise FloatingPointError(f"the loss is {value} at step {step}: a lower learning_rate may help")
        for column, entry in zip(log, (step, value, rate, gradient_norm), strict=True):
            log[column].append(entry)
        on_step(step + 1, value)
        if step + 1 in checkpoint_steps:
            on_checkpoint(state(step + 1))
    return state(settings.steps)


def _optimiser(parameters: dict[str, Tensor], settings: TrainingSettings) -> torch.optim.AdamW:
    """AdamW whose weight decay leaves vectors (biases, norms) alone."""
    decayed = [p for p in parameters.values() if p.ndim > 1]
    free = [p for p in parameters.values() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}]
    if free:
        groups.append({"params": free, "weight_decay": 0.0})
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=settings.betas, fused=True)


def _clip(parameters: dict[str, Tensor], largest: float | None) -> float:
    """Scale the gradients down to at most the `largest` norm; the norm before."""
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), largest or float("inf"))
    return norm.item()
