"""A multi-layer perceptron that reads a whole sequence at once and answers at its end.

Its first layer reads one-hot codes of all tokens, side by side: for each place and token it has the weights
of all neurons, a row of a table. Sequences all have the world's length and are scored at their last place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.models.batch import Parameters, Questions
from onset.models.mlp.settings import Settings, hidden, shapes

_ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu}


def build(settings: Settings, n_tokens: int, length: int) -> MLP:
    return MLP(settings, n_tokens, length)


@dataclass(frozen=True)
class MLP:
    """The functions of one architecture; parameters are passed to each of them."""

    settings: Settings
    n_tokens: int
    length: int

    @property
    def constants(self) -> frozenset[str]:
        """None: everything is trained."""
        return frozenset()

    @property
    def decaying(self) -> frozenset[str]:
        """All but the biases."""
        its = shapes(self.settings, self.n_tokens, self.length)
        return frozenset(name for name, shape in its.items() if len(shape) > 1)

    @property
    def hidden(self) -> frozenset[str]:
        """What neurons read of neurons."""
        return hidden(self.settings, self.n_tokens, self.length)

    def initial_parameters(self, seed: int) -> Parameters:
        """Weights normal with variance 1 / n_in, scaled; biases 0. Of each place, one token is read."""
        generator, s = torch.Generator().manual_seed(seed), self.settings
        found: Parameters = {}
        for name, shape in shapes(s, self.n_tokens, self.length).items():
            found[name] = torch.zeros(shape)
            if name.endswith("weight"):
                n_in = self.length if name.startswith("tok_embed") else s.width
                std = s.weight_scale / math.sqrt(n_in)
                found[name].normal_(std=std, generator=generator)
        return found

    def logits(
        self, parameters: Mapping[str, Tensor], questions: Sequence[Questions]
    ) -> Float[Tensor, "scored tokens"]:
        """Logits at the ends of the sequences, in the order of `Batch.targets`."""
        last = [self.neurons(parameters, group, self.settings.n_hidden - 1) for group in questions]
        return F.linear(torch.cat(last), parameters["head.weight"])

    def logits_of_sequences(
        self,
        parameters: Mapping[str, Tensor],
        tokens: Int[Tensor, "examples length"],
        scored: Sequence[int],
        hops: int,
    ) -> Float[Tensor, "scored tokens"]:
        """As `logits`, of one group whose tokens are a tensor: fit for `torch.vmap`."""
        self._refuse_others(tuple(scored), tokens.shape[1])
        read = self._rows(parameters)[self._places(tokens)].sum(1)
        last = self._up_to(parameters, read, self.settings.n_hidden - 1)
        return F.linear(self._activated(last), parameters["head.weight"])

    def neurons(
        self, parameters: Mapping[str, Tensor], questions: Questions, layer: int = 0
    ) -> Float[Tensor, "scored width"]:
        """What a layer's neurons, from 0, are after their activation."""
        return self._activated(self.before_activation(parameters, questions, layer))

    def before_activation(
        self, parameters: Mapping[str, Tensor], questions: Questions, layer: int = 0
    ) -> Float[Tensor, "scored width"]:
        """What they are before it."""
        self._refuse_others(questions.scored, questions.tokens.shape[1])
        tokens = torch.from_numpy(questions.tokens).to(parameters["tok_embed.weight"].device)
        # The gradient of a table is fast in bags.
        read = F.embedding_bag(self._places(tokens), self._rows(parameters), mode="sum")
        return self._up_to(parameters, read, layer)

    def _activated(self, x: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows width"]:
        return _ACTIVATIONS[self.settings.activation](x)

    def _up_to(
        self, parameters: Mapping[str, Tensor], read: Float[Tensor, "examples width"], layer: int
    ) -> Float[Tensor, "examples width"]:
        """From what the first layer reads to what a layer's neurons are before their activation."""
        x = read + parameters["hidden_0.bias"]
        for i in range(1, layer + 1):
            weight, bias = parameters[f"hidden_{i}.weight"], parameters[f"hidden_{i}.bias"]
            x = F.linear(self._activated(x), weight, bias)
        return x

    def _rows(self, parameters: Mapping[str, Tensor]) -> Float[Tensor, "places width"]:
        """What neurons read, a row for each token and, if they differ, each place."""
        return parameters["tok_embed.weight"].view(-1, self.settings.width)

    def _places(self, tokens: Int[Tensor, "examples length"]) -> Int[Tensor, "examples length"]:
        """The row of each token."""
        if self.settings.places == "alike":
            return tokens
        return tokens * self.length + torch.arange(self.length, device=tokens.device)

    def _refuse_others(self, scored: tuple[int, ...], length: int) -> None:
        if scored != (self.length - 1,) or length != self.length:
            raise ValueError(
                f"an mlp reads whole sequences of {self.length} tokens and answers at their end; these "
                f"have {length}, scored at {list(scored)}"
            )
