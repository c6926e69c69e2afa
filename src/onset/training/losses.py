"""What training minimises, by the name that a study's settings give it."""

from __future__ import annotations

from collections.abc import Mapping

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.batch import Batch, Model


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
    wrong = logits - logits.gather(1, targets[:, None])
    wrong = wrong.scatter(1, targets[:, None], -float("inf"))
    return F.softplus(wrong.logsumexp(1)).mean()


LOSSES = {"cross_entropy": cross_entropy, "exact_cross_entropy": exact_cross_entropy}


def loss_on(
    batch: Batch, model: Model, parameters: Mapping[str, Tensor], loss: str = "cross_entropy"
) -> Float[Tensor, ""]:
    """The named loss over all scored positions of a batch, and all tokens that the model may answer."""
    logits = model.logits(parameters, batch.questions)
    return LOSSES[loss](logits, batch.targets.to(logits.device))
