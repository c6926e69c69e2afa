"""The questions that analyses ask, and for each a donor: a question whose answer is known to differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import VALIDATION, Dataset, Split

MOST_QUESTIONS = 256
"""per split: enough for a standard error of .03 on any fraction, at one seed"""


@dataclass(frozen=True)
class Exchange:
    """Questions of one split, each with a donor that ends in the same token and has another answer.

    What is asked at the end is then the same, and only whom it is asked about differs: a state taken
    over from the donor should turn the answer into the donor's wherever it carries that entity.
    """

    split: str
    bridge: TransformerBridge
    """the model, unrolled as far as these questions need"""
    tokens: Int[Tensor, "questions length"]
    donors: Int[Tensor, "questions length"]
    target: Int[Tensor, " questions"]
    donor_target: Int[Tensor, " questions"]
    donor_bridge: Int[Tensor, " questions"]
    """the bridge entity of the donor's question"""
    scored: int
    """position of the answer"""


def exchanges(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Exchange]:
    """One per split whose examples have a bridge entity, validation parts left out."""
    bridges: dict[int, TransformerBridge] = {}
    for name, split in dataset.splits.items():
        if "bridge" not in split.truth or name.endswith(VALIDATION):
            continue
        depth = model.depth(split.hops)
        if depth not in bridges:
            bridges[depth] = inspection.open_bridge(model, parameters, depth)
        rng = np.random.Generator(np.random.Philox(seed))
        rows, donors = pairs(split, rng)
        device = bridges[depth].W_E.device

        def tensor(tokens: np.ndarray, device: torch.device = device) -> Tensor:
            """As the bridge numbers them."""
            return torch.from_numpy(numbers(model, tokens)).to(device)

        yield Exchange(
            split=name,
            bridge=bridges[depth],
            tokens=tensor(split.tokens[rows]),
            donors=tensor(split.tokens[donors]),
            target=tensor(split.targets[rows, -1]),
            donor_target=tensor(split.targets[donors, -1]),
            donor_bridge=tensor(split.truth["bridge"][donors]),
            scored=split.scored[-1],
        )


def pairs(
    split: Split, rng: np.random.Generator
) -> tuple[Int[np.ndarray, " questions"], Int[np.ndarray, " questions"]]:
    """Rows of at most MOST_QUESTIONS questions, and of a donor for each.

    In a random order within those that end in the same token, each question's donor is the next one;
    pairs with the same answer are dropped.
    """
    shuffled = rng.permutation(len(split))
    last = split.tokens[shuffled, -1]
    order = shuffled[np.argsort(last, kind="stable")]
    ends = split.tokens[order, -1]
    first = np.flatnonzero(np.r_[True, ends[1:] != ends[:-1]])
    following = np.r_[order[1:], order[:1]]
    following[np.r_[first[1:] - 1, len(order) - 1]] = order[first]  # each group is a circle
    other = split.targets[order, -1] != split.targets[following, -1]
    chosen = rng.permutation(np.flatnonzero(other))[:MOST_QUESTIONS]
    return order[chosen], following[chosen]
