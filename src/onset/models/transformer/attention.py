"""Attention for whole sequences, and for single queries to the rows of their prefix."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

Pattern = Float[Tensor, "examples length length"]
"""which part of its attention each position (row) pays to each (column)"""


def in_sequences(
    p: Mapping[str, Tensor],
    normed: Float[Tensor, "examples length d_model"],
    n_heads: int,
    only: list[int] | None = None,
    given: Mapping[int, Pattern] | None = None,
    dropout: float = 0.0,
) -> Float[Tensor, "examples kept d_model"]:
    """What causal attention writes, at all positions or `only` at some.

    Args:
        p: parameters of the block by their short names.
        normed: what it reads.
        n_heads: of the block.
        only: positions, in any order.
        given: patterns of heads that don't choose their own.
        dropout: share of the attention that is left out at random.
    """
    asking = normed if only is None else normed[:, only]
    q, k, v = _queries_keys_values(p, asking, normed, n_heads)
    mask = None if only is None else _visible(normed.shape[1], normed.device)[only]
    z = F.scaled_dot_product_attention(q, k, v, mask, dropout, is_causal=mask is None)
    if given:
        kept = slice(None) if only is None else only
        by_head = zip(z.unbind(1), v.unbind(1), strict=True)
        heads = [
            given[h][:, kept] @ its_v if h in given else its_z
            for h, (its_z, its_v) in enumerate(by_head)
        ]
        z = torch.stack(heads, 1)
    return F.linear(z.transpose(1, 2).flatten(2), p["attn.o.weight"], p["attn.o.bias"])


def patterns(
    p: Mapping[str, Tensor],
    normed: Float[Tensor, "examples length d_model"],
    n_heads: int,
    given: Mapping[int, Pattern] | None = None,
) -> Float[Tensor, "examples heads length length"]:
    """The pattern of each head; arguments as above."""
    q, k, _ = _queries_keys_values(p, normed, normed, n_heads)
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    hidden = ~_visible(normed.shape[1], normed.device)
    found = scores.masked_fill(hidden, -torch.inf).softmax(-1)
    return torch.stack([(given or {}).get(h, own) for h, own in enumerate(found.unbind(1))], 1)


def given_pattern(tokens: Int[Tensor, "examples length"], looks_at: str) -> Pattern:
    """Of a head that looks where it is told: at the `previous_token`, or `after_duplicate`s."""
    n = tokens.shape[1]
    if looks_at == "previous_token":
        wanted = torch.eye(n, device=tokens.device).roll(-1, 1).tril().expand(len(tokens), n, n)
    else:
        same = (tokens[:, :, None] == tokens[:, None]).float().tril(-1)
        wanted = F.pad(same[:, :, :-1], (1, 0)).tril()
    total = wanted.sum(-1, keepdim=True)
    itself = torch.eye(n, device=tokens.device)
    return torch.where(total > 0, wanted / total.clamp(min=1), itself)


def to_context(
    q: Float[Tensor, "nodes d_model"],
    k: Float[Tensor, "rows d_model"],
    v: Float[Tensor, "rows d_model"],
    context: Int[Tensor, "nodes length"],
    padding: Tensor | None,
    n_heads: int,
) -> Float[Tensor, "nodes d_model"]:
    """One query per node against the few rows of its prefix.

    Products and sums: with so few keys, a fused kernel spends longer on each query's set-up.
    """
    d_head = q.shape[1] // n_heads
    heads = (-1, context.shape[1], n_heads, d_head)
    k, v = (F.embedding(context, rows).view(heads) for rows in (k, v))
    scores = (q.view(-1, 1, *heads[2:]) * k).sum(-1) / math.sqrt(d_head)
    if padding is not None:
        scores = scores.masked_fill(padding[..., None], -torch.inf)
    return (scores.softmax(1)[..., None] * v).sum(1).flatten(1)


def _queries_keys_values(
    p: Mapping[str, Tensor], asking: Tensor, normed: Tensor, n_heads: int
) -> tuple[Tensor, Tensor, Tensor]:
    """By example, head, position."""
    q, k, v = (
        F.linear(h, p[f"attn.{n}.weight"], p[f"attn.{n}.bias"])
        .unflatten(-1, (n_heads, -1))
        .transpose(1, 2)
        for n, h in (("q", asking), ("k", normed), ("v", normed))
    )
    return q, smeared(k, p["attn.smear.bias"]) if "attn.smear.bias" in p else k, v


def smeared(
    k: Float[Tensor, "examples heads length d_head"], smear: Float[Tensor, " heads"]
) -> Float[Tensor, "examples heads length d_head"]:
    """Each key with a share of the one before: what lets a single layer see what came before a token."""
    own = smear.sigmoid()[:, None, None]
    before = torch.cat([k[:, :, :1], k[:, :, :-1]], 2)
    return own * k + (1 - own) * before


def _visible(length: int, device: torch.device) -> Bool[Tensor, "length length"]:
    """The positions (columns) that each position (row) may attend to."""
    positions = torch.arange(length, device=device)
    return positions <= positions[:, None]
