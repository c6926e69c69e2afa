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
    γ 10 | 30 | 100 (pace 0.1)                  253 ± 19 | 70 ± 7 | 6 ± 2

Chains and samplers agree; a pace of 0.2 is too fast for the steepest directions; and λ̂ is a number for its
γ alone. With `varied`, a study shows the same of its own runs, and how it depends on the size of batches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from onset.comparisons.member import Compared, Member
from onset.comparisons.weights.nearby import Choices, Coefficients
from onset.models.batch import Model
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
OPTIONS = {
    "pull": 300.0, "pace": 0.05, "chains": 2, "burn_in": 60, "draws": 20, "batches": 8,
    "batch": 1.0, "preconditioned": False, "refined": False, "varied": False,
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
    batch: float,
    preconditioned: bool,
    refined: bool,
    varied: bool,
) -> Iterator[Compared]:
    """At each `step`, of the loss that the training minimised, on batches drawn as it drew them:

    * `learning_coefficient`: mean over chains, and `learning_coefficient_error`, its standard error;
    * if `refined`, `attention_learning_coefficient` and `mlp_learning_coefficient` by block (`layer`), with
      theirs: only the parameters of that part move (Wang et al. 2024, arXiv:2410.02984);
    * if `varied`, `less_pull_learning_coefficient` and the like (`nearby.Choices.varied`), with theirs.

    Args:
        members: a run.
        pull, pace, chains, burn_in, draws, batches, batch, preconditioned: as `nearby.Choices` has them.
        refined: whether parts are looked at, too, at the same cost each.
        varied: whether it is also estimated with each of the choices made otherwise.
    """
    how = Choices(pull, pace, chains, burn_in, draws, batches, batch, preconditioned)
    for run in members:
        its = Coefficients(run, how)
        for step in run.steps:
            yield from its.rows(step)
            for (part, layer), moved in _parts(its.trained(step)).items() if refined else ():
                yield from its.rows(step, part, layer, moved)
        for name, other in how.varied().items() if varied else ():
            its = Coefficients(run, other)
            for step in run.steps:
                yield from its.rows(step, name)


def _parts(names: Sequence[str]) -> dict[tuple[str, int], list[str]]:
    """(part, block) → its parameters."""
    found: dict[tuple[str, int], list[str]] = {}
    for part, pattern in _PARTS.items():
        for name in names:
            if its := pattern.match(name):
                found.setdefault((part, int(its[1])), []).append(name)
    return found
