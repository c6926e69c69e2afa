"""Do runs give the same answers, to easy questions and to hard ones, right ones and wrong ones?

Models that are right equally often may be right about different questions (McCoy et al. 2019,
arXiv:1911.02969). A question is the easier, the more of the other runs answer it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from onset.comparisons.member import Compared, Member
from onset.comparisons.pairs import of_pairs
from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.measures.measurement import Measurement
from onset.models.batch import Model
from onset.tasks.dataset import VALIDATION, Dataset

TOGETHER = "runs"
QUANTITIES = {
    "alike": {"kind": "share", "label": "questions answered alike"},
    "alike_by_chance": {"kind": "share", "label": "the same, by chance"},
    "wrong_alike": {"kind": "share", "label": "of those that both get wrong, answered alike"},
    "wrong_alike_by_chance": {"kind": "share", "label": "the same, by chance"},
    "alike_of_class": {"kind": "share", "label": "questions answered alike"},
    "alike_of_class_by_chance": {"kind": "share", "label": "the same, by chance"},
}
_FEWEST = 5
"""questions of a class, or that both get wrong: of fewer there is no share"""

Answers = Int[Tensor, " scored"]


def compare(members: Sequence[Member[Model, Dataset]]) -> Iterator[Compared]:
    """Of each two runs in one world (`onset.comparisons.pairs`), per split, but for validation parts, and
    checkpoint (`step`):

    * `alike`: questions that both answer alike; `alike_by_chance`: how many they would, if each was right
      as often as it is and gave its wrong answers as often, but to whichever questions;
    * `wrong_alike`, `wrong_alike_by_chance`: the same of the questions that both get wrong;
    * `alike_of_class`, `alike_of_class_by_chance`: the same of the questions that so many (`component`) of
      the other runs answer right, which is how easy they are; from three runs on.

    Raises:
        ValueError: the runs are of different worlds, so that they are asked different questions.
    """
    if len({its.seed for its in members}) > 1:
        raise ValueError(
            "agreement is between runs with one seed, which are asked the same questions"
        )
    targets = targets_of_splits(members[0].dataset)
    places = _places(members[0].dataset)
    steps = [step for step in members[0].steps if all(step in its.steps for its in members)]
    for step in steps:
        said = {its: _answers(its, step) for its in members}
        right = torch.stack([its == targets for its in said.values()]).sum(0)

        yield from of_pairs(members, partial(_of_two, said, targets, right, places, step))


def _of_two(
    said: Mapping[Member, Answers],
    targets: Answers,
    right: Answers,
    places: Mapping[str, slice],
    step: int,
    one: Member,
    other: Member,
) -> Iterator[Compared]:
    """Of two runs at a step: what all have said, how many of all are right, the places of splits."""
    both = said[one], said[other]
    known = right - sum((its == targets).long() for its in both)
    for name, its in places.items():
        asked = (told[its] for told in (*both, targets, known))
        for found in _found(*asked, n_others=len(said) - 2):
            yield Compared(found._replace(split=name), one, other, step, step)


def _places(dataset: Dataset) -> dict[str, slice]:
    """Where the answers of each split are, but for validation parts."""
    sizes = [its.targets.size for its in dataset.splits.values()]
    ends = np.cumsum(sizes).tolist()
    return {
        name: slice(end - size, end)
        for name, size, end in zip(dataset.splits, sizes, ends, strict=True)
        if not name.endswith(VALIDATION)
    }


def _answers(run: Member[Model, Dataset], step: int) -> Answers:
    logits = logits_of_splits(run.model, run.parameters(step), run.dataset)
    return logits.argmax(-1).cpu()


def _found(
    one: Answers, other: Answers, targets: Answers, known: Answers, n_others: int
) -> Iterator[Measurement]:
    same = one == other
    everywhere = torch.ones_like(same)
    yield Measurement("alike", _mean(same, everywhere))
    yield Measurement("alike_by_chance", by_chance(one, other, targets, everywhere))
    wrong = (one != targets) & (other != targets)
    if wrong.sum() >= _FEWEST:
        n = int(wrong.sum())
        yield Measurement("wrong_alike", _mean(same, wrong), n_examples=n)
        chance = by_chance(one, other, targets, wrong)
        yield Measurement("wrong_alike_by_chance", chance, n_examples=n)
    for class_ in range(n_others + 1) if n_others else ():
        its = known == class_
        if (n := int(its.sum())) >= _FEWEST:
            found = Measurement("alike_of_class", _mean(same, its), component=class_, n_examples=n)
            yield found
            chance = by_chance(one, other, targets, its)
            yield found._replace(measure="alike_of_class_by_chance", value=chance)


def by_chance(one: Answers, other: Answers, targets: Answers, of: Bool[Tensor, " scored"]) -> float:
    """How many of some questions two would answer alike if they knew nothing of each other.

    Both right by the product of how often each is; both wrong likewise, and then alike as often as answers
    are that are drawn from the wrong ones of either.
    """
    a, b = ((its == targets)[of].double().mean().item() for its in (one, other))
    its, theirs = one[of & (one != targets)], other[of & (other != targets)]
    return a * b + (1 - a) * (1 - b) * _same_of_drawn(its, theirs)


def _same_of_drawn(one: Int[Tensor, " ones"], other: Int[Tensor, " others"]) -> float:
    """How often an answer drawn from some is one drawn from others."""
    if not (len(one) and len(other)):
        return 0.0
    n = 1 + int(max(one.max(), other.max()))
    shares = [torch.bincount(its, minlength=n).double() / len(its) for its in (one, other)]
    return (shares[0] @ shares[1]).item()


def _mean(same: Bool[Tensor, " scored"], of: Bool[Tensor, " scored"]) -> float:
    return same[of].double().mean().item()
