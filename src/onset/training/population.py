"""Several runs of one condition trained as one: one row of every tensor per run.

On a GPU, a small model leaves most of the card idle, and training many takes hardly longer than training
one. Each member sees the batches, the schedule and the clipping that it would see alone, and ends as it
would alone except for float rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from onset.models.batch import AnyModel, Batch, Model, Parameters, Questions
from onset.tasks.dataset import Dataset
from onset.tasks.worlds import World
from onset.training.interventions import Interventions
from onset.training.loop import OnStep, batches, start_log, write_log
from onset.training.losses import LOSSES
from onset.training.randomness import in_training
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState
from onset.training.updater import Updater

OnMembersCheckpoint = Callable[[int, TrainingState], None]

_READ_EVERY = 50  # steps; reading a loss makes the CPU wait for the GPU


def obstacle(
    model: AnyModel,
    datasets: Sequence[World],
    settings: TrainingSettings,
    seeds: Sequence[int],
    interventions: Collection[Interventions] = (),
) -> str | None:
    """Why these runs can't be trained as one; None if they can. All are to start at the same step."""
    if not hasattr(model, "logits_of_sequences"):
        return "the model family has no logits_of_sequences"
    if in_training(model) is not model:
        return "dropout is drawn separately for each run"
    if settings.measures_in_loss:
        return "measures enter the loss"
    if any(interventions):
        return "interventions change each run by itself"
    if len({dataset.sizes for dataset in datasets}) > 1:
        return "their worlds differ in size"
    if len({dataset.new_tokens for dataset in datasets}) > 1:
        return "their new tokens differ"
    first = [batches(d, settings, s)(0) for d, s in zip(datasets, seeds, strict=True)]
    shapes = {tuple((g.tokens.shape, g.scored, g.hops) for g in b.questions) for b in first}
    return "their batches differ in size" if len(shapes) > 1 else None


def train_population(
    model: Model,
    datasets: Sequence[Dataset],
    settings: TrainingSettings,
    checkpoint_steps: Collection[int],
    seeds: Sequence[int],
    starts: Sequence[TrainingState],
    on_checkpoint: OnMembersCheckpoint,
    on_step: OnStep = lambda step, loss: None,
) -> list[TrainingState]:
    """Train all members from their starts to the last step.

    Args:
        model: what is trained.
        datasets, seeds, starts: of each member, as in `train`; there is no `obstacle`, and all start at
            the same step.
        settings: of all.
        checkpoint_steps: when to call `on_checkpoint`.
        on_checkpoint: given a member's place and its state, one after the other.
        on_step: told the number of updates done and the members' mean loss, now and then.

    Returns:
        The members' states after the last step.

    Raises:
        FloatingPointError: a member's loss or gradient is no longer a finite number.
    """
    n = len(seeds)
    names = sorted(starts[0].parameters)
    parameters = {k: torch.stack([s.parameters[k].detach() for s in starts]) for k in names}
    moments = {
        name: {
            kind: value if value.ndim == 0 else torch.stack([s.moments[name][kind] for s in starts])
            for kind, value in its.items()
        }
        for name, its in starts[0].moments.items()
    }
    new_tokens = datasets[0].new_tokens
    updater = Updater(parameters, model, settings, moments, new_tokens, members=True)
    logs = [start_log(start) for start in starts]
    batch_of = [batches(d, settings, s) for d, s in zip(datasets, seeds, strict=True)]
    unread: list[tuple[int, float, Tensor, Tensor]] = []

    def read() -> None:
        for step, rate, losses, norms in unread:
            both = zip(logs, losses.tolist(), norms.tolist(), strict=True)
            for log, loss, norm in both:
                write_log(log, step, loss, rate, norm, settings)
        unread.clear()

    def state(member: int, step: int) -> TrainingState:
        own = {name: p[member] for name, p in parameters.items()}
        its_moments = {
            name: {kind: m if m.ndim == 0 else m[member] for kind, m in its.items()}
            for name, its in updater.moments().items()
        }
        return TrainingState(step, own, its_moments, logs[member])

    def checkpoint(step: int) -> None:
        read()
        for member in range(n):
            on_checkpoint(member, state(member, step))

    if starts[0].step == 0 and 0 in checkpoint_steps:
        checkpoint(0)
    for step in range(starts[0].step, settings.steps):
        losses = _losses(model, parameters, tuple(of(step) for of in batch_of), settings.loss)
        rate, norms = updater.step(losses.sum(), step)
        unread.append((step, rate, losses.detach(), norms))
        if len(unread) == _READ_EVERY or step + 1 == settings.steps:
            read()
            on_step(step + 1, float(np.mean([log["loss"][-1] for log in logs])))
        if step + 1 in checkpoint_steps:
            checkpoint(step + 1)
    return [state(member, settings.steps) for member in range(n)]


def _losses(
    model: Model, parameters: Parameters, batches: tuple[Batch, ...], loss: str
) -> Float[Tensor, " members"]:
    """Each member's loss on its own batch."""
    device = next(iter(parameters.values())).device
    groups, tokens, targets = _stacked(batches, device)

    def of_member(its: Parameters, its_tokens: list[Tensor], its_targets: Tensor) -> Tensor:
        logits = [
            model.logits_of_sequences(its, group_tokens, group.scored, group.hops)
            for group, group_tokens in zip(groups, its_tokens, strict=True)
        ]
        return LOSSES[loss](torch.cat(logits), its_targets)

    # The fused kernels know no dimension of members.
    with sdpa_kernel(SDPBackend.MATH):
        return torch.vmap(of_member)(parameters, tokens, targets)


@lru_cache(maxsize=2)  # full batches are the same objects in every step
def _stacked(
    batches: tuple[Batch, ...], device: torch.device
) -> tuple[
    Sequence[Questions],
    list[Int[Tensor, "members examples length"]],
    Int[Tensor, "members scored"],
]:
    """Groups of questions as the first member has them, and all members' tokens and targets."""
    groups = batches[0].questions
    tokens = [
        torch.from_numpy(np.stack([batch.questions[i].tokens for batch in batches])).to(device)
        for i in range(len(groups))
    ]
    return groups, tokens, torch.stack([batch.targets for batch in batches]).to(device)
