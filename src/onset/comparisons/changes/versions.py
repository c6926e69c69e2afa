"""One model at two times, asked the same: what both say, and what states they have.

Nothing here knows what was changed; `Asked.changed` is for those who judge what was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.models.batch import Parameters, Questions, ReadableModel
from onset.models.plain import plain
from onset.tasks.dataset import VALIDATION, Split
from onset.training.batches import questions_of

_CHOSEN = 7_927


@dataclass(frozen=True, eq=False)
class Version:
    """A model as it is at one checkpoint."""

    model: ReadableModel
    parameters: Parameters

    @classmethod
    def of(cls, run: Any, step: int) -> Version:
        """That of a run, a `Member` or as `open_run` gives it; adapters, if it has any, are merged into the
        weights that they belong to."""
        return cls(*plain(run.model, run.parameters(step)))

    def says(self, asked: Asked) -> Float[Tensor, "sequences tokens"]:
        """Logarithms of probabilities after the last scored position of each sequence."""
        logits = self.model.logits(self.parameters, asked.questions)
        return F.log_softmax(logits, -1)

    def states(self, asked: Asked) -> Float[Tensor, "sequences d_model"]:
        """The residual stream that the answer is read out of: at the last scored position."""
        found = []
        for its in asked.questions:
            tokens = torch.from_numpy(its.tokens).to(self._device)
            stream = self.model.residual_stream(self.parameters, tokens)
            found.append(stream[self.model.depth(its.hops), :, its.scored[-1]])
        return torch.cat(found)

    def with_parts(self, other: Version, names: Sequence[str]) -> Version:
        """The same with some parameters of another version."""
        theirs = {name: other.parameters[name] for name in names}
        return Version(self.model, self.parameters | theirs)

    @property
    def _device(self) -> torch.device:
        return next(iter(self.parameters.values())).device


@dataclass(frozen=True, eq=False)
class Asked:
    """Sequences, group by group; each counts at its last scored position."""

    questions: tuple[Questions, ...]
    targets: Int[Tensor, " sequences"]
    changed: Bool[np.ndarray, " sequences"]
    """which of them were meant to be answered otherwise than before"""

    @classmethod
    def of(cls, splits: Mapping[str, Split]) -> Asked:
        """All that the truth knows to be changed or not, but for parts that settings are chosen on.

        Raises:
            ValueError: of none of the splits this is known.
        """
        chosen = [
            its
            for name, its in splits.items()
            if "changed" in its.truth and not name.endswith(VALIDATION)
        ]
        if not chosen:
            raise ValueError(f"of {', '.join(splits)} nobody knows what was changed")
        return cls(
            tuple(_at_the_end(its) for its in chosen),
            torch.from_numpy(np.concatenate([its.targets[:, -1] for its in chosen])),
            np.concatenate([its.truth["changed"] for its in chosen]).astype(bool),
        )

    @cached_property
    def lengths(self) -> list[int]:
        """Sequences in each group."""
        return [len(its.tokens) for its in self.questions]

    def __len__(self) -> int:
        return sum(self.lengths)

    def at_most(self, n: int, seed: int) -> Asked:
        """So many of them, chosen at random by the seed, in the same order; all, if there are no more."""
        rng = np.random.Generator(np.random.Philox(key=[seed, _CHOSEN]))
        chosen = np.zeros(len(self), bool)
        chosen[rng.permutation(len(self))[:n]] = True
        return self.only(chosen)

    def only(self, rows: Bool[np.ndarray, " sequences"]) -> Asked:
        """Some of them, in the same order; groups of which none is left are gone."""
        parts = np.split(rows, np.cumsum(self.lengths)[:-1])
        kept = tuple(
            Questions(its.tokens[mask], its.scored, its.hops)
            for its, mask in zip(self.questions, parts, strict=True)
            if mask.any()
        )
        return Asked(kept, self.targets[torch.from_numpy(rows)], self.changed[rows])


def _at_the_end(split: Split) -> Questions:
    its = questions_of(split)
    return Questions(its.tokens, its.scored[-1:], its.hops)


def divergence(
    before: Float[Tensor, "sequences tokens"], after: Float[Tensor, "sequences tokens"]
) -> Float[Tensor, " sequences"]:
    """Kullback-Leibler divergence, in nats, from what was said before to what is said now.

    Args:
        before: logarithms of probabilities.
        after: the same.
    """
    return (before.exp() * (before - after)).sum(-1).clamp(min=0).double()
