"""Tiny pretrained models that tests make themselves: random weights, saved in Hugging Face format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

PIECE = r" ?[^\W\d]+| ?\d| ?[^\w\s]"
"""of a text: a word, a digit or a sign, with the blank before it"""
N_ROWS, N_POSITIONS, WIDTH = 61, 8, 16
"""of their vocabulary, and the longest sequences"""


def gpt2(rows: int = N_ROWS, positions: int = N_POSITIONS) -> PreTrainedModel:
    """With learned positions, tied embeddings, joint query-key-value matrices and dropout."""
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=rows,
            n_embd=WIDTH,
            n_layer=2,
            n_head=2,
            n_positions=positions,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


def pythia(rows: int = N_ROWS, positions: int = N_POSITIONS) -> PreTrainedModel:
    """With rotary positions, untied embeddings, attention and MLP in parallel, in half precision."""
    return GPTNeoXForCausalLM(
        GPTNeoXConfig(
            vocab_size=rows,
            hidden_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=4 * WIDTH,
            max_position_embeddings=positions,
            rotary_pct=0.25,
            bos_token_id=0,
            eos_token_id=0,
        )
    ).to(torch.float16)


def llama(rows: int = N_ROWS, positions: int = N_POSITIONS) -> PreTrainedModel:
    """With rotary positions, tied embeddings, gated MLPs, and keys and values that two heads share."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=rows,
            hidden_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=3 * WIDTH,
            max_position_embeddings=positions,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


KINDS = {"gpt2": gpt2, "llama": llama, "pythia": pythia}


def save(
    kind: str,
    folder: Path,
    seed: int = 0,
    rows: int = N_ROWS,
    positions: int = N_POSITIONS,
    pieces: Sequence[str] = (),
) -> Path:
    """A model of random weights and a tokenizer of words `w0`, `w1`, … or of pieces of texts."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = KINDS[kind](rows, positions)
        for parameter in model.parameters():  # as drawn, all biases are zero: mistakes could hide
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    tokenizer_of(pieces, rows).save_pretrained(folder)
    return folder


def tokenizer_of(pieces: Sequence[str], rows: int = N_ROWS) -> PreTrainedTokenizerFast:
    """Of pieces of texts, from token 1 on; without any, of words `w0`, `w1`, … with blanks between them."""
    if pieces:
        of_pieces = {"w0": 0} | {piece: i for i, piece in enumerate(pieces, 1)}
        words = Tokenizer(models.WordLevel(of_pieces, unk_token="w0"))
        words.pre_tokenizer = pre_tokenizers.Split(Regex(PIECE), "isolated")
    else:
        words = Tokenizer(models.WordLevel({f"w{i}": i for i in range(rows)}, unk_token="w0"))
        words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, bos_token="w0", eos_token="w0")
