"""Checkpoints as TransformerLens sees them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources import build_bridge_from_module
from transformer_lens.model_bridge.sources.native import NativeModel

from onset.models.transformer.hooks import add_what_it_lacks
from onset.models.transformer.model import Transformer

_ONLY_OURS = "attn.smear.bias"


def native_config(model: Transformer, n_applications: int | None = None) -> TransformerBridgeConfig:
    """The library's config for the model with its loops unrolled: a layer per block application."""
    s = model.settings
    return TransformerBridgeConfig(
        architecture="TransformerLensNative",
        d_model=s.d_model,
        n_heads=s.n_heads,
        d_head=s.d_head,
        n_layers=n_applications or s.n_applications,
        n_ctx=model.length,
        d_vocab=model.n_tokens,
        d_vocab_out=model.n_tokens,
        d_mlp=s.d_mlp or None,
        attn_only=not s.d_mlp,
        act_fn=s.activation,
        normalization_type={"layer": "LN", "none": None}[s.norm],
        positional_embedding_type="standard",
        init_weights=False,
    )


def native_state_dict(
    model: Transformer, parameters: Mapping[str, Tensor], n_applications: int | None = None
) -> dict[str, Tensor]:
    """The parameters that the library knows, all spelled out that Onset keeps once or not at all."""
    s = model.settings
    state = {name: tensor for name, tensor in parameters.items() if not name.startswith("layers.")}
    for i in range(n_applications or s.n_applications):
        source = f"layers.{i % s.n_layers}."
        for name, tensor in parameters.items():
            if name.startswith(source) and not name.endswith(_ONLY_OURS):
                state[f"layers.{i}.{name.removeprefix(source)}"] = tensor
    state.setdefault("head.weight", parameters["tok_embed.weight"])
    state.setdefault("pos.weight", torch.zeros(model.length, s.d_model))
    return state


def native_model(
    model: Transformer, parameters: Mapping[str, Tensor], n_applications: int | None = None
) -> NativeModel:
    """The library's own module with these parameters."""
    native = NativeModel(native_config(model, n_applications))
    native.load_state_dict(native_state_dict(model, parameters, n_applications))
    return native.eval()


def open_bridge(
    model: Transformer, parameters: Mapping[str, Tensor], n_applications: int | None = None
) -> TransformerBridge:
    """The model as a `TransformerBridge`, all hooks in place; what TransformerLens hasn't, hooks add.

    Args:
        model: the architecture.
        parameters: those of a checkpoint.
        n_applications: how many block applications to unroll; all of them if None. A question of h hops
            is answered by the bridge with `model.depth(h)` of them.
    """
    native = native_model(model, parameters, n_applications)
    bridge = build_bridge_from_module(
        native,
        architecture="TransformerLensNative",
        tl_config=native.cfg,
        device=next(native.parameters()).device,
        dtype=torch.float32,
    ).eval()
    add_what_it_lacks(bridge, model, parameters)
    return bridge
