"""When in training a neuron became what it is, and whether in one go, next to the loss.

Each neuron's description stays the one that fits it in the end; at each checkpoint, its φ is that with
where the neuron is active then. A rise is *sharp* if most of it lies between two neighbouring checkpoints.
The loss is judged at the same checkpoints, so that neither looks sharper because it was seen more often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.collections.neurons.activity import Opened
from onset.collections.neurons.descriptions import score
from onset.collections.neurons.layer import Layer
from onset.collections.neurons.shown import Shown
from onset.collections.subject import Subject
from onset.runs.artefacts import read_checkpoint_index
from onset.runs.steps import spread
from onset.statistics.milestones import crossing
from onset.store.tables import load_table

MOST_STEPS = 12
"""checkpoints, spread over the training's schedule"""
LEAST_RISE = 0.2
"""of φ: a neuron that rises by less was what it is before"""
_SMOOTH = 0.01
"""of a training: updates over which its loss is a mean"""


class Formed(NamedTuple):
    """When a curve got half way from its first value to its last, and how sharply it rose."""

    after: float
    at: float
    before: float
    """the bracket of `statistics.times`"""
    sharpness: float
    """the largest rise between two neighbouring checkpoints, as a share of the whole; at most 1"""


UNFORMED = Formed(np.nan, np.nan, np.nan, np.nan)


def formed(
    steps: Sequence[int], values: Float[np.ndarray, " steps"], least: float = LEAST_RISE
) -> Formed:
    """Of one curve.

    Args:
        steps: of the checkpoints.
        values: at them.
        least: rise from the first to the last; a curve that rises by less isn't judged.
    """
    whole = values[-1] - values[0]
    if not whole >= least:
        return UNFORMED
    sharpness = min(float(np.diff(values).max() / whole), 1.0)
    half_way = float(values[0] + whole / 2)
    return Formed(*crossing(np.asarray(steps), values, half_way), sharpness)


def losses_at(
    steps: Sequence[int], logged: Sequence[int], losses: Sequence[float]
) -> Float[np.ndarray, " steps"]:
    """A training's loss at some steps, mean over a hundredth of all updates around each.

    Args:
        steps: of the checkpoints.
        logged: the steps of the log.
        losses: at them.
    """
    width = max(1, round(_SMOOTH * len(losses)))
    ends = width // 2, width - 1 - width // 2
    padded = np.pad(np.asarray(losses, float), ends, mode="edge")
    smooth = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    return np.interp(steps, logged, smooth)


@dataclass(frozen=True, eq=False)
class Training:
    """Checkpoints spread over a run's training, and its loss at them."""

    subject: Subject
    seen: Shown

    @cached_property
    def steps(self) -> list[int]:
        return spread(read_checkpoint_index(self.subject.folder), MOST_STEPS)

    @cached_property
    def losses(self) -> Float[np.ndarray, " steps"]:
        log, _ = load_table(self.subject.folder.training_log)
        return losses_at(self.steps, log["step"].tolist(), log["loss"].tolist())

    @cached_property
    def loss_formed(self) -> Formed:
        """When the loss had fallen half way, and how sharply it fell."""
        return formed(self.steps, -self.losses, np.finfo(float).tiny)

    @cached_property
    def _checkpoints(self) -> list[Opened]:
        its = self.subject
        return [Opened.of(its.model, its.parameters(step), self.seen) for step in self.steps]

    def followed(
        self,
        layer: Layer,
        chosen: Int[np.ndarray, " chosen"],
        named: Bool[Tensor, "chosen places"],
    ) -> dict[int, Float[np.ndarray, " steps"]]:
        """By neuron, how well its description fits it at each checkpoint: φ on the half for scoring.

        Args:
            layer: of the neurons.
            chosen: their numbers.
            named: the places that their descriptions name.
        """
        if not len(chosen):
            return {}
        half, fits = layer.other_half, []
        for opened in self._checkpoints:
            active = layer.active(layer.values(opened)[:, torch.from_numpy(chosen)])
            found, _, _ = score(active[:, half], named[:, half])
            fits.append(found)
        curves = torch.stack(fits).numpy()
        return {neuron: curves[:, place] for place, neuron in enumerate(chosen.tolist())}
