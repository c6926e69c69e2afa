"""Is the bridge entity readable where it would be computed?

In a two-hop question `[a, r1, r2]` the bridge entity r1(a) can be known at the position of r1. The
logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens") applies the final norm and the
unembedding to the residual stream there, after each block application, as if the model ended then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset, Split

NEEDS = ("bridge", "residual_stream")
QUANTITIES = {
    "bridge_rank": {"kind": "rank", "label": "rank of the bridge entity"},
    "bridge_top1": {"kind": "share", "label": "bridge entity ranks first"},
}

_FIRST_RELATION = 1  # its position


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """Per split with bridge entities and per number of block applications (`layer`):

    * `bridge_rank`: mean rank of the bridge entity among all tokens (1: it has the largest logit);
    * `bridge_top1`: fraction of examples in which it ranks first.
    """
    device = device_of(parameters)

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(device)

    splits = _with_bridges(dataset)
    # The state there depends on the first two tokens alone: each distinct pair is computed once.
    prefixes = [split.tokens[:, : _FIRST_RELATION + 1] for split in splits.values()]
    asked, inverse = np.unique(np.concatenate(prefixes), axis=0, return_inverse=True)
    states = model.residual_stream(parameters, tensor(asked))[:, :, _FIRST_RELATION]
    logits = model.unembed(parameters, states)
    rows = np.split(inverse.ravel(), np.cumsum([len(split) for split in splits.values()])[:-1])
    for (name, split), its_rows in zip(splits.items(), rows, strict=True):
        ranks = rank_of(tensor(split.truth["bridge"]), logits[:, tensor(its_rows)])
        for layer, of_layer in enumerate(ranks.to(torch.float64)):
            where = {"split": name, "layer": layer, "position": _FIRST_RELATION}
            yield Measurement("bridge_rank", of_layer.mean().item(), **where)
            yield Measurement("bridge_top1", (of_layer == 1).double().mean().item(), **where)


def in_loss(model: ReadableModel, dataset: Dataset) -> Callable[[Parameters], Float[Tensor, ""]]:
    """Mean cross-entropy of the bridge entity after the first block application, in nats.

    Over all splits with bridge entities, each pair of an entity and its first relation counted once.
    """
    splits = _with_bridges(dataset).values()
    prefixes = np.concatenate([split.tokens[:, : _FIRST_RELATION + 1] for split in splits])
    asked, first = np.unique(prefixes, axis=0, return_index=True)
    bridges = np.concatenate([split.truth["bridge"] for split in splits])[first]
    tokens, right = torch.from_numpy(asked), torch.from_numpy(bridges)

    def loss(parameters: Parameters) -> Float[Tensor, ""]:
        device = device_of(parameters)
        states = model.residual_stream(parameters, tokens.to(device))
        logits = model.unembed(parameters, states[1, :, _FIRST_RELATION])
        return F.cross_entropy(logits, right.to(device))

    return loss


def _with_bridges(dataset: Dataset) -> dict[str, Split]:
    """By name."""
    return {name: split for name, split in dataset.splits.items() if "bridge" in split.truth}


def rank_of(
    token: Int[Tensor, " examples"], logits: Float[Tensor, "*layers examples tokens"]
) -> Int[Tensor, "*layers examples"]:
    """Rank of a token's logit, from 1: one more than the number of larger logits."""
    token = token.expand(logits.shape[:-1])[..., None]
    return (logits > logits.gather(-1, token)).sum(-1) + 1
