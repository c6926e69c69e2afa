"""What Onset's attention has and TransformerLens's lacks, added to a bridge by permanent hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from onset.models.transformer import attention
from onset.models.transformer.model import Transformer


def add_what_it_lacks(
    bridge: TransformerBridge, model: Transformer, parameters: Mapping[str, Tensor]
) -> None:
    """Smear keys and fix the patterns of given heads, in every run of the bridge from now on.

    The hooks are permanent: they come before anybody else's, so that a cache holds what the model really
    does, and `reset_hooks` leaves them.

    Args:
        bridge: of the model, with any number of block applications.
        model: the architecture.
        parameters: of a checkpoint.
    """
    n_layers = model.settings.n_layers
    if model.settings.smeared_keys:
        for i, block in enumerate(bridge.blocks):
            smear = parameters[f"layers.{i % n_layers}.attn.smear.bias"]
            block.attn.k.hook_out.add_perma_hook(partial(_smeared, smear=smear))
    if not model.settings.given_attention:
        return
    tokens: list[Tensor] = []  # of the run that is under way
    bridge.embed.hook_in.add_perma_hook(partial(_keep, kept=tokens))
    for i, block in enumerate(bridge.blocks):
        for its in model.settings.given_attention:
            if its.layer == i % n_layers:
                pattern = partial(
                    _given, head=its.head, of=lambda k=its.looks_at: _pattern(tokens, k)
                )
                block.attn.hook_pattern.add_perma_hook(pattern)


def _smeared(
    keys: Float[Tensor, "examples length heads d_head"], hook: HookPoint, smear: Tensor
) -> Float[Tensor, "examples length heads d_head"]:
    return attention.smeared(keys.transpose(1, 2), smear).transpose(1, 2)


def _keep(tokens: Int[Tensor, "examples length"], hook: HookPoint, kept: list[Tensor]) -> None:
    kept[:] = [tokens]


def _pattern(tokens: list[Tensor], looks_at: str) -> Tensor:
    return attention.given_pattern(tokens[0], looks_at)


def _given(
    pattern: Float[Tensor, "examples heads length length"],
    hook: HookPoint,
    head: int,
    of: Callable[[], Tensor],
) -> Float[Tensor, "examples heads length length"]:
    changed = pattern.clone()
    changed[:, head] = of()
    return changed
