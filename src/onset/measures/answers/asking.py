"""A model's answers to all questions of a dataset: computed once per checkpoint, then shared."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.batch import Model, Parameters
from onset.tasks.dataset import VALIDATION, Dataset
from onset.training.batches import whole

Asked = Callable[[Any, Parameters, Any], Any]
"""of a model, its parameters and a dataset of any kind"""


def kept(ask: Asked) -> Asked:
    """Keep the last answer, if the parameters are tensors of inference mode, which stay what they are."""
    last: list[Any] = []  # what was asked, what was said

    @wraps(ask)
    def asked(model: Any, parameters: Parameters, dataset: Any) -> Any:
        its = (model, parameters, dataset)
        if last and all(one is other for one, other in zip(last[0], its, strict=True)):
            return last[1]
        said = ask(*its)
        if all(tensor.is_inference() for tensor in parameters.values()):
            last[:] = [its, said]
        return said

    return asked


@kept
def logits_of_splits(
    model: Model, parameters: Parameters, dataset: Dataset
) -> Float[Tensor, "scored tokens"]:
    """Logits at the scored positions of all splits, one split after the other."""
    # All at once: splits share much work.
    return model.logits(
        parameters,
        [group for split in dataset.splits.values() for group in whole(split).questions],
    )


@kept
def logits_of_choices(
    model: Model, parameters: Parameters, dataset: Dataset
) -> dict[str, Float[Tensor, "scored tokens"]]:
    """Logits at the scored positions of the splits that have candidates, but for validation parts."""
    asked = {
        name: split
        for name, split in dataset.splits.items()
        if split.candidates is not None and not name.endswith(VALIDATION)
    }
    groups = [group for split in asked.values() for group in whole(split).questions]
    logits = model.logits(parameters, groups)
    sizes = [split.targets.size for split in asked.values()]
    return dict(zip(asked, logits.split(sizes), strict=True))


def targets_of_splits(dataset: Dataset) -> Int[Tensor, " scored"]:
    """The right answers, in the same order."""
    return torch.cat([whole(split).targets for split in dataset.splits.values()])


def is_right(
    logits: Float[Tensor, "scored tokens"], targets: Int[Tensor, " scored"]
) -> Float[Tensor, " scored"]:
    """1 where the right token has the largest logit, 0 elsewhere."""
    said = torch.from_numpy(logits.numpy(force=True).argmax(-1))  # a third of PyTorch's time
    return (said == targets.cpu()).to(torch.float64)
