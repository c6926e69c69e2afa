"""Where in a model does a name come to stand for what it is another name of?

The same question is asked of a person and of the one whom it is another name of. If the model takes the
one for the other, the states that carry them grow alike: the cosine between them, layer by layer, against
that with the other aliases' people (null). What our toys with tied embeddings do in the embeddings
(`alias_cosine`) has to happen on the way here, where embeddings aren't trained.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset, Split
from onset.training.batches import questions_of

NEEDS = ("base", "person_place", "residual_stream")
QUANTITIES = {
    "state_cosine": {"kind": "cosine", "label": "cosine of a person's state and its base's"},
    "state_cosine_null": {
        "kind": "cosine",
        "label": "cosine of a person's state and another's base's",
    },
}


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """Per split with bases, by blocks applied (`layer`), at the person's `position` and where the answer is
    asked for:

    * `state_cosine`: mean cosine between the state about a person and that about its base;
    * `state_cosine_null`: the same with the bases of the split's other people.
    """
    for name, split in dataset.splits.items():
        if "base" not in split.truth:
            continue
        asked = questions_of(split)
        base = _about_bases(split)
        for rows, its in asked.alike():
            tokens = torch.from_numpy(its.tokens).to(device_of(parameters))
            others = torch.from_numpy(base[rows, : its.tokens.shape[1]]).to(tokens.device)
            stream = model.residual_stream(parameters, torch.cat([tokens, others]))
            for place in sorted({*split.truth["person_place"][rows].tolist(), its.scored[-1]}):
                yield from _cosines(stream[:, :, place], name, place)


def _about_bases(split: Split) -> np.ndarray:
    """The questions with each person's base in its place."""
    tokens = split.tokens.copy()
    tokens[np.arange(len(tokens)), split.truth["person_place"]] = split.truth["base"]
    return tokens


def _cosines(
    states: Float[Tensor, "layers both d_model"], split: str, place: int
) -> Iterator[Measurement]:
    people, bases = F.normalize(states.double(), dim=-1).chunk(2, 1)
    cosines = people @ bases.transpose(1, 2)
    own = cosines.diagonal(dim1=1, dim2=2)
    n = own.shape[1]
    null = (cosines.sum((1, 2)) - own.sum(1)) / max(1, n * (n - 1))
    where = {"split": split, "position": place, "n_examples": n}
    for layer, (its, others) in enumerate(zip(own.mean(1).tolist(), null.tolist(), strict=True)):
        yield Measurement("state_cosine", its, layer=layer, **where)
        yield Measurement("state_cosine_null", others, layer=layer, **where)
