"""Which heads and MLPs write the answer, and not its rival: direct logit attribution, head by head.

The residual stream where an answer is asked for is a sum of what embeddings, heads and MLPs wrote; through
the final norm, whose scale is held fixed, each contributes linearly to the difference between the logits of
the right answer and of the rival (Elhage et al. 2021, "A mathematical framework for transformer circuits";
for indirect objects Wang et al. 2022, arXiv:2211.00593). TransformerLens's `direct_logit_attribution`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.tools.analysis import direct_logit_attribution

from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import VALIDATION, Dataset
from onset.training.batches import questions_of

NEEDS = ("rival", "heads")
QUANTITIES = {
    "answer_lead": {"kind": "logits", "label": "lead of the answer over its rival (nats)"},
    "head_effect": {"kind": "logits", "label": "direct effect of the head (nats)"},
    "mlp_effect": {"kind": "logits", "label": "direct effect of the MLP (nats)"},
    "embedding_effect": {"kind": "logits", "label": "direct effect of the embeddings (nats)"},
}

_MOST = 128  # questions of a split
_AT_ONCE = 16
Part = tuple[str] | tuple[str, int] | tuple[str, int, int]
"""quantity, block application, head"""


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Per split with rivals but for validation parts, of its first questions, at the last scored position:

    * `answer_lead`: mean logit of the right answer minus that of its rival;
    * `head_effect` by block application (`layer`) and `head`, `mlp_effect` by block application and
      `embedding_effect`: what of it each writes. What is missing to the whole are biases.
    """
    bridge = _folded(inspection.open_bridge(model, parameters))
    for name, split in dataset.splits.items():
        if "rival" not in split.truth or name.endswith(VALIDATION):
            continue
        n = min(_MOST, len(split))
        found: dict[Part, float] = dict.fromkeys(_parts(bridge), 0.0)
        for rows, asked in questions_of(split, slice(n)).alike():
            right, rival = split.targets[rows, -1], split.truth["rival"][rows]
            its = (numbers(model, of_all) for of_all in (asked.tokens, right, rival))
            for part, effect in _effects(bridge, asked.scored[-1], *map(torch.from_numpy, its)):
                found[part] += effect.double().sum().item() / n
        for (quantity, *where), value in found.items():
            yield Measurement(quantity, value, name, *where, n_examples=n)


def _folded(bridge: TransformerBridge) -> TransformerBridge:
    """With the norms' weights in the matrices that read from them, as the tool asks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        bridge.enable_compatibility_mode()
    return bridge


def _parts(bridge: TransformerBridge) -> list[Part]:
    """What there is to be told apart, in order."""
    layers, heads = range(bridge.cfg.n_layers), range(bridge.cfg.n_heads)
    return [
        ("answer_lead",),
        ("embedding_effect",),
        *(("head_effect", layer, head) for layer in layers for head in heads),
        *(("mlp_effect", layer) for layer in layers),
    ]


def _effects(
    bridge: TransformerBridge,
    place: int,
    tokens: Int[Tensor, "questions length"],
    right: Int[Tensor, " questions"],
    rival: Int[Tensor, " questions"],
) -> Iterator[tuple[Part, Float[Tensor, " questions"]]]:
    """Of each part, on each question; in parts, as what all heads write on all of them is large."""
    for some, its, other in zip(
        *(of.split(_AT_ONCE) for of in (tokens, right, rival)), strict=True
    ):
        some, its, other = (of.to(bridge.W_E.device) for of in (some, its, other))
        logits, cache = bridge.run_with_cache(some)
        at = logits[:, place]
        lead = at.gather(1, its[:, None]) - at.gather(1, other[:, None])
        yield ("answer_lead",), lead[:, 0]
        for unit, part_of in (("head", _head), ("component", _component)):
            found = direct_logit_attribution(
                bridge, answer_tokens=its, incorrect_tokens=other, unit=unit, pos=place, cache=cache
            )
            for label, effect in zip(found.labels, found.attribution, strict=True):
                if part := part_of(label):
                    yield part, effect


def _head(label: str) -> Part | None:
    """`L3H7` in the tool's words."""
    match = re.fullmatch(r"L(\d+)H(\d+)", label)
    return ("head_effect", int(match[1]), int(match[2])) if match else None


def _component(label: str) -> Part | None:
    """`embed`, `pos_embed` or `3_mlp_out`; attention layers are the sum of their heads."""
    if label in ("embed", "pos_embed"):
        return ("embedding_effect",)
    match = re.fullmatch(r"(\d+)_mlp_out", label)
    return ("mlp_effect", int(match[1])) if match else None
