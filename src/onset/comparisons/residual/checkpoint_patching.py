"""Which part of a model already works on the states of an earlier one, and from when on?

Activation patching (Vig et al. 2020, arXiv:2004.12265; Meng et al. 2022, arXiv:2202.05262) between
checkpoints of one run: the model of step t is asked a question, and at one place (so many block
applications done, a position) its state is replaced by that of the model of step s at the same place on
the same question; the model of step t computes the rest. Where the answer stays right, what follows that
place in the one model works on the states of the other.

It doesn't say that a state which fails holds less: it may hold the same in other directions. Nothing keeps
the two models in one basis but that the later grew out of the earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.transformer.midway import logits_from
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import VALIDATION, Dataset, Split

TOGETHER = "checkpoints"
NEEDS = ("midway",)
OPTIONS = {"most_questions": 128}
QUANTITIES = {
    "patched_accuracy": {"kind": "share", "label": "accuracy with the state of another step"},
    "patched_untrained_accuracy": {
        "kind": "share", "label": "accuracy with the state of the untrained model"
    },
    "patched_other_accuracy": {
        "kind": "share", "label": "accuracy with the state of another question"
    },
}  # fmt: skip

States = Float[Tensor, "applications_and_one questions length d_model"]
Place = tuple[int, int]
"""block applications done, position"""


def compare(
    members: Sequence[Member[Transformer, Dataset]], most_questions: int
) -> Iterator[Compared]:
    """Per split and place (`layer`: block applications done, `position`), over at most so many questions,
    of which the answer at the last scored position counts:

    * `patched_accuracy`: fraction that the model of `step` answers right with the state of `other_step`;
      where the two are one, the model's own accuracy;
    * `patched_untrained_accuracy`: the same with the state of step 0, where the run has that checkpoint:
      what the place is worth if nothing before it has been trained (a null);
    * `patched_other_accuracy`: with the model's own state on another question, which has another answer
      (a null): how far the answer hangs on this place at all.

    From when on states work in the last model follows from these: `statistics.order.works_from`.
    """
    for run in members:
        models = {step: run.parameters(step) for step in run.steps}
        for name, split in run.dataset.splits.items():
            if not name.endswith(VALIDATION):
                yield from _of_split(run, models, name, split, most_questions)


@dataclass(frozen=True)
class _Asked:
    """Questions of one split, and for each another one with another answer."""

    model: Transformer
    tokens: Int[Tensor, "questions length"]
    others: Int[Tensor, "questions length"]
    targets: Int[Tensor, " questions"]
    scored: int
    depth: int

    @property
    def places(self) -> Iterator[Place]:
        """Every position before each block application; after the last only the one that is read out."""
        for layer in range(self.depth):
            for position in range(self.scored + 1):
                yield layer, position
        yield self.depth, self.scored

    def states(self, parameters: Mapping[str, Tensor], tokens: Tensor) -> States:
        return self.model.residual_stream(parameters, tokens)[: self.depth + 1]

    def right(
        self, parameters: Mapping[str, Tensor], own: States, given: States
    ) -> dict[Place, float]:
        """The fraction answered right with the given state at each place, in turn."""
        found = {}
        for layer in range(self.depth + 1):
            positions = [position for its, position in self.places if its == layer]
            states = own[layer].repeat(len(positions), 1, 1, 1)
            for row, position in enumerate(positions):
                states[row, :, position] = given[layer][:, position]
            tokens = self.tokens.repeat(len(positions), 1)
            logits = logits_from(
                self.model, parameters, states.flatten(0, 1), tokens, layer, self.depth, self.scored
            )
            right = logits.argmax(-1).view(len(positions), -1) == self.targets
            shares = right.double().mean(1).tolist()
            found |= {(layer, its): share for its, share in zip(positions, shares, strict=True)}
        return found


def _of_split(
    run: Member[Transformer, Dataset],
    models: Mapping[int, Mapping[str, Tensor]],
    name: str,
    split: Split,
    most_questions: int,
) -> Iterator[Compared]:
    asked = _asked(run, split, most_questions)
    if not len(asked.tokens):
        return
    rows = partial(_rows, name, len(asked.tokens))
    states = {step: asked.states(its, asked.tokens) for step, its in models.items()}
    for step, parameters in models.items():
        for other_step, given in states.items():
            right = asked.right(parameters, states[step], given)
            yield from rows("patched_accuracy", right, step, other_step)
            if other_step == 0:
                yield from rows("patched_untrained_accuracy", right, step)
        other = asked.right(parameters, states[step], asked.states(parameters, asked.others))
        yield from rows("patched_other_accuracy", other, step)


def _rows(
    split: str,
    n_examples: int,
    measure: str,
    right: Mapping[Place, float],
    step: int,
    other_step: int | None = None,
) -> Iterator[Compared]:
    for (layer, position), share in right.items():
        its = Measurement(measure, share, split, layer, position=position, n_examples=n_examples)
        yield Compared(its, step=step, other_step=other_step)


def _asked(run: Member[Transformer, Dataset], split: Split, most: int) -> _Asked:
    """Questions chosen at random by the run's seed; the other of each is the next in that order."""
    order = np.random.Generator(np.random.Philox(run.seed)).permutation(len(split))
    following = np.roll(order, -1)
    targets = split.targets[:, -1]
    apart: Bool[np.ndarray, " questions"] = targets[order] != targets[following]
    rows, others = order[apart][:most], following[apart][:most]

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(run.device)

    return _Asked(
        model=run.model,
        tokens=tensor(split.tokens[rows]),
        others=tensor(split.tokens[others]),
        targets=tensor(targets[rows]),
        scored=split.scored[-1],
        depth=run.model.depth(split.hops),
    )
