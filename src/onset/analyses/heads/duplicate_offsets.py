"""How far after an earlier copy of the current token attention heads look.

An induction head looks one position after an earlier copy, where a previous-token head has put what came
before; a head that finds what another head has moved by n positions looks n or n + 1 positions after it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from onset.measures.measurement import Measurement, by_head
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import VALIDATION, Dataset

NEEDS = ("repeats", "heads")
QUANTITIES = {
    "attention_after_duplicate": {"kind": "share", "label": "attention after duplicates"},
}

_FARTHEST = 24


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """`attention_after_duplicate`, by split that is scored at several positions, block application
    (`layer`) and `head`: share of its attention that goes to positions so far (`component`, from 0) after
    earlier tokens of the same kind, mean over the scored positions for which there are any; nothing of
    distances at which there are none."""
    for name, split in dataset.splits.items():
        if len(split.scored) < 2 or name.endswith(VALIDATION):
            continue
        tokens = torch.from_numpy(split.tokens).to(device_of(parameters))
        attention = model.attention(parameters, tokens)[:, :, :, list(split.scored)]
        for offset in range(min(_FARTHEST, tokens.shape[1] - 1) + 1):
            places = after_duplicates(tokens, offset)[:, list(split.scored)]
            if not places.any():
                continue
            paid = torch.einsum("lshqk,sqk->lh", attention, places.float())
            paid = paid / places.any(-1).sum()
            yield from by_head("attention_after_duplicate", paid.tolist(), name, component=offset)


def after_duplicates(
    tokens: Int[Tensor, "sequences length"], offset: int
) -> Bool[Tensor, "sequences queries keys"]:
    """Which keys before a query are `offset` positions after a token of the query's kind."""
    same = tokens[:, :, None] == tokens[:, None]
    later = same.roll(offset, 2)
    later[:, :, :offset] = False
    return later & same.new_ones(same.shape[1:]).tril(-1)
