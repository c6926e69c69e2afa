"""How much probability a model gives to tokens that have already appeared in the sequence.

Before models know which token of a context comes next, they learn that it is one of the context's tokens:
the stage before the induction head in Edelman et al. 2024 (arXiv:2402.11004), where it is called the
unigram solution.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
from jaxtyping import Bool
from torch import Tensor

from onset.measures.answers.asking import logits_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import VALIDATION, Dataset, Split

NEEDS = ("repeats",)
QUANTITIES = {
    "context_share": {"kind": "share", "label": "probability of tokens seen before"},
    "context_evenness": {"kind": "share", "label": "evenness over tokens seen before"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per split that is scored at several positions, but for validation parts, mean over them:

    * `context_share`: probability of all tokens that stand at or before the position;
    * `context_evenness`: entropy within these tokens, relative to a uniform distribution over them.
    """
    logits = logits_of_splits(model, parameters, dataset)[:, : dataset.n_tokens]
    sizes = [split.targets.size for split in dataset.splits.values()]
    for (name, split), its in zip(dataset.splits.items(), logits.split(sizes), strict=True):
        if len(split.scored) < 2 or name.endswith(VALIDATION):
            continue
        seen = _seen(split, dataset.n_tokens).to(its.device)
        share = its.softmax(-1).masked_fill(~seen, 0.0).sum(-1)
        within = its.masked_fill(~seen, -torch.inf).softmax(-1)
        most = seen.sum(-1).log()
        evenness = (torch.special.entr(within).sum(-1) / most)[most > 0]
        yield Measurement("context_share", share.double().mean().item(), name)
        yield Measurement("context_evenness", evenness.double().mean().item(), name)


@lru_cache(maxsize=8)
def _seen(split: Split, n_tokens: int) -> Bool[Tensor, "scored tokens"]:
    """Which tokens each scored position has seen."""
    shown = torch.nn.functional.one_hot(torch.from_numpy(split.tokens), n_tokens)
    return shown.cumsum(1)[:, list(split.scored)].flatten(0, 1) > 0
