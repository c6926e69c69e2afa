"""Fine-tuned checkpoints as TransformerLens sees them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import transformer_lens.model_bridge.sources  # noqa: F401, gives the bridge its `boot_...`
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.models.pretrained import loading
from onset.models.pretrained.model import Pretrained


def open_bridge(
    model: Pretrained, parameters: Mapping[str, Tensor], n_applications: int | None = None
) -> TransformerBridge:
    """The model with these parameters as a `TransformerBridge`, all hooks in place.

    It takes and gives the pretrained vocabulary's numbers; `model.in_vocabulary` translates. Its
    tokenizer is the checkpoint's.

    Args:
        model: the architecture.
        parameters: those of a checkpoint of ours.
        n_applications: all, if any: the blocks of this family are all different.

    Raises:
        ValueError: other block applications are asked for, or the parameters are another model's.
    """
    if n_applications not in (None, model.depth(1)):
        raise ValueError(f"{model.settings.checkpoint} applies each of its blocks once, always")
    parameters = model.plain(parameters)
    module = loading.module(model.config)
    odd = parameters.keys() ^ dict(module.named_parameters()).keys()
    if odd:
        said = f"too many or too few: {', '.join(sorted(odd))}"
        raise ValueError(f"these aren't parameters of {model.settings.checkpoint}; {said}")
    module.load_state_dict(parameters, strict=False)  # what is tied stands there once
    device = next(iter(parameters.values())).device
    return TransformerBridge.boot_transformers(
        loading.where(model.settings),
        revision=loading.revision(model.settings),
        hf_model=module.to(device),
        device=device,
        dtype=torch.float32,
    ).eval()
