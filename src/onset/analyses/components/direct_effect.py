"""Which parts write the answer: direct logit attribution.

The residual stream at the answering position is a sum of what the embeddings, each attention layer
and each MLP wrote; through the final norm, whose scale is held fixed, each contributes linearly to the
logits (Elhage et al. 2021, "A mathematical framework for transformer circuits"). TransformerLens's
`direct_logit_attribution`, towards the right answer and away from the donor's.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from transformer_lens.tools.analysis import direct_logit_attribution

from onset.analyses.components.questions import exchanges
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset

NEEDS = ("bridge", "residual_stream")
QUANTITIES = {
    "direct_effect_token_embedding": {
        "kind": "logits",
        "label": "direct effect of the token embedding (nats)",
    },
    "direct_effect_position_embedding": {
        "kind": "logits",
        "label": "direct effect of the position embedding (nats)",
    },
    "direct_effect_attention": {
        "kind": "logits",
        "label": "direct effect of the attention layer (nats)",
    },
    "direct_effect_mlp": {"kind": "logits", "label": "direct effect of the MLP (nats)"},
}


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Mean contribution to the logit difference between the right answer and the donor's, per split:

    * `direct_effect_token_embedding`, `direct_effect_position_embedding`;
    * `direct_effect_attention`, `direct_effect_mlp` by block application (`layer`).

    What is missing to the whole difference are the biases.
    """
    prepared = set()
    for exchange in exchanges(model, parameters, dataset, seed):
        if id(exchange.bridge) not in prepared:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exchange.bridge.enable_compatibility_mode()  # folds the norms, as the tool asks
            prepared.add(id(exchange.bridge))
        found = direct_logit_attribution(
            exchange.bridge,
            exchange.tokens,
            exchange.target,
            exchange.donor_target,
            pos=exchange.scored,
        )
        for label, effect in zip(found.labels, found.attribution, strict=True):
            layer, part = _part_of(label)
            value = effect.double().mean().item()
            yield Measurement(f"direct_effect_{part}", value, exchange.split, layer)


def _part_of(label: str) -> tuple[int | None, str]:
    """(block application, part) of the tool's label: `embed`, `pos_embed`, `0_attn_out`, `0_mlp_out`."""
    layer, _, part = label.partition("_")
    if layer.isdigit():
        return int(layer), {"attn_out": "attention", "mlp_out": "mlp"}[part]
    return None, {"embed": "token_embedding", "pos_embed": "position_embedding"}[label]
