"""After which layer is the right answer readable where it is asked for?

The logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens"): the final norm and the unembedding
applied to the residual stream after each block application, as if the model ended there. Early layers of
some models write in another basis than the unembedding reads, and seem to know nothing (Belrose et al.
2023, arXiv:2303.08112): a late layer says where an answer is written out, and less about where it is found.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.measures.residual.bridge_lens import rank_of
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.training.batches import questions_of

NEEDS = ("residual_stream",)
QUANTITIES = {
    "answer_rank": {"kind": "rank", "label": "rank of the right answer"},
    "answer_top1": {"kind": "share", "label": "right answer ranks first"},
    "answer_nats": {"kind": "nats", "label": "loss when read out here (nats)"},
}

_AT_ONCE = 32  # sequences: each layer has logits over the whole vocabulary


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """Per split but for validation parts, over its scored positions, by block applications done (`layer`):

    * `answer_rank`: mean rank of the right token among all tokens (1: it has the largest logit);
    * `answer_top1`: fraction in which it ranks first;
    * `answer_nats`: its mean cross-entropy, in nats.
    """
    for name, split in dataset.splits.items():
        if name.endswith(VALIDATION):
            continue
        for quantity, by_layer in _read_out(model, parameters, split).items():
            for layer, values in enumerate(by_layer):
                yield Measurement(quantity, values.mean().item(), name, layer)


def _read_out(
    model: ReadableModel, parameters: Parameters, split: Split
) -> dict[str, Float[Tensor, "layers scored"]]:
    found: dict[str, list[Tensor]] = {quantity: [] for quantity in QUANTITIES}
    depth = model.depth(split.hops)
    for rows, asked in questions_of(split).alike():
        tokens = torch.from_numpy(asked.tokens).to(device_of(parameters))
        targets = torch.from_numpy(split.targets[rows]).to(tokens.device)
        for some, right in zip(tokens.split(_AT_ONCE), targets.split(_AT_ONCE), strict=True):
            stream = model.residual_stream(parameters, some)[: depth + 1]
            states = stream[:, :, list(asked.scored)].flatten(1, 2)
            # Layer by layer, as all at once are many times the model's own logits.
            logits = (model.unembed(parameters, its) for its in states)
            its = [_of_layer(of_layer, right.flatten()) for of_layer in logits]
            for quantity, values in found.items():
                values.append(torch.stack([of_layer[quantity] for of_layer in its]))
    return {quantity: torch.cat(values, 1) for quantity, values in found.items()}


def _of_layer(
    logits: Float[Tensor, "scored tokens"], right: Tensor
) -> dict[str, Float[Tensor, " scored"]]:
    ranks = rank_of(right, logits)
    nats = torch.nn.functional.cross_entropy(logits, right, reduction="none")
    found = {"answer_rank": ranks, "answer_top1": ranks == 1, "answer_nats": nats}
    return {quantity: values.double() for quantity, values in found.items()}
