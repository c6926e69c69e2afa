"""The loss near the checkpoints of a run, and the local learning coefficient that follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.member import Compared, Member
from onset.comparisons.weights.langevin import Langevin, Loss, losses_nearby
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.runs.objective import Objective
from onset.training.settings import TrainingSettings


@dataclass(frozen=True)
class Choices:
    """How weights are drawn near those of a checkpoint."""

    pull: float
    """γ"""
    pace: float
    """by how much of its distance, halved, a direction in which the loss is flat comes back at each step;
    after 3 / pace steps chains have forgotten where they started"""
    chains: int
    burn_in: int
    """steps before the first draw"""
    draws: int
    """one per step"""
    batches: int
    """how many different ones, in turn"""
    batch: float
    """how large they are, in multiples of those in training"""
    preconditioned: bool
    """whether chains move as in Li et al. 2016"""

    def varied(self) -> dict[str, Choices]:
        """With one of the choices made otherwise, by what is otherwise."""
        return {
            "less_pull": replace(self, pull=self.pull / 2),
            "more_pull": replace(self, pull=self.pull * 2),
            "slower": replace(self, pace=self.pace / 2),
            "faster": replace(self, pace=self.pace * 2),
            "longer": replace(self, burn_in=self.burn_in * 2, draws=self.draws * 2),
            "smaller_batches": replace(self, batch=self.batch / 2),
            "other_sampler": replace(self, preconditioned=not self.preconditioned),
        }

    def langevin(self, n_examples: int) -> Langevin:
        """With β = 1 / log n of n examples."""
        size = self.pace / self.pull
        if self.preconditioned:
            size = self.pace * 2 / math.sqrt(self.pull)
        of_chains = self.chains, self.burn_in, self.draws, self.preconditioned
        return Langevin(n_examples / math.log(n_examples), size, self.pull, *of_chains)


class Estimate(NamedTuple):
    """Of a coefficient, over chains."""

    mean: float
    error: float
    """standard error of the mean; NaN: there is one chain"""

    def rows(self, part: str = "", layer: int | None = None) -> Iterator[Measurement]:
        """As comparisons yield it.

        Args:
            part: what it is the coefficient of, or what was chosen otherwise; empty: the usual one.
            layer: the block that the part is of.
        """
        name = "_".join(filter(None, (part, "learning_coefficient")))
        yield Measurement(name, self.mean, layer=layer)
        if not math.isnan(self.error):
            yield Measurement(f"{name}_error", self.error, layer=layer)


def estimate(start: Mapping[str, Tensor], loss: Loss, how: Langevin, seed: int) -> Estimate:
    """λ̂ of each chain, and over chains their mean."""
    by_chain = how.n_beta * losses_nearby(start, loss, how, seed).mean(0)
    error = by_chain.std().item() / math.sqrt(len(by_chain)) if len(by_chain) > 1 else math.nan
    return Estimate(by_chain.mean().item(), error)


def objective_of(run: Member) -> Objective:
    """What a run's training minimised."""
    training = TrainingSettings.model_validate(run.settings["training"])
    return Objective(run.model, run.training_data, training, run.seed)


class Coefficients:
    """Those of a run's checkpoints, all estimated on the same batches."""

    def __init__(self, run: Member, how: Choices) -> None:
        self._run, self._objective = run, objective_of(run)
        self._how = how.langevin(self._objective.n_examples)
        with torch.inference_mode(False):
            self._batches = self._objective.batches(how.batches, how.batch)

    def trained(self, step: int) -> list[str]:
        """The parameters that training changes."""
        return self._objective.trained(self._run.parameters(step))

    def at(self, step: int, moved: Sequence[str] | None = None) -> Estimate:
        """That of a checkpoint.

        Args:
            step: of the checkpoint.
            moved: the parameters that move, all others staying as they are; None: those that are trained.
        """
        with torch.inference_mode(False), torch.enable_grad():
            its = self._run.parameters(step)
            parameters = {name: tensor.detach().clone() for name, tensor in its.items()}
            names = self._objective.trained(parameters) if moved is None else moved
            loss = _Moved(self._objective, parameters, names, self._batches)
            return estimate(loss.origin, loss, self._how, self._run.seed)

    def rows(
        self,
        step: int,
        part: str = "",
        layer: int | None = None,
        moved: Sequence[str] | None = None,
    ) -> Iterator[Compared]:
        """The same as a comparison yields it; arguments as of `at` and `Estimate.rows`."""
        for its in self.at(step, moved).rows(part, layer):
            yield Compared(its, self._run, step=step)


class _Moved:
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
