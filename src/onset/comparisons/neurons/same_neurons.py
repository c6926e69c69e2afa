"""Are the neurons of one model found again in another, by where they are active?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, Questions
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import VALIDATION, Dataset

TOGETHER = "runs"
NEEDS = ("neurons",)
QUANTITIES = {
    "found_again": {"kind": "share", "label": "neurons found again in the other model"},
    "found_in_untrained": {"kind": "share", "label": "the same, before the other was trained"},
    "found_in_random": {"kind": "share", "label": "the same, of neurons that read random directions"},
    "best_match": {"kind": "cosine", "label": "correlation with the nearest neuron"},
}  # fmt: skip
SAME = 0.7
"""correlation from which on a neuron is found again"""
_MOST = 6144
"""places, about"""
_VARIES = 1e-6


def compare(members: Sequence[Member[Transformer, Dataset]]) -> Iterator[Compared]:
    """Of each two runs, per block application of the first (`layer`, from 1), over the same held-out texts:

    * `found_again`: the share of its neurons, of those that vary, that have a correlation of at least .7
      with some neuron of the other, in any layer;
    * `found_in_untrained`, `found_in_random`: nulls. The same with the other model before its training,
      where it had one; and where each of its neurons reads a random direction as long as its own;
    * `best_match`: the largest correlation of each neuron, mean.

    Trainings of one seed begin with the same random numbers, so only those of different seeds are compared;
    a model made by hand is compared with that of its own seed.
    """
    for one, other in permutations(members, 2):
        both_trained = min(one.steps[-1], other.steps[-1]) > 0
        if both_trained == (one.seed == other.seed):
            continue
        questions = _texts(one.dataset)
        own = _neurons(one.model, one.parameters(), questions)
        end = other.parameters()
        compared = {
            "found_again": end,
            "found_in_random": _in_random_directions(end, other.seed),
        }
        if other.steps[-1] > 0:
            compared["found_in_untrained"] = other.parameters(0)
        theirs = {
            name: torch.cat(_neurons(other.model, its, questions), 1)
            for name, its in compared.items()
        }
        for layer, values in enumerate(own, start=1):
            for name, its in theirs.items():
                best = nearest(values, its)
                found = (best >= SAME).double().mean().item()
                yield Compared(Measurement(name, found, layer=layer), one, other)
                if name == "found_again":
                    mean = best.double().mean().item()
                    yield Compared(Measurement("best_match", mean, layer=layer), one, other)


def nearest(
    one: Float[Tensor, "places neurons"], other: Float[Tensor, "places others"]
) -> Float[Tensor, " varying"]:
    """The largest correlation of each neuron with any other; of those that vary."""
    own, theirs = _standardised(one), _standardised(other)
    if not theirs.shape[1]:
        return torch.zeros(own.shape[1])
    return (own.T @ theirs / len(one)).amax(1)


def _standardised(values: Float[Tensor, "places neurons"]) -> Float[Tensor, "places varying"]:
    away = values - values.mean(0)
    spread = away.square().mean(0).sqrt()
    varies = spread > _VARIES
    return away[:, varies] / spread[varies]


def _texts(dataset: Dataset) -> Questions:
    """The first sequences of the largest split that isn't for choosing settings, asked everywhere."""
    splits = [its for name, its in dataset.splits.items() if not name.endswith(VALIDATION)]
    tokens = max(splits, key=lambda its: its.tokens.size).tokens
    rows = tokens[: max(1, _MOST // tokens.shape[1])]
    return Questions(rows, tuple(range(rows.shape[1])))


def _neurons(
    model: Transformer, parameters: Parameters, questions: Questions
) -> list[Float[Tensor, "places neurons"]]:
    """Of each block application."""
    return [
        model.neurons(parameters, questions, layer).cpu()
        for layer in range(model.settings.n_applications)
    ]


def _in_random_directions(parameters: Parameters, seed: int) -> Parameters:
    rng = np.random.Generator(np.random.Philox(seed))
    changed = dict(parameters)
    for name, own in parameters.items():
        if name.endswith("mlp.fc_in.weight"):
            drawn = torch.from_numpy(rng.standard_normal(own.shape)).to(own)
            changed[name] = drawn * (own.norm(dim=1) / drawn.norm(dim=1))[:, None]
    return changed
