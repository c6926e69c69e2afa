"""Transformers in Hugging Face's form: a GPT-2 if that is the same function, else code of their own."""

from __future__ import annotations

from typing import Any

from onset.export.forms.form import BOOTED, Form, remote_form
from onset.models.transformer.gpt2_tensors import gpt2_tensors
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings

ONLY_AT_FIRST = {"name", "weights", "token_scale", "position_scale", "attention_biases"}
"""settings that only say how parameters are initialised, or which of them stay zero"""


def form(model: Transformer) -> Form:
    """`AutoModelForCausalLM` opens it, and so does TransformerLens."""
    # No token ends a sequence, so generation ends at the length of the world's longest sequences.
    generation = {"do_sample": False, "max_length": model.length, "use_cache": False}
    if is_gpt2(model.settings):
        return Form(
            _gpt2_config(model),
            "AutoModelForCausalLM",
            tensors=gpt2_tensors,
            generation=generation,
            lens=BOOTED,
        )
    told = model.settings.model_dump(mode="json", exclude=ONLY_AT_FIRST)
    return remote_form(
        "transformer",
        {**told, "vocab_size": model.n_tokens, "max_position_embeddings": model.length},
        ("OnsetConfig", "OnsetForCausalLM"),
        "AutoModelForCausalLM",
        generation=generation,
        lens='AutoModelForCausalLM.from_pretrained("{folder}", trust_remote_code=True).bridge()',
    )


def is_gpt2(settings: Settings) -> bool:
    """Whether it is exactly a GPT-2: nothing missing, and nothing added."""
    s = settings
    return (
        s.like_gpt2
        and s.positions == "learned"
        and s.d_mlp > 0
        and s.n_loops == 1
        and s.readout == "last"
    )


def _gpt2_config(model: Transformer) -> dict[str, Any]:
    s = model.settings
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "dtype": "float32",
        "vocab_size": model.n_tokens,
        "n_positions": model.length,
        "n_embd": s.d_model,
        "n_layer": s.n_layers,
        "n_head": s.n_heads,
        "n_inner": s.d_mlp,
        "activation_function": s.activation,
        "tie_word_embeddings": s.tied_embeddings,
        "embd_pdrop": s.dropout,
        "attn_pdrop": s.dropout,
        "resid_pdrop": s.dropout,
        "layer_norm_epsilon": 1e-5,
        "bos_token_id": None,
        "eos_token_id": None,
        "use_cache": False,
    }
