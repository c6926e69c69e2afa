"""What a model is given: sequences, with the positions that are scored; or vectors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

Parameters = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Questions:
    """Sequences of one length, all scored at the same positions, or each at its own. Equal is only the same
    object."""

    tokens: Int[np.ndarray, "examples length"]
    scored: tuple[int, ...]
    """none, where each example has its own"""
    hops: int = 1
    scored_at: Int[np.ndarray, "examples scored"] | None = None

    @property
    def n_scored(self) -> int:
        """Positions of each example."""
        return len(self.scored) if self.scored_at is None else self.scored_at.shape[1]

    def alike(self) -> Iterator[tuple[Int[np.ndarray, " rows"], Questions]]:
        """The questions in groups that are scored at the same positions, each cut off behind the last.

        Sequences of one length need no mask, and nothing is computed for what fills up a shorter one.

        Yields:
            The rows of a group, and its questions.
        """
        if self.scored_at is None:
            yield np.arange(len(self.tokens)), self
            return
        for places in np.unique(self.scored_at, axis=0):
            rows = np.flatnonzero((self.scored_at == places).all(1))
            scored = tuple(places.tolist())
            yield rows, Questions(self.tokens[rows, : max(scored) + 1], scored, self.hops)


@dataclass(frozen=True, eq=False)
class Batch:
    """Questions of one or more lengths, and their right answers. Equal is only the same object.

    Targets (and the logits that models return) follow the questions' order: group by group,
    example by example, scored position by scored position.
    """

    questions: Sequence[Questions]
    targets: Int[Tensor, " scored"]

    @classmethod
    def of(cls, groups: Iterable[tuple[Questions, Int[np.ndarray, "_examples _scored"]]]) -> Batch:
        questions, targets = zip(*groups, strict=True)
        return cls(questions, torch.from_numpy(np.concatenate([t.ravel() for t in targets])))


@dataclass(frozen=True, eq=False)
class VectorBatch:
    """Vectors, and what is to be said to them. Equal is only the same object."""

    inputs: Float[Tensor, "examples d_in"]
    targets: Float[Tensor, "examples d_out"]
    weights: Float[Tensor, " d_out"] | None = None
    """how much an error in each entry of the targets counts; None: all the same"""

    def to(self, device: torch.device) -> VectorBatch:
        """The same where the model is."""
        weights = None if self.weights is None else self.weights.to(device)
        return VectorBatch(self.inputs.to(device), self.targets.to(device), weights)


class AnyModel(Protocol):
    """What the trainer needs of a model of any family. Parameters live outside of it.

    A family may have four things more. `begins_alike`: whether its initial parameters for a seed can be
    had again at any time, so that checkpoints hold no more than what differs from them.
    `after_update(parameters, batch)`: what it does to its parameters, in place and without gradients,
    after each update, such as keeping directions at norm one. `n_instances`: so many models side by side,
    along the first axis of every parameter, of which none has to do with another; each is trained as it
    would be alone. `hidden`: the names of the matrices between embedding and readout, which the optimiser
    `muon` is for.
    """

    @property
    def constants(self) -> frozenset[str]:
        """Names of parameters that are never trained."""
        ...

    @property
    def decaying(self) -> frozenset[str]:
        """Names of the weights: what weight decay makes smaller. Biases, norms and thresholds are none."""
        ...

    def initial_parameters(self, seed: int) -> Parameters: ...


class VectorModel(AnyModel, Protocol):
    """What the trainer and the measures need of a family that takes vectors."""

    def loss(self, parameters: Mapping[str, Tensor], batch: VectorBatch) -> Float[Tensor, ""]:
        """What a training minimises."""
        ...


class Model(AnyModel, Protocol):
    """What the trainer and the measures need of a family that takes sequences."""

    def logits(
        self, parameters: Mapping[str, Tensor], questions: Sequence[Questions]
    ) -> Float[Tensor, "scored tokens"]:
        """A column per token, the task's first; a family may know others besides."""
        ...


class ReadableModel(Model, Protocol):
    """What the measures need of a family of transformers whose insides can be read."""

    def depth(self, hops: int) -> int:
        """After how many block applications a question of so many hops is read out."""
        ...

    def residual_stream(
        self, parameters: Mapping[str, Tensor], tokens: Int[Tensor, "examples length"]
    ) -> Float[Tensor, "applications_and_one examples length d_model"]:
        """The residual stream before the first block application and after each of them."""
        ...

    def unembed(
        self, parameters: Mapping[str, Tensor], states: Float[Tensor, "*rows d_model"]
    ) -> Float[Tensor, "*rows tokens"]:
        """Final norm and readout, columns as in `logits`. On states from within, the logit lens."""
        ...

    def attention(
        self, parameters: Mapping[str, Tensor], tokens: Int[Tensor, "examples length"]
    ) -> Float[Tensor, "applications examples heads length length"]:
        """Which part of its attention each position pays to each, by block application and head."""
        ...


class AdaptedModel(ReadableModel, Protocol):
    """What measures need of a model that is trained by adapters, and of which states can be overwritten."""

    def without_adapters(
        self, parameters: Mapping[str, Tensor], layers: Collection[int] | None = None
    ) -> Parameters:
        """The model with the adapters of these blocks silent; of all: as it was before training."""
        ...

    def logits_from(
        self,
        parameters: Mapping[str, Tensor],
        states: Float[Tensor, "examples length d_model"],
        layer: int,
        scored: int,
    ) -> Float[Tensor, "examples tokens"]:
        """Logits at one position, of states as they are after so many blocks; those are not run."""
        ...


def device_of(parameters: Mapping[str, Tensor]) -> torch.device:
    return next(iter(parameters.values())).device
