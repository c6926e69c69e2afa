"""How far a training has changed what a model says: of what it was told, of other people, of anything.

The Kullback-Leibler divergence from what the model said before it had adapters to what it says with them,
over the whole vocabulary, as in the penalty that keeps fine-tuned models near the one that they began as
(Ziegler et al. 2019, arXiv:1909.08593). A model that has learnt facts and nothing else differs where it is
asked for them.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.measures.answers.asking import logits_of_choices
from onset.measures.measurement import Measurement
from onset.models.batch import AdaptedModel, Parameters
from onset.tasks.dataset import Dataset
from onset.training.batches import whole

NEEDS = ("adapters", "candidates")
SPLITS = ("prose_held_out",)
QUANTITIES = {
    "change": {"kind": "nats", "label": "divergence from the model before training (nats)"},
    "loss_change": {"kind": "logits", "label": "loss minus that before training (nats)"},
}

LogProbabilities = dict[str, Float[Tensor, "scored tokens"]]
"""by split"""


class Before:
    """What the model said before training."""

    def __init__(self, model: AdaptedModel, untouched: Parameters, dataset: Dataset) -> None:
        self._model, self._untouched, self._dataset = model, untouched, dataset
        self._said: LogProbabilities | None = None

    def said(self, parameters: Parameters, now: LogProbabilities) -> LogProbabilities:
        """Asked once, and not at all where a checkpoint is as before training, and says it `now`."""
        if self._said is None:
            silent = self._model.without_adapters(parameters)
            pairs = ((its, silent[name]) for name, its in parameters.items())
            is_as_before = all(its is other or torch.equal(its, other) for its, other in pairs)
            self._said = now if is_as_before else _said(self._model, self._untouched, self._dataset)
        return self._said


def at_end(model: AdaptedModel, parameters: Parameters, dataset: Dataset) -> Before:
    """What later checkpoints are set beside."""
    return Before(model, model.without_adapters(parameters), dataset)


def measure(
    model: AdaptedModel, parameters: Parameters, dataset: Dataset, before: Before
) -> Iterator[Measurement]:
    """Per split with candidates, and of prose that isn't told, mean over scored positions:

    * `change`: divergence from the distribution over all tokens before training to the present one;
    * `loss_change`: the right token's loss minus what it was before training.
    """
    all_now = _said(model, parameters, dataset)
    all_then = before.said(parameters, all_now)
    for name, now in all_now.items():
        split, then = dataset.splits[name], all_then[name]
        right = torch.from_numpy(split.targets.ravel()).to(now.device)[:, None]
        found = {
            "change": (then.exp() * (then - now)).sum(1),
            "loss_change": (then - now).gather(1, right)[:, 0],
        }
        for measured, values in found.items():
            yield Measurement(measured, values.double().mean().item(), name, n_examples=len(split))


def _said(model: AdaptedModel, parameters: Parameters, dataset: Dataset) -> LogProbabilities:
    of_prose = {
        name: model.logits(parameters, whole(dataset.splits[name]).questions) for name in SPLITS
    }
    logits = logits_of_choices(model, parameters, dataset) | of_prose
    return {name: F.log_softmax(its, -1) for name, its in logits.items()}
