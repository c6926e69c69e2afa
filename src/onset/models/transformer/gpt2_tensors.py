"""A transformer's parameters by the names that GPT-2's have in Hugging Face's `transformers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

_OUTSIDE = {
    "tok_embed.weight": "transformer.wte.weight",
    "pos.weight": "transformer.wpe.weight",
    "head.weight": "lm_head.weight",
    "ln_out.weight": "transformer.ln_f.weight",
    "ln_out.bias": "transformer.ln_f.bias",
}
_NORMS = {"ln1": "ln_1", "ln2": "ln_2"}
_LINEAR = {"attn.o": "attn.c_proj", "mlp.fc_in": "mlp.c_fc", "mlp.fc_out": "mlp.c_proj"}


def gpt2_tensors(parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The parameters that the model has, by GPT-2's names.

    Its linear maps have their inputs as rows, and one of them holds queries, keys and values.

    Args:
        parameters: of a model with a layer per block application.
    """
    found = {their: parameters[our] for our, their in _OUTSIDE.items() if our in parameters}
    for layer in _layers(parameters):
        our, their = f"layers.{layer}", f"transformer.h.{layer}"
        for kind in ("weight", "bias"):
            qkv = torch.cat([parameters[f"{our}.attn.{name}.{kind}"] for name in "qkv"])
            found[f"{their}.attn.c_attn.{kind}"] = _as_rows(qkv)
            for name, its in {**_NORMS, **_LINEAR}.items():
                if (tensor := parameters.get(f"{our}.{name}.{kind}")) is not None:
                    found[f"{their}.{its}.{kind}"] = _as_rows(tensor)
    return found


def _layers(parameters: Mapping[str, Tensor]) -> Iterator[str]:
    yield from dict.fromkeys(
        name.split(".")[1] for name in parameters if name.startswith("layers.")
    )


def _as_rows(tensor: Tensor) -> Tensor:
    """A matrix with its inputs as rows; biases and norms as they are."""
    return tensor.mT.contiguous() if tensor.ndim > 1 else tensor
