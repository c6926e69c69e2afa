"""What can be said of a place: the tokens there and before it, its position, and what the world declares.

A *term* is a fact with a value, such as `token = e3` or `topic = weather`; it names the places where that
is so. A description is a term, or two of different facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.collections.neurons.shown import NEXT, UNKNOWN, Group, Names, Shown

TOKEN, ANSWER, POSITION, SPLIT = "token", "answer", "position", "split"
_BEFORE = " before"
"""how the names of facts end that are tokens before the place"""
_PLACE = "_place"
"""how the names of declared facts end that are positions; others are tokens, or named by the world"""
_FARTHEST_BACK = 3
"""tokens before the place that a term may name"""
FEWEST = 4
"""places of the half on which descriptions are chosen that a term must name"""

Facts = Mapping[str, Int[np.ndarray, " places"]]
"""fact → its value at each place, UNKNOWN where there is none; what is simplest to see comes first"""


def facts_of(seen: Shown) -> Facts:
    """All facts of all places: tokens, position, and at places that answer the right answer and the split;
    then what the world declares."""
    known = [_of_group(its, seen.names.splits) for its in seen.groups]
    found = {}
    for name in dict.fromkeys(name for its in known for name in its):
        values = [
            its.get(name, np.full(group.tokens.shape, UNKNOWN)).ravel()
            for its, group in zip(known, seen.groups, strict=True)
        ]
        found[name] = np.concatenate(values)[seen.flat]
    return found


def _of_group(
    group: Group, splits: tuple[str, ...]
) -> dict[str, Int[np.ndarray, "sequences length"]]:
    tokens = group.tokens
    split = splits.index(group.split) if group.split in splits else UNKNOWN
    found = {TOKEN: tokens}
    for back in range(1, min(_FARTHEST_BACK, tokens.shape[1] - 1) + 1):
        before = np.full(tokens.shape, UNKNOWN)
        before[:, back:] = tokens[:, :-back]
        found[f"{back}{_BEFORE}"] = before
    found[POSITION] = np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape)
    scored = list(group.questions.scored)
    for name, values in ((ANSWER, group.targets), (SPLIT, split)):
        found[name] = np.full(tokens.shape, UNKNOWN)
        found[name][:, scored] = values
    return found | dict(group.truth)


class Term(NamedTuple):
    """A fact with a value."""

    fact: str
    value: int

    def holds(self, facts: Facts) -> Bool[np.ndarray, " places"]:
        return facts[self.fact] == self.value


class Terms(NamedTuple):
    """All terms that name enough places, and not all of them."""

    terms: list[Term]
    fact: Int[Tensor, " terms"]
    """number of the fact of each"""
    named: Float[Tensor, "terms places"]
    """1 at the places that each names, 0 elsewhere"""


def terms_of(facts: Facts, other_half: Bool[np.ndarray, " places"]) -> Terms:
    """Those to choose from.

    Args:
        facts: of the places.
        other_half: the places on which nothing is chosen.
    """
    terms, numbers, rows = [], [], []
    here = ~other_half
    for number, (fact, values) in enumerate(facts.items()):
        there, counts = np.unique(values[here], return_counts=True)
        kept = there[(there != UNKNOWN) & (counts >= FEWEST) & (counts < here.sum())]
        terms += [Term(fact, value) for value in kept.tolist()]
        numbers += [number] * len(kept)
        rows.append(values == kept[:, None])
    named = torch.from_numpy(np.concatenate(rows)).float()
    return Terms(terms, torch.tensor(numbers, dtype=torch.int64), named)


def in_words(terms: tuple[Term, ...], names: Names) -> str:
    """`token = e3`, `1 before = r2 and answer = e7`."""
    return " and ".join(f"{its.fact} = {_value(its, names)}" for its in terms)


def is_declared(fact: str) -> bool:
    """Whether the world declares it, and it isn't to be seen in the tokens or the question."""
    seen = {TOKEN, ANSWER, POSITION, SPLIT}
    return fact not in seen and not fact.endswith((_BEFORE, _PLACE))


def kind_of(terms: tuple[Term, ...]) -> str:
    """What a description goes by: the names of its facts."""
    return " × ".join(its.fact for its in terms)


def _value(term: Term, names: Names) -> str:
    if term.fact == POSITION or term.fact.endswith(_PLACE):
        return str(term.value)
    called = {**names.values, SPLIT: names.splits}
    return called.get(term.fact.removeprefix(NEXT), names.vocabulary)[term.value]
