"""Which pairs of digits attention heads look at when they write each digit of a sum.

Quirke and Barez 2023 (arXiv:2310.13121) find heads that each look at one pair after the other, a column
apart from each other.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from onset.measures.answers.columns import columns_of
from onset.measures.measurement import Measurement, by_head
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset

NEEDS = ("columns", "heads")
SPLITS = ("test",)
QUANTITIES = {"pair_attention": {"kind": "share", "label": "attention to the pair of digits"}}

_MOST = 128


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """`pair_attention`, by block application (`layer`), `head`, column of the digit that is predicted next
    (`component`, 0: the ones), and pair, by the `position` of its first digit (0: the highest pair): mean
    share of its attention that a head pays to the two digits of the pair."""
    split = dataset.splits[SPLITS[0]]
    n = split.tokens[0].tolist().index(dataset.vocabulary.index("+"))
    tokens = torch.from_numpy(split.tokens[:_MOST]).to(device_of(parameters))
    paid = model.attention(parameters, tokens).mean(1)  # layers, heads, queries, keys
    for column in columns_of(split):
        of_column = paid[:, :, column.position]
        for position in range(n):
            pair = of_column[:, :, [position, n + 1 + position]].sum(-1)
            yield from by_head(
                "pair_attention", pair.tolist(), SPLITS[0],
                component=column.number, position=position,
            )  # fmt: skip
