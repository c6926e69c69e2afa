"""Does one model answer what another answers, as a larger one what a smaller one does?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onset.comparisons.member import Compared, Member
from onset.measures.answers.asking import is_right, logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model
from onset.tasks.dataset import VALIDATION, Dataset

TOGETHER = "two runs"
QUANTITIES = {
    "known_too": {"kind": "share", "label": "of what one answers right, the other does too"},
    "known_anyway": {"kind": "share", "label": "of all, what the other answers right"},
}


def compare(members: Sequence[Member[Model, Dataset]]) -> Iterator[Compared]:
    """Of a run and the one that it is beside, in one world, per split, but for validation parts, and
    checkpoint (`step`) that both have:

    * `known_too`: of the questions that the first answers right, how many the second does, too: all, where
      what the one can do is part of what the other can;
    * `known_anyway`: of all questions, how many the second answers right: the null.
    """
    one, other = members
    sizes = [its.targets.size for its in one.dataset.splits.values()]
    targets = targets_of_splits(one.dataset)
    for step in one.steps:
        if step not in other.steps:
            continue
        both = [
            is_right(logits_of_splits(its.model, its.parameters(step), its.dataset), targets)
            for its in members
        ]
        first, second = (its.split(sizes) for its in both)
        for name, its, theirs in zip(one.dataset.splits, first, second, strict=True):
            n = int(its.sum())
            if name.endswith(VALIDATION) or not n:
                continue
            too = (its * theirs).sum().item() / n
            rows = [
                Measurement("known_too", too, name, n_examples=n),
                Measurement("known_anyway", theirs.mean().item(), name),
            ]
            for found in rows:
                yield Compared(found, one, other, step, step)
