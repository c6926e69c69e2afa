"""Does it matter where heads look for each question, or only where they look on average?

Attention patterns are replaced by their mean over the questions of a split, all heads at once, with
TransformerLens's hooks. Questions that are still answered don't need attention that depends on the
question, as in the Pizza of Zhong et al. 2023 (arXiv:2306.17844).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from onset.measures.answers.asking import is_right
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import VALIDATION, Dataset

NEEDS = ("heads",)
QUANTITIES = {
    "frozen_attention_loss": {"kind": "nats", "label": "loss with mean attention (nats)"},
    "frozen_attention_accuracy": {"kind": "share", "label": "accuracy with mean attention"},
    "free_attention_loss": {"kind": "nats", "label": "loss with its own attention (nats)"},
    "free_attention_accuracy": {"kind": "share", "label": "accuracy with its own attention"},
}


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split, validation parts left out, at its last scored position:

    * `frozen_attention_loss`, `frozen_attention_accuracy`;
    * `free_attention_loss`, `free_attention_accuracy`: the same with nothing replaced.
    """
    for name, split in dataset.splits.items():
        if name.endswith(VALIDATION):
            continue
        bridge = inspection.open_bridge(model, parameters, model.depth(split.hops))
        device = bridge.W_E.device
        tokens, targets = (
            torch.from_numpy(numbers(model, its)).to(device)
            for its in (split.tokens, split.targets[:, -1])
        )
        patterns = [f"blocks.{i}.attn.hook_pattern" for i in range(bridge.cfg.n_layers)]
        _, cache = bridge.run_with_cache(tokens, names_filter=patterns)
        frozen = [(at, partial(_replaced, by=cache[at].mean(0, keepdim=True))) for at in patterns]
        for kind, hooks in (("frozen", frozen), ("free", [])):
            logits = bridge.run_with_hooks(tokens, fwd_hooks=hooks)[:, split.scored[-1]]
            loss = F.cross_entropy(logits.double(), targets).item()
            accuracy = is_right(logits, targets).mean().item()
            yield Measurement(f"{kind}_attention_loss", loss, name)
            yield Measurement(f"{kind}_attention_accuracy", accuracy, name)


def _replaced(pattern: Tensor, hook: object, by: Tensor) -> Tensor:
    return by.expand_as(pattern)
