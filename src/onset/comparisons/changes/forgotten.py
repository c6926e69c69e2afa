"""What a training harms of what was known, and whether the model from before could have said which.

Forgetting of single facts, and predictions of it that are made without the new model: from the old one, and
from what was going to be trained. Ranks are compared, since only the order is predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from scipy.stats import spearmanr
from torch import Tensor

from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel
from onset.runs.objective import Objective
from onset.tasks.dataset import Dataset
from onset.training import loop
from onset.training.settings import TrainingSettings

TOGETHER = "checkpoints"
NEEDS = ("residual_stream", "changed")
OPTIONS = {"batches": 4}
QUANTITIES = {
    "forgotten": {"kind": "share", "label": "kept facts no longer answered right"},
    "harm": {"kind": "logits", "label": "loss of kept facts, after minus before (nats)"},
    "harm_in_worst_tenth": {"kind": "share", "label": "of all harm, that to the worst tenth"},
    "harm_by_margin": {"kind": "signed_share", "label": "rank correlation of harm, margin before"},
    "harm_by_gradient": {"kind": "signed_share", "label": "rank correlation of harm, gradient"},
    "harm_by_similarity": {"kind": "signed_share", "label": "rank correlation of harm, similarity"},
    "harm_by_overlap": {"kind": "signed_share", "label": "rank correlation of harm, shared tokens"},
    "harm_by_chance": {"kind": "signed_share", "label": "rank correlation of harm, at random"},
}  # fmt: skip

_NULL = 7_933


def compare(members: Sequence[Member[ReadableModel, Dataset]], batches: int) -> Iterator[Compared]:
    """Of the first checkpoint and each `step` of the others, on the sequences whose answers are kept:

    * `forgotten`: of those that were answered right, the fraction that isn't any more;
    * `harm`: mean loss minus what it was; `harm_in_worst_tenth`: how much of all that is lost the tenth of
      the sequences lose that lose most (.1: everything is harmed a little; 1: something in particular);
    * `harm_by_…`: Spearman's correlation over sequences of the harm with what would have been said of it
      beforehand: `margin`, the closer the best wrong answer was, the more; `gradient`, by how much the loss
      would rise with a small step down the gradient of what was going to be trained (of so many batches);
      `similarity`, the nearest cosine of a state to that of a sequence whose answer was going to change;
      `overlap`, how many of its tokens stood in such a sequence at the same place, on average; `chance`,
      numbers at random (a null).

    Where nothing is going to be changed, there is nothing to be similar to.
    """
    for run in members:
        old = Version.of(run, run.steps[0])
        asked = Asked.of(run.dataset.splits)
        kept = asked.only(~asked.changed)
        if not len(kept):
            continue
        said = old.says(kept)
        foretold = dict(_foretold(run, old, said, kept, asked.only(asked.changed), batches))
        for step in run.steps[1:]:
            for name, value in _harm(said, Version.of(run, step).says(kept), kept, foretold):
                yield Compared(Measurement(name, value, n_examples=len(kept)), run, step=step)


def _harm(
    before: Float[Tensor, "sequences tokens"],
    after: Float[Tensor, "sequences tokens"],
    kept: Asked,
    foretold: Mapping[str, Float[np.ndarray, " sequences"]],
) -> Iterator[tuple[str, float]]:
    right = kept.targets[:, None]
    harm = (before.gather(1, right) - after.gather(1, right))[:, 0].double().numpy(force=True)
    was = (before.argmax(-1) == kept.targets).numpy(force=True)
    still = (after.argmax(-1) == kept.targets).numpy(force=True)
    if was.any():
        yield "forgotten", 1 - still[was].mean().item()
    yield "harm", harm.mean().item()
    lost = np.sort(harm.clip(min=0))[::-1]
    if lost.sum() > 0:
        yield "harm_in_worst_tenth", lost[: max(1, len(lost) // 10)].sum() / lost.sum()
    if np.ptp(harm) == 0:
        return
    for name, its in foretold.items():
        if np.ptp(its) > 0:
            yield f"harm_by_{name}", float(spearmanr(its, harm).statistic)


def _foretold(
    run: Member[ReadableModel, Dataset],
    old: Version,
    said: Float[Tensor, "sequences tokens"],
    kept: Asked,
    changed: Asked,
    batches: int,
) -> Iterator[tuple[str, Float[np.ndarray, " sequences"]]]:
    right = kept.targets[:, None]
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
