"""What a model and the data of a training to come say of which facts that training will harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Member
from onset.models.batch import Parameters, ReadableModel
from onset.runs.objective import Objective
from onset.tasks.dataset import Dataset
from onset.training import loop
from onset.training.settings import TrainingSettings

_NULL = 7_933


def foretold_of(
    run: Member[ReadableModel, Dataset], old: Version, asked: Asked, batches: int
) -> Iterator[tuple[str, Float[np.ndarray, " sequences"]]]:
    """What would have been said beforehand of the harm to each sequence that is kept, by name.

    Args:
        run: whose training is meant; of its checkpoints, only the first is read.
        old: that one.
        asked: what is kept, and what is going to be changed.
        batches: of the training, of which the gradient is taken.
    """
    kept, changed = asked.only(~asked.changed), asked.only(asked.changed)
    said, right = old.says(kept), kept.targets[:, None]
    best_other = said.scatter(1, right, -torch.inf).amax(1)
    yield "margin", (best_other - said.gather(1, right)[:, 0]).numpy(force=True)
    yield "gradient", _rise(run, old, kept, batches)
    if len(changed):
        states, others = (F.normalize(old.states(its), dim=1) for its in (kept, changed))
        yield "similarity", (states @ others.T).amax(1).numpy(force=True)
        yield "overlap", _overlap(kept, changed)
    rng = np.random.Generator(np.random.Philox(key=[run.seed, _NULL]))
    yield "chance", rng.standard_normal(len(kept))


def _overlap(kept: Asked, changed: Asked) -> Float[np.ndarray, " sequences"]:
    """How often each sequence's tokens stand at the same place in a changed one, summed over places."""
    found = []
    for its in kept.questions:
        total = np.zeros(len(its.tokens))
        for other in changed.questions:
            for place in range(min(its.tokens.shape[1], other.tokens.shape[1])):
                values, counts = np.unique(other.tokens[:, place], return_counts=True)
                share = dict(zip(values.tolist(), (counts / len(changed)).tolist(), strict=True))
                total += [share.get(token, 0.0) for token in its.tokens[:, place].tolist()]
        found.append(total)
    return np.concatenate(found)


def _rise(
    run: Member[ReadableModel, Dataset], old: Version, kept: Asked, batches: int
) -> Float[np.ndarray, " sequences"]:
    """The derivative of each sequence's loss on the way down the gradient of what is going to be trained.

    Forward mode gives it for all sequences at once.
    """
    training = TrainingSettings.model_validate(run.settings["training"])
    objective = Objective(run.model, run.training_data, training, run.seed)
    with torch.inference_mode(False), torch.enable_grad():
        own = {name: its.detach().clone() for name, its in run.parameters(run.steps[0]).items()}
        names = objective.trained(own)
        for name in names:
            own[name].requires_grad_()
        loss = sum(objective.loss(own, its) for its in _first(objective, batches)) / batches
        gradients = torch.autograd.grad(loss, [own[name] for name in names], allow_unused=True)
        way = {name: -its for name, its in zip(names, gradients, strict=True) if its is not None}
        fixed = {name: its.detach() for name, its in own.items()}
        moving = {name: fixed[name] for name in way}
        _, rise = torch.func.jvp(_losses(run.model, fixed, kept), (moving,), (way,))
    return rise.detach().double().numpy(force=True)


def _first(objective: Objective, n: int) -> list[Any]:
    """The batches that the training began with."""
    batch_of = loop.batches(objective.dataset, objective.training, objective.seed)
    return [batch_of(step) for step in range(n)]


def _losses(
    model: ReadableModel, fixed: Parameters, kept: Asked
) -> Callable[[Parameters], Float[Tensor, " sequences"]]:
    def of(moving: Parameters) -> Tensor:
        logits = model.logits(fixed | moving, kept.questions)
        return F.cross_entropy(logits, kept.targets.to(logits.device), reduction="none")

    return of
