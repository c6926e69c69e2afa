"""Onset's products of factors as a module of Hugging Face's `transformers`, complete in this file.

    from transformers import AutoModel
    model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    model(inputs).outputs

Parameters have the same names as in Onset's checkpoints; their first axis runs over the networks with the
same number of factors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_onset import OnsetFactorsConfig


@dataclass
class FactorsOutput(ModelOutput):
    outputs: Tensor | None = None
    """(networks, examples, d_out): those with the first number of factors, then those with the next"""


class Weight(nn.Module):
    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*shape))


class Chain(nn.Module):
    """The networks with k factors."""

    def __init__(self, config: OnsetFactorsConfig, k: int) -> None:
        super().__init__()
        self.k, n = k, len(config.scales) * config.restarts
        if config.attention:
            self.query = Weight(n, config.d_head)
            self.keys = Weight(n, config.d_in // config.n_signs, config.d_head)
        for i in range(k):
            rows = config.n_signs if i == k - 1 else config.width
            columns = config.n_signs if i == 0 else config.width
            self.add_module(f"factor_{i}", Weight(n, rows, columns))

    def forward(self, x: Tensor, config: OnsetFactorsConfig) -> Tensor:
        """(places, signs, examples) -> (networks, signs, examples)."""
        state = x[0]
        if config.attention:
            scores = torch.bmm(self.keys.weight, self.query.weight[:, :, None])[..., 0]
            weights = (scores / math.sqrt(config.d_head)).softmax(-1)
            state = torch.einsum("np,pse->nse", weights, x)
        for i in range(self.k):
            if config.norm:
                state = state * state.square().mean(-2, keepdim=True).add(1e-12).rsqrt()
            state = getattr(self, f"factor_{i}").weight @ state
            if config.activation == "relu" and i < self.k - 1:
                state = state.relu()
        return state


class OnsetFactors(PreTrainedModel):
    """f(x) = W_k ⋯ W_1 x, separately for each network."""

    config_class = OnsetFactorsConfig
    main_input_name = "inputs"

    def __init__(self, config: OnsetFactorsConfig) -> None:
        super().__init__(config)
        for k in config.factors:
            self.add_module(f"of_{k}", Chain(config, k))
        self.post_init()

    def forward(self, inputs: Tensor, **others) -> FactorsOutput:
        """The networks' outputs for inputs (examples, d_in)."""
        x = inputs.view(len(inputs), -1, self.config.n_signs).permute(1, 2, 0)
        said = [getattr(self, f"of_{k}")(x, self.config) for k in self.config.factors]
        return FactorsOutput(outputs=torch.cat(said).transpose(1, 2))
