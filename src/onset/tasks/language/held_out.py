"""Stories that no other split has, and their twins, which differ from them in one respect."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Int

from onset.tasks.language.frames import RULES
from onset.tasks.language.grammar import Grammar
from onset.tasks.language.teller import Laws
from onset.tasks.language.telling import Stories, about_others, planned, said, told
from onset.tasks.parts import rows

_TRIED = {"surname": 40, "whereabouts": 100, "restated": 150, "song": 40}
"""stories that are drawn to find one that ends with a rule and has a rival"""


def apart(
    taken: set[bytes], draw: Callable[[int], tuple[Stories, ...]], n: int
) -> tuple[Stories, ...]:
    """So many stories, each with its twins, of which none is taken or the same as another.

    Args:
        taken: `rows` of other stories; these join them.
        draw: stories and, row by row, their twins. Told how many are wanted, it may give fewer.
        n: how many are wanted.
    """
    parts: list[tuple[Stories, ...]] = []
    while sum(len(its[0].tokens) for its in parts) < n:
        drawn = draw(n)
        kept = []
        for i, alike in enumerate(zip(*(its.tokens for its in drawn), strict=True)):
            its = rows(np.stack(alike))
            if len(its) == len(drawn) and not its & taken:
                taken |= its
                kept.append(i)
        parts.append(tuple(its.of(np.array(kept, np.int64)) for its in drawn))
    return tuple(Stories.joined(list(its)).of(np.arange(n)) for its in zip(*parts, strict=True))


def with_twins(
    grammar: Grammar, laws: Laws, length: int, rng: np.random.Generator, n: int
) -> tuple[Stories, Stories, Stories]:
    """Stories; the same about other topics; and others about the same topics, in other patterns."""
    plan = planned(grammar, laws, n, length, rng)
    other_topic = about_others(grammar, plan, rng)
    other_slot = planned(grammar, laws, n, length, rng, unlike=plan)
    return tuple(said(grammar, its, length) for its in (plan, other_topic, other_slot))


def with_swapped(
    grammar: Grammar, laws: Laws, length: int, rng: np.random.Generator, rule: str, n: int
) -> tuple[Stories, Stories]:
    """Stories that end with a value that a rule determines; and the same, in which it has changed places
    with a rival, one that is told of another key. Before the end, both come equally often. There may be
    fewer than are wanted."""
    its = told(grammar, laws, _TRIED[rule] * n, length, rng)
    its = its.of(np.flatnonzero(its.rule[:, -1] == RULES.index(rule)))
    before, last = its.tokens[:, :-1], its.tokens[:, -1:]
    times = (before[:, :, None] == before[:, None]).sum(2)
    rivals = (grammar.kind[before] == grammar.kind[last]) & (before != last)
    rivals &= times == (before == last).sum(1, keepdims=True)
    chosen = np.flatnonzero(rivals.any(1))
    its, last = its.of(chosen), last[chosen]
    values = (np.unique(row[at]) for row, at in zip(before[chosen], rivals[chosen], strict=True))
    rival = np.array([rng.choice(of_others) for of_others in values], np.int64)[:, None]
    swapped = np.where(its.tokens == last, rival, np.where(its.tokens == rival, last, its.tokens))
    return its, its._replace(tokens=swapped)


def truth_of_swapped(
    stories: Stories, swapped: Stories
) -> Iterator[dict[str, Int[np.ndarray, " stories"]]]:
    """Of stories and of their twins: each one's last token is the other's rival."""
    for own, other in ((stories, swapped), (swapped, stories)):
        right, rival = own.tokens[:, -1:], other.tokens[:, -1:]
        yield {
            "rival": rival[:, 0],
            "right_place": (own.tokens == right).argmax(1),
            "rival_place": (own.tokens == rival).argmax(1),
        }
