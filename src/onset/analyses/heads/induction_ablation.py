"""Are the heads that look at what came after duplicates needed to predict what repeats?

The heads with the largest induction scores are replaced by their mean, and, for comparison, as many random
heads of the same layers (Olsson et al. 2022, arXiv:2209.11895, argument 3, take out heads of small models).
Chosen on other sequences than the loss is of.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.analyses.heads.name_movers import Head, drawn, largest
from onset.measures.heads.head_scores import seen, wanted
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import Dataset

NEEDS = ("repeats", "heads")
SPLITS = ("repeats", "repeats_validation")
QUANTITIES = {
    "all_heads_loss": {"kind": "nats", "label": "loss with all heads (nats)"},
    "without_induction_heads_loss": {
        "kind": "nats",
        "label": "loss without the strongest induction heads (nats)",
    },
    "without_random_heads_loss": {
        "kind": "nats",
        "label": "loss without as many random heads of the same layers (nats)",
    },
}

_MOST = 32
_SIZES = (1, 5, 10)


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """On `repeats`, of its first sequences, at all scored positions; heads are chosen on validation:

    * `all_heads_loss`;
    * `without_induction_heads_loss`: with so many (`component`) heads replaced by their mean over
      sequences, at each position; at most half of a model's heads;
    * `without_random_heads_loss`: for each of them, another head of its layer that isn't one of them.
    """
    asked, chosen_on = (dataset.splits[name] for name in SPLITS)
    bridge = inspection.open_bridge(model, parameters)
    n_layers, n_heads = bridge.cfg.n_layers, bridge.cfg.n_heads
    device = bridge.W_E.device

    places = wanted(chosen_on.tokens[:_MOST])["induction"].to(device)
    tokens = torch.from_numpy(numbers(model, chosen_on.tokens[:_MOST])).to(device)
    attention = torch.stack(_watched(bridge, tokens, "attn.hook_pattern")[1])
    n = min(max(_SIZES), n_layers * n_heads // 2)  # so that there are others to compare with
    strongest = largest(seen(attention, places), n)
    rng = np.random.Generator(np.random.Philox(seed))
    random = _of_the_same_layers(strongest, n_heads, rng)

    tokens, targets = (
        torch.from_numpy(numbers(model, its[:_MOST])).to(device)
        for its in (asked.tokens, asked.targets)
    )
    intact, heads = _watched(bridge, tokens, "attn.hook_z")
    means = [z.mean(0) for z in heads]

    def loss(logits: Float[Tensor, "sequences length tokens"]) -> float:
        said = logits[:, list(asked.scored)].flatten(0, 1)
        return F.cross_entropy(said, targets.flatten()).item()

    def loss_without(some: list[Head]) -> float:
        hooks = [
            (f"blocks.{layer}.attn.hook_z", partial(_replaced, head=head, by=means[layer]))
            for layer, head in some
        ]
        return loss(bridge.run_with_hooks(tokens, fwd_hooks=hooks))

    yield Measurement("all_heads_loss", loss(intact), SPLITS[0])
    for kind, its in (("induction", strongest), ("random", random)):
        for size in _SIZES:
            value = loss_without(its[:size])
            yield Measurement(f"without_{kind}_heads_loss", value, SPLITS[0], component=size)


def _watched(bridge: TransformerBridge, tokens: Tensor, hook: str) -> tuple[Tensor, list[Tensor]]:
    """Logits on these tokens, and what is at a hook, by layer."""
    names = [f"blocks.{i}.{hook}" for i in range(bridge.cfg.n_layers)]
    logits, cache = bridge.run_with_cache(tokens, names_filter=names)
    return logits, [cache[name] for name in names]


def _of_the_same_layers(heads: list[Head], n_heads: int, rng: np.random.Generator) -> list[Head]:
    """For each head one of its layer that is none of them, nor taken before; fewer, if a layer has none."""
    found: list[Head] = []
    for layer, _ in heads:
        others = [(layer, its) for its in range(n_heads) if (layer, its) not in (*heads, *found)]
        found += drawn(rng, others, 1)
    return found


def _replaced(
    z: Float[Tensor, "sequences length heads d_head"], hook: object, head: int, by: Tensor
) -> Tensor:
    z = z.clone()
    z[:, :, head] = by[:, head]
    return z
