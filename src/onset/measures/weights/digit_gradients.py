"""How strongly a training is drawn to learn each digit of a sum, and how well that is told from noise.

On a plateau a digit's loss says nothing of when it will fall. What a step of gradient descent sees of it is
its gradient: how large it is, against how much it varies from batch to batch; and how much the digit gains
when all digits' mean loss goes downhill. Squares and products of gradients are taken between different
batches, so that the noise of a batch adds nothing to them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.measures.answers.columns import columns_of
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset, Split
from onset.training.batches import questions_of

NEEDS = ("columns",)
SPLITS = ("test",)
QUANTITIES = {
    "gradient_signal": {"kind": "size", "label": "gradient of the digit's loss"},
    "gradient_to_noise": {"kind": "ratio", "label": "gradient of the digit's loss over its noise"},
    "descent_share": {"kind": "real", "label": "share in the descent of all digits' loss"},
}

_FEWEST = 4  # batches
_BATCH = 32


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """By column (`component`, 0: the ones), on batches of 32 held-out questions, four or more:

    * `gradient_signal`: length of the mean gradient of the digit's loss by all parameters; 0 where noise
      hides it;
    * `gradient_to_noise`: that over the root of a batch's variance, summed over parameters;
    * `descent_share`: what the digit has of the speed at which the mean loss of all digits falls when
      parameters follow its gradient; negative: it rises. Shares sum to 1.
    """
    split = dataset.splits[SPLITS[0]]
    size = min(_BATCH, len(split) // _FEWEST)
    n = len(split) // size
    batches = np.arange(n * size).reshape(n, size)
    gradients = torch.stack([_of_places(model, parameters, split, rows) for rows in batches])
    products = torch.einsum("ipw,jqw->ijpq", gradients, gradients).double()
    apart = ~torch.eye(n, dtype=torch.bool)
    between = products[apart].mean(0)  # place by place
    signal = between.diagonal()
    noise = (products[~apart].mean(0).diagonal() - signal).clamp(min=1e-30)
    seen = signal.clamp(min=0)
    speeds = between.mean(1)
    found = {
        "gradient_signal": seen.sqrt(),
        "gradient_to_noise": (seen / noise).sqrt(),
        "descent_share": speeds / speeds.sum(),
    }
    for column in columns_of(split):
        for name, of_places in found.items():
            value = of_places[column.place].item()
            yield Measurement(name, value, SPLITS[0], component=column.number)


def _of_places(
    model: Model, parameters: Parameters, split: Split, rows: np.ndarray
) -> Float[Tensor, "places weights"]:
    """The gradient of the mean loss at each scored place, over these questions."""
    with torch.inference_mode(False), torch.enable_grad():
        trained = {
            name: p.detach().clone().requires_grad_(name not in model.constants)
            for name, p in parameters.items()
        }
        logits = model.logits(trained, [questions_of(split, rows)])
        targets = torch.from_numpy(split.targets[rows].ravel()).to(logits.device)
        losses = F.cross_entropy(logits, targets, reduction="none").view(len(rows), -1).mean(0)
        wanted = [p for p in trained.values() if p.requires_grad]
        found = []
        for loss in losses:
            its = torch.autograd.grad(loss, wanted, retain_graph=True, allow_unused=True)
            parts = [
                torch.zeros_like(p) if g is None else g for p, g in zip(wanted, its, strict=True)
            ]
            found.append(torch.cat([part.ravel() for part in parts]))
        return torch.stack(found).cpu()
