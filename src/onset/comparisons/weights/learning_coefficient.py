"""In how many directions does the loss resist a move away from a checkpoint's weights, while training?

The local learning coefficient, as Lau et al. 2023 (arXiv:2308.12108) estimate it: from weights w drawn near
those of a checkpoint, w* (`langevin`), with n examples and β = 1 / log n,

    λ̂ = nβ (mean of L(w) − L(w*))

A minimum that is a paraboloid in d dimensions has d/2, one that is flatter has less. Where chains are held
near w* by a prior of precision γ, a direction of curvature h counts nβh / (nβh + γ) of its half: λ̂ depends
on γ, and only values with the same γ can be compared. w* need be no minimum: before training ends, what
chains gain by going downhill is subtracted, and λ̂ may be below zero.

Weights are moved in units of the root mean square of their tensor, so that γ means the same for large and
small tensors and at all checkpoints: weight decay makes some ten times smaller while norms make up for it.
A γ of 100 allows a change of 10 %. Tensors that are zero stay so.

How much it depends on what is chosen, for random labels in modular addition (spare seed 100, fully trained,
γ = 30, 2 chains, full batches; ± the standard error over chains):

    pace 0.05 | 0.1 | 0.2                       64 ± 9 | 70 ± 7 | 113 ± 31
    40 | 80 | 200 steps (pace 0.1)              63 ± 5 | 70 ± 7 | 66 ± 0.3
    6 chains; preconditioned (pace 0.1)         64 ± 3; 72 ± 10
    γ 10 | 30 | 100 (pace 0.1)                  253 ± 19 | 70 ± 7 | 6 ± 0.5

Chains and samplers agree; a pace of 0.2 is too fast for the steepest directions; and λ̂ is a number for its
γ alone. How it depends on the size of batches has not been measured.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.member import Compared, Member
from onset.comparisons.weights.langevin import Langevin, Loss, losses_nearby
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.runs.objective import Objective
from onset.tasks.dataset import Dataset
from onset.training.settings import TrainingSettings

TOGETHER = "checkpoints"
OPTIONS = {
    "pull": 300.0, "pace": 0.05, "chains": 2, "burn_in": 60, "draws": 20, "batches": 8,
    "preconditioned": False, "refined": False,
}  # fmt: skip
QUANTITIES = {
    "learning_coefficient": {"kind": "real", "label": "local learning coefficient"},
    "learning_coefficient_error": {
        "kind": "size", "label": "standard error of the coefficient over chains"
    },
    "*_learning_coefficient": {"kind": "real", "label": "local learning coefficient: *"},
    "*_learning_coefficient_error": {
        "kind": "size", "label": "standard error of the coefficient over chains: *"
    },
}  # fmt: skip

_PARTS = {
    "attention": re.compile(r"layers\.(\d+)\.attn\."),
    "mlp": re.compile(r"layers\.(\d+)\.mlp\."),
}
"""part → the names of its parameters, with the block's number"""


def compare(
    members: Sequence[Member[Model, Dataset]],
    pull: float,
    pace: float,
    chains: int,
    burn_in: int,
    draws: int,
    batches: int,
    preconditioned: bool,
    refined: bool,
) -> Iterator[Compared]:
    """At each `step`, of the loss that the training minimised, on batches as it drew them:

    * `learning_coefficient`: mean over chains, and `learning_coefficient_error`, its standard error;
    * if `refined`, `attention_learning_coefficient` and `mlp_learning_coefficient` by block (`layer`), with
      theirs: only the parameters of that part move (Wang et al. 2024, arXiv:2410.02984).

    Args:
        members: a run.
        pull: γ.
        pace: by how much of its distance, halved, a direction in which the loss is flat comes back at each
            step. After 3 / pace steps chains have forgotten where they started.
        chains: how many.
        burn_in, draws: steps of each, before the first draw and with one.
        batches: how many different ones, in turn.
        preconditioned: whether chains move as in Li et al. 2016.
        refined: whether parts are looked at, too, at the same cost each.
    """
    for run in members:
        objective = objective_of(run)
        n = objective.n_examples
        size = pace * 2 / math.sqrt(pull) if preconditioned else pace / pull
        how = Langevin(n / math.log(n), size, pull, chains, burn_in, draws, preconditioned)
        with torch.inference_mode(False), torch.enable_grad():
            drawn = objective.batches(batches)
            for step in run.steps:
                parameters = {
                    name: its.detach().clone() for name, its in run.parameters(step).items()
                }
                trained = objective.trained(parameters)
                for (name, layer), moved in (
                    {("", None): trained} | (_parts(trained) if refined else {})
                ).items():
                    loss = _Nearby(objective, parameters, moved, drawn)
                    found = estimate(loss.origin, loss, how, run.seed)
                    for kind, value in zip(("", "_error"), found, strict=True):
                        row = Measurement(f"{name}learning_coefficient{kind}", value, layer=layer)
                        yield Compared(row, run, step=step)


def objective_of(run: Member[Model, Dataset]) -> Objective:
    """What a run's training minimised."""
    training = TrainingSettings.model_validate(run.settings["training"])
    return Objective(run.model, run.training_data, training, run.seed)


class Estimate(NamedTuple):
    """Over chains."""

    mean: float
    error: float
    """standard error of the mean"""


def estimate(start: Mapping[str, Tensor], loss: Loss, how: Langevin, seed: int) -> Estimate:
    """λ̂ of each chain, and over chains their mean."""
    by_chain = how.n_beta * losses_nearby(start, loss, how, seed).mean(0)
    return Estimate(by_chain.mean().item(), (by_chain.std() / math.sqrt(len(by_chain))).item())


class _Nearby:
    """The loss of a checkpoint whose tensors have been moved, in units of their root mean square."""

    def __init__(
        self, objective: Objective, parameters: Parameters, moved: Sequence[str], batches: Sequence
    ) -> None:
        self._objective, self._parameters, self._batches = objective, parameters, batches
        self._units = {name: parameters[name].square().mean().sqrt() for name in moved}
        self.origin = {name: torch.zeros_like(parameters[name]) for name in moved}

    def __call__(self, moves: Parameters, step: int) -> Float[Tensor, " chains"]:
        batch = self._batches[step % len(self._batches)]
        weights = {
            name: (self._parameters[name] + unit * moves[name]).unbind()
            for name, unit in self._units.items()
        }
        n_chains = len(next(iter(moves.values())))
        return torch.stack(
            [
                self._objective.loss(
                    self._parameters | {name: its[chain] for name, its in weights.items()}, batch
                )
                for chain in range(n_chains)
            ]
        )


def _parts(names: Sequence[str]) -> dict[tuple[str, int], list[str]]:
    """(part with an underscore, block) → its parameters."""
    found: dict[tuple[str, int], list[str]] = {}
    for part, pattern in _PARTS.items():
        for name in names:
            if its := pattern.match(name):
                found.setdefault((f"{part}_", int(its[1])), []).append(name)
    return found
