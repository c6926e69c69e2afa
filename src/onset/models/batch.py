"""What a model is asked: sequences, and the positions at which its answers count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

Parameters = dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Questions:
    """Sequences of one length, all scored at the same positions. Equal is only the same object."""

    tokens: Int[np.ndarray, "examples length"]
    scored: tuple[int, ...]
    hops: int = 1


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


class Model(Protocol):
    """What the trainer and the measures need of a model family. Parameters live outside of it."""

    @property
    def constants(self) -> frozenset[str]:
        """Names of parameters that are never trained."""
        ...

    def initial_parameters(self, seed: int) -> Parameters: ...

    def logits(
        self, parameters: Mapping[str, Tensor], questions: Sequence[Questions]
    ) -> Float[Tensor, "scored tokens"]:
        """A column per token, the task's first; a family may know others beside."""
        ...
