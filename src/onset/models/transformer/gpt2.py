"""Checkpoints as a GPT-2 in TransformerLens, for tools that don't support native blocks.

Edge attribution needs hooks at what each head reads and writes. TransformerLens's bridge has them for
GPT-2's attention and not for its own native one; with layer norms and learned positions the two are the
same function.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources import build_bridge_from_module
from transformers import GPT2Config, GPT2LMHeadModel

from onset.models.transformer.bridge import native_state_dict
from onset.models.transformer.model import Transformer


def open_as_gpt2(model: Transformer, parameters: Mapping[str, Tensor]) -> TransformerBridge:
    """The model as a `TransformerBridge` around a GPT-2, its loops unrolled; an MLP that it lacks is zero.

    Raises:
        ValueError: it has no norms, or something that TransformerLens hasn't.
    """
    s = model.settings
    if s.norm != "layer" or s.only_ours:
        raise ValueError(f"not a GPT-2: norm {s.norm}, {', '.join(s.only_ours) or 'nothing else'}")
    config = GPT2Config(
        vocab_size=model.n_tokens,
        n_positions=model.length,
        n_embd=s.d_model,
        n_layer=s.n_applications,
        n_head=s.n_heads,
        n_inner=s.d_mlp or 1,
        activation_function=s.activation,
        tie_word_embeddings=False,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    module = GPT2LMHeadModel(config)
    module.load_state_dict(_state_dict(model, parameters, module.state_dict()))
    device = parameters["tok_embed.weight"].device
    return build_bridge_from_module(
        module.to(device).eval(),
        architecture="GPT2LMHeadModel",
        hf_config=config,
        device=device,
        dtype=torch.float32,
    ).eval()


def _state_dict(
    model: Transformer, parameters: Mapping[str, Tensor], theirs: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Our parameters by GPT-2's names; its linear maps have their inputs as rows."""
    ours = native_state_dict(model, parameters)
    found = {name: torch.zeros_like(tensor) for name, tensor in theirs.items()}
    found["transformer.wte.weight"] = ours["tok_embed.weight"]
    found["transformer.wpe.weight"] = ours["pos.weight"]
    found["lm_head.weight"] = ours["head.weight"]
    for kind in ("weight", "bias"):
        found[f"transformer.ln_f.{kind}"] = ours[f"ln_out.{kind}"]
        for i in range(model.settings.n_applications):
            their, our = f"transformer.h.{i}", f"layers.{i}"
            found[f"{their}.ln_1.{kind}"] = ours[f"{our}.ln1.{kind}"]
            qkv = torch.cat([ours[f"{our}.attn.{name}.{kind}"] for name in "qkv"])
            found[f"{their}.attn.c_attn.{kind}"] = qkv.mT if kind == "weight" else qkv
            linears = {"attn.c_proj": "attn.o"}
            if model.settings.d_mlp:
                found[f"{their}.ln_2.{kind}"] = ours[f"{our}.ln2.{kind}"]
                linears |= {"mlp.c_fc": "mlp.fc_in", "mlp.c_proj": "mlp.fc_out"}
            for their_linear, our_linear in linears.items():
                tensor = ours[f"{our}.{our_linear}.{kind}"]
                found[f"{their}.{their_linear}.{kind}"] = tensor.mT if kind == "weight" else tensor
    return found
