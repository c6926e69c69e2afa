"""A one-layer transformer as a person writes it down: named directions, heads and neurons.

The residual stream has a direction of its own for each token, and others by name: what heads and neurons
write, and positions. With no norm anywhere, a part reads exactly the directions that it says, so that the
whole model can be followed weight by weight. `parameters` puts the parts into the matrices of the family
`transformer`, with zeros for all that isn't used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer


@dataclass(frozen=True, eq=False)
class Reading:
    """A number that a part reads at a place: a weighted sum, and a constant."""

    tokens: Float[np.ndarray, " tokens"] | None = None
    """the weight of each token's own direction"""
    named: Mapping[str, float] = field(default_factory=dict)
    """of directions by name"""
    constant: float = 0.0


@dataclass(frozen=True, eq=False)
class Head:
    """A score is the sum of products of what the place asks and what another offers."""

    name: str
    asks: Sequence[Reading]
    offers: Sequence[Reading]
    carries: dict[str, Reading]
    """direction that it writes → what it reads where it looks"""


@dataclass(frozen=True, eq=False)
class Neuron:
    """ReLU(what it reads), times what it writes."""

    name: str
    reads: Reading
    writes: Mapping[str, float]


@dataclass(eq=False)
class Blueprint:
    """The parts of a model."""

    after: Float[np.ndarray, "tokens tokens"]
    """the logits (columns) that each last token (row) gives by itself, past all parts"""
    length: int
    at: dict[str, Float[np.ndarray, " length"]] = field(default_factory=dict)
    """direction → what each position writes there"""
    raises: dict[str, Float[np.ndarray, " tokens"]] = field(default_factory=dict)
    """direction → the logits that it gives when it is 1"""
    heads: list[Head] = field(default_factory=list)
    neurons: list[Neuron] = field(default_factory=list)

    @property
    def directions(self) -> list[str]:
        """The names of all but the tokens' own, in their order behind these."""
        names = [*self.at, *self.raises]
        names += [its for head in self.heads for its in head.carries]
        names += [its for neuron in self.neurons for its in neuron.writes]
        return list(dict.fromkeys(names))

    def parameters(self, model: Transformer) -> Parameters:
        """As those of a model.

        Raises:
            ValueError: the model isn't one layer of ReLUs without norms, or too small.
        """
        self._refuse_unfit(model)
        s, n_tokens = model.settings, len(self.after)
        place = {name: n_tokens + i for i, name in enumerate(self.directions)}
        found = {name: torch.zeros(shape) for name, shape in model.shapes().items()}

        def row(reading: Reading) -> Tensor:
            its = torch.zeros(s.d_model)
            if reading.tokens is not None:
                its[:n_tokens] = torch.from_numpy(reading.tokens)
            for name, weight in reading.named.items():
                its[place[name]] += weight
            return its

        found["tok_embed.weight"][:, :n_tokens] = torch.eye(n_tokens)
        found["head.weight"][:, :n_tokens] = torch.from_numpy(self.after.T)
        for name, values in self.at.items():
            found["pos.weight"][:, place[name]] = torch.from_numpy(values)
        for name, values in self.raises.items():
            found["head.weight"][:, place[name]] = torch.from_numpy(values)
        # Attention divides scores by this.
        scale = math.sqrt(s.d_head)
        for number, head in enumerate(self.heads):
            first = number * s.d_head
            for kind, readings, times in (("q", head.asks, scale), ("k", head.offers, 1.0)):
                for i, its in enumerate(readings, first):
                    found[f"layers.0.attn.{kind}.weight"][i] = row(its) * times
                    found[f"layers.0.attn.{kind}.bias"][i] = its.constant * times
            for i, (name, its) in enumerate(head.carries.items(), first):
                found["layers.0.attn.v.weight"][i] = row(its)
                found["layers.0.attn.v.bias"][i] = its.constant
                found["layers.0.attn.o.weight"][place[name], i] = 1
        for number, neuron in enumerate(self.neurons):
            found["layers.0.mlp.fc_in.weight"][number] = row(neuron.reads)
            found["layers.0.mlp.fc_in.bias"][number] = neuron.reads.constant
            for name, weight in neuron.writes.items():
                found["layers.0.mlp.fc_out.weight"][place[name], number] = weight
        return found

    def _refuse_unfit(self, model: Transformer) -> None:
        s = model.settings
        wanted = {
            "n_layers": 1, "n_loops": 1, "norm": "none", "activation": "relu",
            "positions": "learned", "tied_embeddings": False,
        }  # fmt: skip
        if odd := [key for key, its in wanted.items() if getattr(s, key) != its] + s.only_ours:
            raise ValueError(f"weights by hand are of a model with {wanted}; its {odd[0]} differs")
        widest = max((max(len(its.asks), len(its.carries)) for its in self.heads), default=0)
        needed = {
            "d_model": len(self.after) + len(self.directions),
            "n_heads": len(self.heads),
            "d_head": widest,
            "d_mlp": len(self.neurons),
        }
        for key, n in needed.items():
            if getattr(s, key) < n:
                raise ValueError(f"weights by hand need {needed}; its {key} is {getattr(s, key)}")
        if (model.n_tokens, model.length) != (len(self.after), self.length):
            raise ValueError("the model is of another world")
