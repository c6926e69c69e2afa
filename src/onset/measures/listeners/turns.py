"""Dialogues turn by turn: a model's states and what it says, with axes of turns and of their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from onset.measures.answers.asking import kept, logits_of_splits
from onset.models.batch import Model, Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset, Split
from onset.tasks.language.dialogues import REPLIED, TURN
from onset.tasks.language.listener_words import STYLE

HELD_OUT = ("test", "composed")
FITTED = "train"
MOST_FITTED = 768  # dialogues


def by_turn(values: Shaped[np.ndarray, "n length ..."]) -> Shaped[np.ndarray, "n turns turn ..."]:
    """What is known of each token, by turn and place in the turn."""
    return values.reshape(len(values), -1, TURN, *values.shape[2:])


@kept
def states_of(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> dict[str, Float[Tensor, "applications_and_one n turns turn d_model"]]:
    """The residual stream in `test`, `composed` and the first dialogues of `train`."""
    found = {}
    for name in (FITTED, *HELD_OUT):
        tokens = torch.from_numpy(dataset.splits[name].tokens[:MOST_FITTED])
        its = model.residual_stream(parameters, tokens.to(device_of(parameters))).cpu()
        found[name] = its.unflatten(2, (-1, TURN))
    return found


def said_in_replies(
    model: Model, parameters: Parameters, dataset: Dataset
) -> dict[str, Float[Tensor, "n turns replied tokens"]]:
    """Log-probabilities where words of replies come next, in `test` and `composed`."""
    logits = logits_of_splits(model, parameters, dataset)
    ends = np.cumsum([0, *(split.targets.size for split in dataset.splits.values())]).tolist()
    of_splits = dict(zip(dataset.splits, pairwise(ends), strict=True))
    found = {}
    for name in HELD_OUT:
        its = logits[slice(*of_splits[name])].unflatten(0, (len(dataset.splits[name]), -1))
        found[name] = its.unflatten(1, (-1, len(REPLIED))).log_softmax(-1).cpu()
    return found


def shares(
    logs: Float[Tensor, "*places tokens"], of_values: Sequence[Int[np.ndarray, " words"]]
) -> Float[Tensor, "*places values"]:
    """Of the probability of all words of an attribute, the part of those that suit each value."""
    each = [logs[..., torch.from_numpy(its)].logsumexp(-1) for its in of_values]
    return torch.stack(each, -1).softmax(-1)


def suiting(dataset: Dataset) -> Mapping[str, list[Int[np.ndarray, " words"]]]:
    """Of each attribute that matters, the tokens of replies that suit each value."""
    number = {word: i for i, word in enumerate(dataset.vocabulary)}
    n_places = len(dataset.names["place"])
    plain = number[dataset.names["place"][0]] + np.arange(n_places)
    found = {
        name: [np.array([number[word]]) for word in said.split()] for name, said in STYLE.items()
    }
    return {**found, "knowledge": [plain, plain + n_places]}


def places_said(tokens: Int[np.ndarray, "*places"], dataset: Dataset) -> Int[np.ndarray, "*places"]:
    """Which place a token names, plainly or exactly; −1: none."""
    plain, exact = suiting(dataset)["knowledge"]
    found = np.full(tokens.shape, -1)
    for names in (plain, exact):
        found = np.where(np.isin(tokens, names), tokens - names[0], found)
    return found


def turns_of(split: Split, fact: str, n: int | None = None) -> Shaped[np.ndarray, "n turns ..."]:
    """What is known of each turn, as it is where the reply begins."""
    return by_turn(split.truth[fact][:n])[:, :, REPLIED[0]]
