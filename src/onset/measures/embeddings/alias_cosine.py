"""Is the embedding of an alias close to that of its base?

Two places to look: the base's row of the input embedding, which it has as a question, and its row of
the unembedding, which it has as an answer. Tied models have one row for both.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("named", "embeddings")
QUANTITIES = {
    "alias_cosine": {"kind": "cosine", "label": "cosine of an alias with its base"},
    "alias_cosine_other": {"kind": "cosine", "label": "cosine of an alias with other bases"},
    "alias_cosine_output": {
        "kind": "cosine",
        "label": "cosine of an alias with its base's readout",
    },
    "alias_cosine_output_other": {
        "kind": "cosine",
        "label": "cosine of an alias with other bases' readout",
    },
    "alias_nearest_top1": {"kind": "share", "label": "aliases nearest to their own base"},
    "alias_nearest_output_top1": {
        "kind": "share",
        "label": "aliases nearest to their own base's readout",
    },
    "base_cosine_output": {"kind": "cosine", "label": "cosine of a base with its readout"},
    "base_cosine_output_other": {
        "kind": "cosine",
        "label": "cosine of a base with other bases' readout",
    },
}

_SPLITS = ("id", "ood")


def measure(model: Transformer, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per held-out split, over the aliases that it asks about, each against the base that its
    definition names; with the suffix `_output` the base's row of the unembedding is taken:

    * `alias_cosine`: mean cosine with its base;
    * `alias_cosine_other`: mean cosine with all other bases, the null control;
    * `alias_nearest_top1`: fraction of aliases to which no other base is nearer than their own.

    And over all bases, without a split, `base_cosine_output` and `base_cosine_output_other`: the base's
    input row with its own row of the unembedding, and with those of all others.
    """
    embedding = parameters["tok_embed.weight"]
    readout = parameters.get("head.weight", embedding)
    tokens = torch.from_numpy(dataset.splits["base_facts"].tokens[:, 0]).unique()
    bases = tokens.to(embedding.device)
    for name in _SPLITS:
        split = dataset.splits[name]
        pairs = torch.stack(
            [torch.from_numpy(split.tokens[:, 0]), torch.from_numpy(split.truth["named"])]
        )
        alias, base = pairs.unique(dim=1).to(embedding.device)
        own = torch.searchsorted(bases, base.contiguous())
        for suffix, matrix in (("", embedding), ("_output", readout)):
            cosines = cosines_of(embedding[alias], matrix[bases])
            its, others = own_and_others(cosines, own)
            nearest = (cosines.argmax(1) == own).double()
            yield Measurement(f"alias_cosine{suffix}", its, name)
            yield Measurement(f"alias_cosine{suffix}_other", others, name)
            yield Measurement(
                f"alias_nearest{suffix}_top1", nearest.mean().item(), name, n_examples=len(alias)
            )
    cosines = cosines_of(embedding[bases], readout[bases])
    its, others = own_and_others(cosines, torch.arange(len(bases), device=bases.device))
    yield Measurement("base_cosine_output", its)
    yield Measurement("base_cosine_output_other", others)


def cosines_of(
    rows: Float[Tensor, "rows d_model"], keys: Float[Tensor, "keys d_model"]
) -> Float[Tensor, "rows keys"]:
    """Cosine of every row with every key."""
    return F.normalize(rows.double(), dim=1) @ F.normalize(keys.double(), dim=1).T


def own_and_others(
    cosines: Float[Tensor, "rows keys"], own: Int[Tensor, " rows"]
) -> tuple[float, float]:
    """Mean cosine of the rows with their own key, and with all other keys."""
    its = cosines.gather(1, own[:, None])
    n_others = cosines.numel() - len(own)
    return its.mean().item(), ((cosines.sum() - its.sum()) / n_others).item()
