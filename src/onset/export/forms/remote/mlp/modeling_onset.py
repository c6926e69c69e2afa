"""Onset's multi-layer perceptron as a module of Hugging Face's `transformers`, complete in this file.

    from transformers import AutoModel
    model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    model(input_ids).logits

Parameters have the same names as in Onset's checkpoints.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_onset import OnsetMlpConfig


@dataclass
class MlpOutput(ModelOutput):
    logits: Tensor | None = None
    """(sequences, tokens): of what comes after the last token"""


class Layer(nn.Module):
    def __init__(self, bias: int = 0, **weight: tuple[int, int]) -> None:
        super().__init__()
        for name, shape in weight.items():
            setattr(self, name, nn.Parameter(torch.zeros(*shape)))
        if bias:
            self.bias = nn.Parameter(torch.zeros(bias))


class OnsetMlp(PreTrainedModel):
    """The first layer reads a row of a table for each place and token; the others read neurons."""

    config_class = OnsetMlpConfig
    main_input_name = "input_ids"

    def __init__(self, config: OnsetMlpConfig) -> None:
        super().__init__(config)
        places = config.length if config.places == "own" else 1
        self.tok_embed = Layer(weight=(config.n_tokens, places * config.width))
        self.hidden_0 = Layer(bias=config.width)
        for i in range(1, config.n_hidden):
            layer = Layer(bias=config.width, weight=(config.width, config.width))
            self.add_module(f"hidden_{i}", layer)
        self.head = Layer(weight=(config.n_tokens, config.width))
        self.post_init()

    def forward(self, input_ids: Tensor, **others) -> MlpOutput:
        """Logits for sequences (sequences, length) that are complete."""
        c, places = self.config, input_ids
        if c.places == "own":
            places = input_ids * c.length + torch.arange(c.length, device=input_ids.device)
        rows = self.tok_embed.weight.view(-1, c.width)
        x = F.embedding_bag(places, rows, mode="sum") + self.hidden_0.bias
        activation = {"relu": F.relu, "gelu": F.gelu}[c.activation]
        for i in range(1, c.n_hidden):
            layer = getattr(self, f"hidden_{i}")
            x = F.linear(activation(x), layer.weight, layer.bias)
        return MlpOutput(logits=F.linear(activation(x), self.head.weight))
