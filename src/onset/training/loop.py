"""The training loop: any model family, any task, resumable from every checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from contextlib import nullcontext

import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import AnyModel, Batch, Parameters, VectorBatch
from onset.tasks.worlds import World
from onset.training.batches import draw, full
from onset.training.diverged import said_of
from onset.training.interventions import Interventions, intervene
from onset.training.losses import loss_on
from onset.training.randomness import chance_of, in_training
from onset.training.settings import TrainingSettings
from onset.training.state import Log, TrainingState
from onset.training.updater import Updater

OnCheckpoint = Callable[[TrainingState], None]
OnStep = Callable[[int, float], None]
InLoss = Callable[[Parameters], Float[Tensor, ""]]

_COLUMNS = ("step", "loss", "learning_rate", "gradient_norm")


def train(
    model: AnyModel,
    dataset: World,
    settings: TrainingSettings,
    checkpoint_steps: Collection[int],
    seed: int,
    start: TrainingState,
    on_checkpoint: OnCheckpoint,
    on_step: OnStep = lambda step, loss: None,
    in_loss: Collection[InLoss] = (),
    interventions: Interventions | None = None,
) -> TrainingState:
    """Train from `start` to the last step.

    Args:
        model: what is trained.
        dataset: the splits that the settings mix.
        settings: steps, batches, optimiser.
        checkpoint_steps: when to call `on_checkpoint`, with the state after that many updates.
        seed: of the data order.
        start: where to resume from; a fresh training starts at step 0 with the initial parameters.
        on_checkpoint: keeps the state; the tensors are the live ones, so it copies or writes them.
        on_step: told the number of updates done and the loss before the last of them.
        in_loss: functions of the parameters that are added to the loss, but not in the log.
        interventions: what changes the parameters from outside. A checkpoint at their step is from before,
            but for the first one, of step 0.

    Returns:
        The state after the last step.

    Raises:
        FloatingPointError: the loss or the gradient is no longer a finite number.
        ValueError: what is to be trained isn't there.
    """
    # In an order of their own, that storage doesn't change: the last digits of the norm depend on it.
    parameters = {name: p.detach().clone() for name, p in sorted(start.parameters.items())}
    if not settings.steps:
        end = TrainingState(0, parameters, log=start_log(start))
        if 0 in checkpoint_steps:
            on_checkpoint(end)
        return end
    updater = Updater(parameters, model, settings, start.moments, dataset.new_tokens)
    log = start_log(start)
    batch_of = batches(dataset, settings, seed)
    trained = in_training(model)
    after_update = getattr(model, "after_update", None)
    interventions = interventions or {}

    def state(step: int, intervened_to: int) -> TrainingState:
        held = dict(updater.held)
        return TrainingState(step, parameters, updater.moments(), log, held, intervened_to)

    updater.hold(start.held)
    for step in range(start.step, settings.steps):
        if step in interventions and step >= start.intervened_to:
            updater.hold(intervene(interventions[step], parameters))
        if step == 0 and 0 in checkpoint_steps:
            on_checkpoint(state(0, intervened_to=1))
        batch = batch_of(step)
        chance = nullcontext()
        if trained is not model:
            chance = chance_of(seed, step, settings.chance.of_dropout(step))
        with chance:
            loss = loss_on(batch, trained, parameters, settings.loss)
        rate, norm = updater.step(sum((of(parameters) for of in in_loss), loss), step)
        if after_update:
            with torch.no_grad():
                after_update(parameters, batch)
            updater.restore()
        write_log(log, step, loss.item(), rate, norm.item(), settings)
        on_step(step + 1, log["loss"][-1])
        if step + 1 in checkpoint_steps:
            on_checkpoint(state(step + 1, intervened_to=step + 1))
    return state(settings.steps, intervened_to=settings.steps)


def start_log(start: TrainingState) -> Log:
    """The log of a training that resumes from a state."""
    return {column: list(start.log.get(column, ())) for column in _COLUMNS}


def write_log(
    log: Log, step: int, loss: float, rate: float, gradient_norm: float, settings: TrainingSettings
) -> None:
    """Add a step.

    Raises:
        FloatingPointError: the loss or the gradient is no longer a finite number.
    """
    for name, number in (("loss", loss), ("norm of the gradient", gradient_norm)):
        if not math.isfinite(number):
            raise FloatingPointError(said_of(name, number, step, log, settings))
    for column, entry in zip(_COLUMNS, (step, loss, rate, gradient_norm), strict=True):
        log[column].append(entry)


def batches(
    dataset: World, settings: TrainingSettings, seed: int
) -> Callable[[int], Batch | VectorBatch]:
    """The batch of each step."""
    if settings.batch_size is None:
        (name,) = settings.mixture
        everything = full(dataset, name)
        return lambda step: everything
    parts = settings.batch_parts()
    return lambda step: draw(dataset, parts, seed, step, settings.chance.of_batches(step))
