"""Does the model know which of the possible answers is right?

Accuracy over the whole vocabulary confounds two things: telling the answer from its rivals, and giving an
answer of that kind at all. Restricting the choice to candidates tests only the first, like a
multiple-choice question (Berglund et al. 2023, arXiv:2309.12288, experiment 1, compare the likelihood of
the right name with that of a random one). Candidates are *familiar* if they answer a trained question of
this kind, otherwise *withheld*.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.measures.answers.asking import logits_of_splits
from onset.measures.measurement import Measurement
from onset.measures.residual.bridge_lens import rank_of
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset

NEEDS = ("candidates",)
QUANTITIES = {
    "candidate_accuracy": {"kind": "share", "label": "accuracy among candidates"},
    "rank": {"kind": "rank", "label": "rank of the right answer"},
    "margin": {"kind": "logits", "label": "lead of the right answer (nats)"},
    "above_familiar": {"kind": "logits", "label": "lead over familiar candidates (nats)"},
    "above_withheld": {"kind": "logits", "label": "lead over withheld candidates (nats)"},
    "withheld_accuracy": {"kind": "share", "label": "accuracy among withheld candidates"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split with candidates, over all its scored positions (logits in nats):

    * `candidate_accuracy`: fraction in which the right token has the largest logit of all candidates;
    * `rank`: mean rank of the right token among all tokens (1: it has the largest logit);
    * `margin`: mean of the right token's logit minus the largest logit of any other token.

    Where the split tells familiar candidates from withheld ones, and there are both:

    * `above_familiar`, `above_withheld`: mean of the right token's logit minus the mean logit of the
      familiar and of the withheld candidates;
    * `withheld_accuracy`: as `candidate_accuracy`, among the withheld candidates alone, over the
      questions that one of them answers; missing where there are none.
    """
    logits = logits_of_splits(model, parameters, dataset)
    sizes = [split.targets.size for split in dataset.splits.values()]
    for (name, split), its in zip(dataset.splits.items(), logits.split(sizes), strict=True):
        if split.candidates is None:
            continue
        targets = torch.from_numpy(split.targets.ravel()).to(its.device)
        candidates = torch.from_numpy(split.candidates).to(its.device)
        right = its.gather(1, targets[:, None])
        rivals = its.scatter(1, targets[:, None], -torch.inf)
        found = {
            "candidate_accuracy": _first_among(candidates, its, targets),
            "rank": rank_of(targets, its),
            "margin": right[:, 0] - rivals.amax(1),
        }
        if split.familiar is not None and split.familiar.any() and not split.familiar.all():
            familiar, withheld = candidates[split.familiar], candidates[~split.familiar]
            found["above_familiar"] = right[:, 0] - its[:, familiar].mean(1)
            found["above_withheld"] = right[:, 0] - its[:, withheld].mean(1)
            asked = torch.isin(targets, withheld)
            if asked.any():
                found["withheld_accuracy"] = _first_among(withheld, its[asked], targets[asked])
        for measured, values in found.items():
            # Of questions with several answers, it is the questions that are independent.
            n = min(len(values), len(split))
            mean = values.to(torch.float64).mean().item()
            yield Measurement(measured, mean, name, n_examples=n)


def _first_among(
    candidates: Int[Tensor, " candidates"],
    logits: Float[Tensor, "examples tokens"],
    targets: Int[Tensor, " examples"],
) -> Bool[Tensor, " examples"]:
    return candidates[logits[:, candidates].argmax(1)] == targets
