"""A transformer of Onset opened in TransformerLens 4: `model.bridge()`."""

from __future__ import annotations

from functools import partial

import torch


def open_bridge(model, n_applications=None, tokenizer=None):
    """The model as a `TransformerBridge` with its loops unrolled; hooks add what the library lacks.

    Args:
        model: an `OnsetForCausalLM`.
        n_applications: how many block applications to unroll, by default all.
        tokenizer: of the bridge.
    """
    try:  # without it, `transformers` would refuse the model if TransformerLens isn't installed
        from transformer_lens.config import TransformerBridgeConfig
        from transformer_lens.model_bridge.sources import build_bridge_from_module
        from transformer_lens.model_bridge.sources.native import NativeModel
    except ImportError as error:
        raise ImportError(
            "bridge() needs TransformerLens: pip install 'transformer-lens>=4'"
        ) from error
    c = model.config
    depth = n_applications or c.n_applications
    native = NativeModel(
        TransformerBridgeConfig(
            architecture="TransformerLensNative",
            d_model=c.d_model,
            n_heads=c.n_heads,
            d_head=c.d_model // c.n_heads,
            n_layers=depth,
            n_ctx=c.max_position_embeddings,
            d_vocab=c.vocab_size,
            d_vocab_out=c.vocab_size,
            d_mlp=c.d_mlp or None,
            attn_only=not c.d_mlp,
            act_fn=c.activation,
            normalization_type={"layer": "LN", "none": None}[c.norm],
            positional_embedding_type="standard",
            init_weights=False,
        )
    )
    native.load_state_dict(_unrolled(model, depth))
    native.to(model.device).eval()
    bridge = build_bridge_from_module(
        native,
        architecture="TransformerLensNative",
        tl_config=native.cfg,
        tokenizer=tokenizer,
        device=model.device,
        dtype=torch.float32,
    ).eval()
    _add_what_it_lacks(bridge, model)
    return bridge


def _unrolled(model, depth):
    """The parameters by the library's names, with a layer per block application."""
    c, own = model.config, model.state_dict()
    state = {name: tensor for name, tensor in own.items() if not name.startswith("layers.")}
    for i in range(depth):
        source = f"layers.{i % c.n_layers}."
        for name, tensor in own.items():
            if name.startswith(source) and not name.endswith("attn.smear.bias"):
                state[f"layers.{i}.{name.removeprefix(source)}"] = tensor
    state.setdefault("head.weight", own["tok_embed.weight"])
    state.setdefault("pos.weight", torch.zeros(c.max_position_embeddings, c.d_model))
    return state


def _add_what_it_lacks(bridge, model):
    """Smeared keys and given patterns, through hooks that `reset_hooks` doesn't remove."""
    c = model.config
    tokens = []  # of the current forward pass
    if c.given_attention:
        bridge.embed.hook_in.add_perma_hook(partial(_keep, kept=tokens))
    for i, block in enumerate(bridge.blocks):
        layer = model.layers[i % c.n_layers].attn
        if c.smeared_keys:
            block.attn.k.hook_out.add_perma_hook(partial(_smeared, smear=layer.smear))
        for head, looks_at in layer.given.items():
            of = partial(_given, head=head, looks_at=looks_at, tokens=tokens)
            block.attn.hook_pattern.add_perma_hook(of)


def _smeared(keys, hook, smear):
    """(examples, length, heads, d_head)."""
    return smear(keys.transpose(1, 2)).transpose(1, 2)


def _keep(tokens, hook, kept):
    kept[:] = [tokens]


def _given(pattern, hook, head, looks_at, tokens):
    """(examples, heads, length, length)."""
    from .modeling_onset import given_pattern

    changed = pattern.clone()
    changed[:, head] = given_pattern(tokens[0], looks_at)
    return changed
