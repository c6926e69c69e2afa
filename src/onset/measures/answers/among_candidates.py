"""How the right answer stands among those that could answer the question.

What a model of a large vocabulary says first depends on much that a question isn't about. Among candidates
that answer other questions of the same kind, only what tells them apart counts: their mean probability is
the matched wrong answer, and by chance the right one is ranked in the middle (Berglund et al. 2023,
arXiv:2309.12288, experiment 1, compare with a random name).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.answers.asking import is_right, logits_of_choices
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset, Split

NEEDS = ("candidates",)
QUANTITIES = {
    "rank_among": {"kind": "rank", "label": "rank of the right answer among candidates"},
    "right_among": {"kind": "share", "label": "right answer first among candidates"},
    "said": {"kind": "share", "label": "right answer first among all tokens"},
    "lead_among": {
        "kind": "logits",
        "label": "log-probability over that of wrong candidates (nats)",
    },
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split with candidates but for validation parts, mean over its scored positions:

    * `rank_among`: rank of the right answer among candidates, from 1; by chance (1 + their number) / 2;
    * `right_among`: fraction in which it is the first;
    * `said`: fraction in which it is the first of all tokens;
    * `lead_among`: its log-probability minus the mean log-probability of the other candidates.
    """
    for name, logits in logits_of_choices(model, parameters, dataset).items():
        split = dataset.splits[name]
        found = of_split(logits, split)
        found["said"] = is_right(logits, torch.from_numpy(split.targets.ravel()))
        for measured, values in found.items():
            yield Measurement(measured, values.mean().item(), name, n_examples=len(split))


def of_split(
    logits: Float[Tensor, "scored tokens"], split: Split
) -> dict[str, Float[Tensor, " scored"]]:
    """`of_candidates` at the scored positions of a split."""
    its = (torch.from_numpy(of) for of in (split.candidates, split.targets.ravel()))
    return of_candidates(logits, *(of.to(logits.device) for of in its))


def of_candidates(
    logits: Float[Tensor, "questions tokens"],
    candidates: Int[Tensor, " candidates"],
    targets: Int[Tensor, " questions"],
) -> dict[str, Float[Tensor, " questions"]]:
    """Rank, whether it is the first, and lead, of each question, by name."""
    its = logits[:, candidates].double()
    right = logits.gather(1, targets[:, None]).double()
    is_right = candidates == targets[:, None]
    rank = ((its > right) & ~is_right).sum(1) + 1
    others = its.masked_fill(is_right, 0.0).sum(1) / (~is_right).sum(1)
    return {
        "rank_among": rank.double(),
        "right_among": (rank == 1).double(),
        "lead_among": right[:, 0] - others,
    }
