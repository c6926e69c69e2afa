"""Onset's bottleneck networks as a module of Hugging Face's `transformers`, complete in this file.

    from transformers import AutoModel
    model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    model(inputs).outputs

Parameters have the same names as in Onset's checkpoints; their first axis runs over the networks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_onset import OnsetBottleneckConfig

_ACTIVATIONS = {"relu": torch.relu, "none": lambda x: x}


@dataclass
class BottleneckOutput(ModelOutput):
    outputs: Tensor | None = None
    """(examples, d_out)"""
    hidden: Tensor | None = None
    """(examples, networks, d_hidden): the narrow layer, after its activation"""


class Layer(nn.Module):
    """Weights (networks, to, from) and biases (networks, to, 1), where there are any."""

    def __init__(
        self, n: int, n_to: int, n_from: int, weight: bool = True, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n, n_to, n_from)) if weight else None
        self.bias = nn.Parameter(torch.zeros(n, n_to, 1)) if bias else None

    def forward(self, x: Tensor, weight: Tensor | None = None) -> Tensor:
        """(networks, from, examples) -> (networks, to, examples).

        Args:
            x: the layer's input.
            weight: to be used if the layer has none of its own.
        """
        weight = self.weight if weight is None else weight
        return torch.bmm(weight, x) if self.bias is None else torch.baddbmm(self.bias, weight, x)


class OnsetBottleneck(PreTrainedModel):
    """x' = f(W' g(W x + b) + b'), separately for each network."""

    config_class = OnsetBottleneckConfig
    main_input_name = "inputs"

    def __init__(self, config: OnsetBottleneckConfig) -> None:
        super().__init__(config)
        n, n_out = config.n_instances, config.d_out // config.n_instances
        self.encode = Layer(n, config.d_hidden, config.n_inputs, bias=not config.tied)
        self.decode = Layer(n, n_out, config.d_hidden, weight=not config.tied)
        self.post_init()

    def forward(self, inputs: Tensor, **others) -> BottleneckOutput:
        """The networks' outputs for inputs (examples, d_in); each network reads its own entries."""
        c = self.config
        x = inputs.view(len(inputs), c.n_instances, -1).permute(1, 2, 0).contiguous()
        hidden = _ACTIVATIONS[c.hidden_activation](self.encode(x))
        back = self.encode.weight.transpose(1, 2) if c.tied else None
        said = _ACTIVATIONS[c.output_activation](self.decode(hidden, back))
        return BottleneckOutput(
            outputs=said.permute(2, 0, 1).flatten(1), hidden=hidden.permute(2, 0, 1)
        )
