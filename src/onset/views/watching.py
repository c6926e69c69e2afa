"""Attention patterns and the logit lens of a few sequences at one checkpoint.

The logit lens (nostalgebraist 2020, "interpreting GPT: the logit lens") reads the residual stream after
each layer through the final norm and the unembedding, as if the model ended there: TransformerLens's
`logit_lens`. A model that is read out per hop does end there, for questions of so many hops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.tools.analysis import logit_lens

from onset.views.chosen import Example, padded

TOP_TOKENS = 3

_ROWS_AT_ONCE = 1 << 12
"""of logits, which may be of a large vocabulary"""


class Seen(NamedTuple):
    """Of all examples, padded to the longest. What is right where nothing is scored has no meaning."""

    attention: Float[np.ndarray, "layers examples heads length length"]
    tokens: Int[np.ndarray, "layers_and_one examples length top"]
    """the likeliest after the embedding and after each layer, in the bridge's numbers"""
    shares: Float[np.ndarray, "layers_and_one examples length top"]
    """their probabilities"""
    right: Float[np.ndarray, "layers_and_one examples length"]
    """probability of the right token"""


def watch(bridge: TransformerBridge, examples: Sequence[Example]) -> Seen:
    """All layers of the bridge, whether or not an example is answered before the last."""
    tokens = torch.from_numpy(padded([its.tokens for its in examples]))
    right = torch.zeros_like(tokens)
    for row, its in enumerate(examples):
        right[row, list(its.scored)] = torch.from_numpy(its.right)
    tokens, right = tokens.to(bridge.W_E.device), right.to(bridge.W_E.device)
    layers = range(bridge.cfg.n_layers)
    patterns = [f"blocks.{i}.attn.hook_pattern" for i in layers]
    states = [
        *(f"blocks.{i}.hook_resid_pre" for i in layers),
        f"blocks.{layers[-1]}.hook_resid_post",
    ]
    _, cache = bridge.run_with_cache(tokens, names_filter=[*patterns, *states])
    read = {"cache": cache, "positions": None, "return_type": "probs", "chunk_size": _ROWS_AT_ONCE}
    top = logit_lens(bridge, top_k=TOP_TOKENS, **read).readout
    of_right = logit_lens(bridge, targets=right, **read).readout
    return Seen(
        torch.stack([cache[name] for name in patterns]).cpu().numpy(),
        top.top_ids.cpu().numpy(),
        _shares(top.values),
        _shares(of_right.values[..., 0]),
    )


def _shares(probabilities: Tensor) -> np.ndarray:
    """A softmax of single precision may be a little above 1."""
    return probabilities.clamp(0, 1).cpu().numpy()
