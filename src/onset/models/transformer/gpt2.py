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
from onset.models.transformer.gpt2_tensors import gpt2_tensors
from onset.models.transformer.model import Transformer


def open_as_gpt2(model: Transformer, parameters: Mapping[str, Tensor]) -> TransformerBridge:
    """The model as a `TransformerBridge` around a GPT-2, its loops unrolled; an MLP that it lacks is zero.

    Raises:
        ValueError: it has no norms, or others, or something that TransformerLens hasn't.
    """
    s = model.settings
    if not s.like_gpt2:
        odd = [*s.only_ours, *([s.activation] if s.norms_neurons else [])]
        raise ValueError(f"not a GPT-2: norm {s.norm}, {', '.join(odd) or 'nothing else'}")
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
    missing = {name: torch.zeros_like(tensor) for name, tensor in module.state_dict().items()}
    module.load_state_dict(missing | gpt2_tensors(native_state_dict(model, parameters)))
    device = parameters["tok_embed.weight"].device
    return build_bridge_from_module(
        module.to(device).eval(),
        architecture="GPT2LMHeadModel",
        hf_config=config,
        device=device,
        dtype=torch.float32,
    ).eval()
