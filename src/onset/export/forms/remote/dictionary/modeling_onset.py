"""Onset's sparse autoencoders as a module of Hugging Face's `transformers`, complete in this file.

    from transformers import AutoModel
    model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    model(activations).latents

Parameters have the same names as in Onset's checkpoints; their first axis runs over the dictionaries.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_onset import OnsetDictionaryConfig


@dataclass
class DictionaryOutput(ModelOutput):
    latents: Tensor | None = None
    """(dictionaries, examples, n_latents)"""
    reconstructed: Tensor | None = None
    """(dictionaries, examples, d_in)"""


class Layer(nn.Module):
    def __init__(self, weight: tuple[int, ...], bias: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(weight))
        self.bias = nn.Parameter(torch.zeros(bias))


class OnsetDictionary(PreTrainedModel):
    """x' = f(x) D + b with f(x) = s((x - b) E + e) and directions D of unit norm."""

    config_class = OnsetDictionaryConfig
    main_input_name = "inputs"

    def __init__(self, config: OnsetDictionaryConfig) -> None:
        super().__init__(config)
        n, width, d = len(config.sparsities), config.n_latents, config.d_in
        self.encoder = Layer((n, d, width), (n, width))
        self.decoder = Layer((n, width, d), (n, d))
        if config.kind == "jump_relu":
            self.log_threshold = nn.Parameter(torch.zeros(n, width))
        if config.kind in ("batch_topk", "matryoshka"):
            self.threshold = nn.Parameter(torch.zeros(n))
        self.post_init()

    def forward(self, inputs: Tensor, **others) -> DictionaryOutput:
        """Latents and reconstructions of inputs (examples, d_in) by each of the dictionaries."""
        bias = self.decoder.bias[:, None]
        latents = self._active((inputs - bias) @ self.encoder.weight + self.encoder.bias[:, None])
        return DictionaryOutput(latents=latents, reconstructed=latents @ self.directions() + bias)

    def directions(self) -> Tensor:
        """(dictionaries, n_latents, d_in), of unit norm."""
        return F.normalize(self.decoder.weight, dim=-1)

    def _active(self, encoded: Tensor) -> Tensor:
        """What is left of (dictionaries, examples, n_latents) after the activation."""
        kind = self.config.kind
        if kind == "l1":
            return encoded.relu()
        if kind == "jump_relu":
            return encoded.relu() * (encoded.relu() > self.log_threshold.exp()[:, None])
        if kind == "topk":
            kth = [
                its.topk(int(k), dim=-1).values[..., -1:]
                for its, k in zip(encoded, self.config.sparsities, strict=True)
            ]
            return encoded.relu() * (encoded >= torch.stack(kth))
        # On average, as many latents per example as were active in training.
        return encoded.relu() * (encoded >= self.threshold[:, None, None])
