"""How fast the loss rises around the weights that training reached: the local learning coefficient.

Lau et al. 2023 (arXiv:2308.12108) estimate it from weights w drawn near those of a checkpoint, w*
(`langevin`), with n examples and β = 1 / log n, as

    λ̂ = nβ (mean of L(w) − L(w*))

A minimum that is a paraboloid in d dimensions has d/2; one with flat directions, or that is flatter than a
paraboloid, has less. It is a count of the directions, halved, in which the loss resists.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from onset.analyses.weights.langevin import Langevin, Loss, losses_nearby
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.runs.objective import Objective, objective_of
from onset.runs.source import Source
from onset.tasks.dataset import Dataset

QUANTITIES = {
    "learning_coefficient": {"kind": "real", "label": "local learning coefficient", "digits": 0},
    "learning_coefficient_error": {
        "kind": "size",
        "label": "standard error of the coefficient over chains",
        "digits": 1,
    },
}

_STEP_SIZE = 3e-5
_PULL = 1000.0
_CHAINS = 2
_BURN_IN = 60
_DRAWS = 40
_BATCHES = 8


def analyse(
    model: Model, parameters: Parameters, dataset: Dataset, seed: int, run: Source
) -> Iterator[Measurement]:
    """Of the loss that training minimised, without weight decay, on batches as in training:

    * `learning_coefficient`: mean over chains;
    * `learning_coefficient_error`: its standard error.
    """
    with torch.inference_mode(False), torch.enable_grad():
        found = of_objective(objective_of(run), parameters, seed)
    yield Measurement("learning_coefficient", found.mean)
    yield Measurement("learning_coefficient_error", found.error)


class Estimate(NamedTuple):
    """Over chains."""

    mean: float
    error: float
    """standard error of the mean"""


def estimate(start: Mapping[str, Tensor], loss: Loss, how: Langevin, seed: int) -> Estimate:
    """λ̂ of each chain, and over chains their mean."""
    chains = how.n_beta * losses_nearby(start, loss, how, seed).mean(0)
    return Estimate(chains.mean().item(), (chains.std() / math.sqrt(len(chains))).item())


def of_objective(objective: Objective, parameters: Parameters, seed: int) -> Estimate:
    """Around a checkpoint, in all that was trained."""
    batches = objective.batches(_BATCHES)
    n = objective.n_examples
    how = Langevin(n / math.log(n), _STEP_SIZE, _PULL, _CHAINS, _BURN_IN, _DRAWS)

    def of_chains(weights: Parameters, step: int) -> Float[Tensor, " chains"]:
        batch = batches[step % len(batches)]
        chains = zip(*(its.unbind() for its in weights.values()), strict=True)
        return torch.stack(
            [objective.loss(fixed | dict(zip(weights, its, strict=True)), batch) for its in chains]
        )

    fixed = {name: its.detach().clone() for name, its in parameters.items()}
    moved = {name: fixed[name] for name in objective.trained(parameters)}
    return estimate(moved, of_chains, how, seed)
