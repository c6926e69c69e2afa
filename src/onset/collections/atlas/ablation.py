"""The loss from removing a head: its output is replaced by its mean, the rest runs as usual.

"Mean ablation", as in `analyses.ablation`, of many questions and heads in one call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

_MOST_LOGITS = 1 << 25
"""in one call: 128 MB"""


class Asked(NamedTuple):
    """Questions of one length, scored at the same positions, and of one split or of several."""

    tokens: Int[Tensor, "questions length"]
    targets: Int[Tensor, "questions scored"]
    scored: tuple[int, ...]
    split: Int[Tensor, " questions"]
    """number of the split that each is of: means are taken within it"""


class Said(NamedTuple):
    """Means over the scored positions of each question."""

    loss: Float[Tensor, "*heads questions"]
    """cross-entropy in nats"""
    right: Float[Tensor, "*heads questions"]
    """share of right answers"""


def with_all(bridge: TransformerBridge, asked: Asked) -> Said:
    """What the model says with all its heads."""
    return _judged(bridge(asked.tokens), asked)


def without_each(bridge: TransformerBridge, asked: Asked) -> Iterator[Said]:
    """What it says without each head of a layer, layer by layer."""
    n_heads, n_questions = bridge.cfg.n_heads, len(asked.tokens)
    names = [f"blocks.{i}.attn.hook_z" for i in range(bridge.cfg.n_layers)]
    _, cache = bridge.run_with_cache(asked.tokens, names_filter=names)
    at_once = max(1, _MOST_LOGITS // (asked.tokens.numel() * bridge.cfg.d_vocab))
    for name in names:
        mean = _means(cache[name], asked.split)
        found = []
        for heads in torch.arange(n_heads).split(at_once):

            def replace(
                z: Tensor, hook: HookPoint, heads: Tensor = heads, mean: Tensor = mean
            ) -> Tensor:
                z = z.clone()
                for place, head in enumerate(heads.tolist()):
                    rows = slice(place * n_questions, (place + 1) * n_questions)
                    z[rows, :, head] = mean[:, :, head]
                return z

            logits = bridge.run_with_hooks(
                asked.tokens.repeat(len(heads), 1), fwd_hooks=[(name, replace)]
            )
            by_head = logits.unflatten(0, (len(heads), n_questions))
            found += [_judged(its, asked) for its in by_head]
        yield Said(*(torch.stack(its) for its in zip(*found, strict=True)))


def _means(
    z: Float[Tensor, "questions length heads d_head"], split: Int[Tensor, " questions"]
) -> Float[Tensor, "questions length heads d_head"]:
    """For each question the mean over those of its split, position by position."""
    means = torch.empty_like(z)
    for its in split.unique():
        means[split == its] = z[split == its].mean(0)
    return means


def _judged(logits: Float[Tensor, "questions length tokens"], asked: Asked) -> Said:
    at = logits[:, list(asked.scored)].double()
    loss = F.cross_entropy(at.flatten(0, 1), asked.targets.flatten(), reduction="none")
    right = at.argmax(-1) == asked.targets
    return Said(loss.view_as(asked.targets).mean(1), right.double().mean(1))
