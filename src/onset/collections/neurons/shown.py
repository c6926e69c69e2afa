"""What neurons are shown: sequences that are held out, and the places in them.

A place is a beginning of a sequence: what comes later changes nothing there, so that sequences which begin
alike share places, and each counts once. Descriptions are chosen on the places of one half of the
sequences and scored on those of the other; a place that both halves have belongs to the one that has it
first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from onset.models.batch import Questions, ReadableModel
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.training.batches import questions_of

MOST_SEQUENCES, MOST_PLACES = 1024, 16384
"""of all splits together"""

UNKNOWN = -1
"""where the world says nothing of a place"""
NEXT = "next "
"""before the name of a fact: it is about the token that comes next"""


@dataclass(frozen=True, eq=False)
class Group:
    """Sequences of one split that are scored at the same positions, cut off behind the last of these."""

    split: str
    questions: Questions
    targets: Int[np.ndarray, "sequences scored"]
    depth: int
    """block applications after which they are read out"""
    truth: Mapping[str, Int[np.ndarray, "sequences length"]]
    """what the world declares of each position in whole numbers, UNKNOWN where it doesn't"""

    @property
    def tokens(self) -> Int[np.ndarray, "sequences length"]:
        return self.questions.tokens

    @cached_property
    def everywhere(self) -> Questions:
        """The same sequences, asked at every position."""
        return Questions(self.tokens, tuple(range(self.tokens.shape[1])), self.questions.hops)


class Names(NamedTuple):
    """What things are called."""

    vocabulary: tuple[str, ...]
    splits: tuple[str, ...]
    """all there are"""
    values: Mapping[str, tuple[str, ...]]
    """fact that the world declares → its values, if it names them"""

    @classmethod
    def of(cls, dataset: Dataset) -> Names:
        return cls(dataset.vocabulary, tuple(dataset.splits), dataset.names)


@dataclass(frozen=True, eq=False)
class Shown:
    """Sequences in groups, those that are read out last first, and their places."""

    groups: tuple[Group, ...]
    names: Names
    place: tuple[Int[np.ndarray, "_sequences _length"], ...]
    """of each group: the number of the place that each position is"""
    group: Int[np.ndarray, " places"]
    row: Int[np.ndarray, " places"]
    position: Int[np.ndarray, " places"]
    """of a sequence that has the place"""
    other_half: Bool[np.ndarray, " places"]
    """whether descriptions are scored there, and not chosen"""

    def of_layer(self, layer: int) -> Int[np.ndarray, " places"]:
        """The places that have so many block applications behind them, and one more."""
        depths = np.array([its.depth for its in self.groups])
        return np.flatnonzero(depths[self.group] > layer)

    @cached_property
    def flat(self) -> Int[np.ndarray, " places"]:
        """Where each place is when all positions of all groups stand in one row."""
        sizes = [its.tokens.size for its in self.groups]
        lengths = np.array([its.tokens.shape[1] for its in self.groups])
        start = np.cumsum([0, *sizes[:-1]])
        return start[self.group] + self.row * lengths[self.group] + self.position


def shown(model: ReadableModel, dataset: Dataset, trained_on: Collection[str], seed: int) -> Shown:
    """As many sequences of each held-out split, or of the trained ones where nothing is held out.

    Args:
        model: says after how many block applications a question is read out.
        dataset: of the run. Parts for validation are left out.
        trained_on: names of splits.
        seed: of the run; it chooses the sequences.
    """
    splits = {
        n: its for n, its in dataset.splits.items() if len(its) and not n.endswith(VALIDATION)
    }
    names = [name for name in splits if name not in trained_on] or list(splits)
    groups = []
    for name in names:
        its = splits[name]
        most = min(MOST_SEQUENCES, MOST_PLACES // its.tokens.shape[1]) // len(names)
        rng = np.random.Generator(np.random.Philox(seed))
        groups += groups_of(model, name, its, rng.permutation(len(its))[: max(most, 2)])
    return places_of(groups, Names.of(dataset))


def groups_of(
    model: ReadableModel, name: str, split: Split, rows: Int[np.ndarray, " sequences"]
) -> list[Group]:
    """Some sequences of a split, those together that are scored at the same positions."""
    depth = model.depth(split.hops)
    found = []
    for its, questions in questions_of(split, rows).alike():
        length = max(questions.scored) + 1
        asked = Questions(questions.tokens[:, :length], questions.scored, questions.hops)
        chosen = rows[its]
        truth = {}
        for fact, values in split.truth.items():
            if values.dtype.kind in "iub":
                truth |= _placed(fact, values[chosen].astype(np.int64), split, asked)
        found.append(Group(name, asked, split.targets[chosen], depth, truth))
    return found


def _placed(
    fact: str, values: Int[np.ndarray, "sequences ..."], split: Split, asked: Questions
) -> dict[str, Int[np.ndarray, "sequences length"]]:
    """What is known of each position: of examples where they are scored, of targets there too; of tokens
    everywhere, and under `next FACT` of the token that comes next."""
    if values.shape[1:] == split.tokens.shape[1:]:
        length = asked.tokens.shape[1]
        coming = np.full((len(values), 1), UNKNOWN)
        after = np.concatenate([values[:, 1:], coming], 1)
        return {fact: values[:, :length], f"{NEXT}{fact}": after[:, :length]}
    known = np.full(asked.tokens.shape, UNKNOWN)
    known[:, list(asked.scored)] = values if values.ndim == 2 else values[:, None]
    return {fact: known}


def places_of(groups: Collection[Group], names: Names) -> Shown:
    """Number the places of all groups: the same tokens up to a position, both scored there or neither."""
    ordered = tuple(sorted(groups, key=lambda its: -its.depth))
    numbers: dict[tuple[bytes, bool], int] = {}
    first, place = [], []
    for number, its in enumerate(ordered):
        tokens = np.ascontiguousarray(its.tokens, np.int64)
        scored = np.isin(np.arange(tokens.shape[1]), its.questions.scored).tolist()
        width, whole = tokens.itemsize, [row.tobytes() for row in tokens]
        of_group = np.empty(tokens.shape, np.int64)
        for row, raw in enumerate(whole):
            for position, answers in enumerate(scored):
                key = (raw[: width * (position + 1)], answers)
                if key not in numbers:
                    numbers[key] = len(numbers)
                    first.append((number, row, position, row % 2 == 1))
                of_group[row, position] = numbers[key]
        place.append(of_group)
    group, row, position, half = (np.array(its) for its in zip(*first, strict=True))
    return Shown(ordered, names, tuple(place), group, row, position, half)
