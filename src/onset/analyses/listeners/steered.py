"""What analyses that steer share: what a model says in replies with something added to its states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.listeners.turns import FITTED, states_of
from onset.models.batch import Parameters, device_of
from onset.models.transformer.midway import logits_at_all
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset, Split
from onset.tasks.language.dialogues import REPLIED, TURN

MOST_ASKED = 96  # dialogues


@dataclass(frozen=True)
class Steered:
    """A model, and the dialogues of `test` in which it is steered."""

    model: Transformer
    parameters: Parameters
    dataset: Dataset

    @property
    def split(self) -> Split:
        return self.dataset.splits["test"]

    @property
    def n(self) -> int:
        """Dialogues."""
        return min(len(self.split), MOST_ASKED)

    @cached_property
    def states(self) -> dict[str, Float[Tensor, "applications_and_one n turns turn d_model"]]:
        return states_of(self.model, self.parameters, self.dataset)

    @property
    def n_applications(self) -> int:
        return len(self.states[FITTED]) - 1

    def means(
        self, labels: Int[np.ndarray, "n turns"], layer: int, place: int, n_values: int
    ) -> Float[Tensor, "values d_model"]:
        """Mean states of `train` at a place of a turn, by a label of the turn (−1: none); a value that
        never comes has the mean of all."""
        states = self.states[FITTED][layer][:, :, place].flatten(0, 1)
        flat = torch.from_numpy(labels.ravel())
        each = [states[flat == its] for its in range(n_values)]
        return torch.stack([(its if len(its) else states).mean(0) for its in each])

    def says(
        self, layer: int, added: Float[Tensor, "_n _turns _replied d_model"]
    ) -> Float[Tensor, "n turns replied tokens"]:
        """Log-probabilities where words of replies come next, with something added there after so many
        block applications; along an axis of size 1, the same everywhere."""
        states = self.states["test"][layer][: self.n].clone()
        states[:, :, list(REPLIED)] += added
        tokens = torch.from_numpy(self.split.tokens[: self.n])
        device = device_of(self.parameters)
        depth, n_turns = self.model.depth(self.split.hops), states.shape[1]
        logits = logits_at_all(
            self.model, self.parameters, states.flatten(1, 2).to(device), tokens.to(device), layer,
            depth, replies(n_turns),
        )  # fmt: skip
        return logits.log_softmax(-1).cpu().unflatten(1, (n_turns, len(REPLIED)))


def replies(n_turns: int) -> Sequence[int]:
    """The positions at which words of replies come next."""
    return [turn * TURN + place for turn in range(n_turns) for place in REPLIED]


def as_long(
    directions: Float[Tensor, "*n d_model"], rng: np.random.Generator
) -> Float[Tensor, "*n d_model"]:
    """One random direction, as long as each of these."""
    # Not by PyTorch's generator, whose first numbers are the model's initial embeddings.
    noise = torch.from_numpy(rng.normal(size=directions.shape[-1])).to(directions)
    return noise / noise.norm() * directions.norm(dim=-1, keepdim=True)
