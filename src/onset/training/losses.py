"""The losses that training minimises, by the name used in a study's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.batch import AnyModel, Batch, VectorBatch


def cross_entropy(
    logits: Float[Tensor, "scored tokens"], targets: Int[Tensor, " scored"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy in nats, as PyTorch computes it.

    In float32 the loss of an example is a multiple of 6e-8 near 0, and so is the gradient of the right
    answer's logit: a model that fits its data well goes on to learn from what rounding leaves.
    """
    return F.cross_entropy(logits, targets)


def exact_cross_entropy(
    logits: Float[Tensor, "scored tokens"], targets: Int[Tensor, " scored"]
) -> Float[Tensor, ""]:
    """The same, to the relative precision of float32 however small the loss is.

    log(1 + Σ exp(l_j − l_target)) over the wrong answers j: nothing close to 1 is subtracted from 1, in
    the value or in its gradient. Nanda et al. 2023 (arXiv:2301.05217) used float64 for the same reason.
    """
    return _ExactCrossEntropy.apply(logits, targets)[0]


class _ExactCrossEntropy(torch.autograd.Function):
    """Value and gradient from one pass of exponentials."""

    generate_vmap_rule = True

    @staticmethod
    def forward(logits: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
        odds = logits - logits.gather(1, targets[:, None])
        odds = odds.scatter(1, targets[:, None], -float("inf"))
        largest = odds.amax(1, keepdim=True)
        odds.sub_(largest).exp_()
        total = odds.sum(1, keepdim=True)
        log_odds = largest + total.log()
        return F.softplus(log_odds).mean(), odds, total, log_odds.sigmoid()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        _, targets = inputs
        _, *kept = output
        ctx.mark_non_differentiable(*kept)
        ctx.save_for_backward(targets, *kept)

    @staticmethod
    def backward(ctx: Any, of_loss: Tensor, *_: Tensor) -> tuple[Tensor, None]:
        targets, odds, total, wrong = ctx.saved_tensors
        of_answer = wrong * (of_loss / len(wrong))
        of_logits = odds * (of_answer / total)
        return of_logits.scatter(1, targets[:, None], -of_answer), None


LOSSES = {"cross_entropy": cross_entropy, "exact_cross_entropy": exact_cross_entropy}


def loss_on(
    batch: Batch | VectorBatch,
    model: AnyModel,
    parameters: Mapping[str, Tensor],
    loss: str = "cross_entropy",
) -> Float[Tensor, ""]:
    """The named loss over all scored positions of a batch, and all tokens that the model may answer.

    Of vectors: what the model's family minimises.
    """
    if isinstance(batch, VectorBatch):
        return model.loss(parameters, batch.to(next(iter(parameters.values())).device))
    logits = model.logits(parameters, batch.questions)
    return LOSSES[loss](logits, batch.targets.to(logits.device))
