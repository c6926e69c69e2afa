"""Stories: first planned, then said. One plan can be said about other topics, too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Int8

from onset.tasks.language.grammar import Grammar
from onset.tasks.language.teller import Laws, Teller

_AT_ONCE = 512  # stories


@dataclass(frozen=True, eq=False)
class Plan:
    """What the sentences of stories will say."""

    topics: Int[np.ndarray, "stories sentences"]
    frames: Int[np.ndarray, "stories sentences"]
    referred: Int[np.ndarray, "stories sentences refers"]
    """the token of each symbol that refers"""
    new: Bool[np.ndarray, "stories sentences refers"]
    """of surnames and whereabouts: whether this is told for the first time"""
    picks: Float[np.ndarray, "stories sentences places"]
    """between 0 and 1: which words of pools are drawn"""


class Stories(NamedTuple):
    """Tokens, and for each the topic of its sentence, its slot, and the rule that determines it."""

    tokens: Int[np.ndarray, "stories length"]
    topic: Int8[np.ndarray, "stories length"]
    slot: Int8[np.ndarray, "stories length"]
    rule: Int8[np.ndarray, "stories length"]

    def of(self, rows: np.ndarray) -> Stories:
        """Some of them."""
        return Stories(*(its[rows] for its in self))

    @classmethod
    def joined(cls, parts: list[Stories]) -> Stories:
        return cls(*map(np.concatenate, zip(*parts, strict=True)))


def told(grammar: Grammar, laws: Laws, n: int, length: int, rng: np.random.Generator) -> Stories:
    """So many stories, cut off at a length."""
    sizes = [min(_AT_ONCE, n - begun) for begun in range(0, n, _AT_ONCE)]
    parts = [said(grammar, planned(grammar, laws, its, length, rng), length) for its in sizes]
    return Stories.joined(parts)


def planned(
    grammar: Grammar,
    laws: Laws,
    n: int,
    length: int,
    rng: np.random.Generator,
    unlike: Plan | None = None,
) -> Plan:
    """So many stories.

    Args:
        grammar: of them.
        laws: of their world.
        n: how many.
        length: in tokens, at least.
        rng: decides.
        unlike: as far as this goes, each sentence has the topic that it has there, and another pattern.
    """
    teller = Teller(grammar, laws, n, rng)
    sentences = []
    lengths = np.zeros(n, np.int64)
    while lengths.min() < length:
        i = len(sentences)
        if unlike is not None and i < unlike.frames.shape[1]:
            its = teller.next(unlike.topics[:, i], grammar.patterns[unlike.frames[:, i]])
        else:
            its = teller.next()
        lengths += grammar.lengths[its.frame]
        sentences.append(its)
    topics, frames, referred, new = (np.stack(its, 1) for its in zip(*sentences, strict=True))
    picks = rng.random((*frames.shape, grammar.symbols.shape[1]))
    return Plan(topics, frames, referred, new, picks)


def about_others(grammar: Grammar, plan: Plan, rng: np.random.Generator) -> Plan:
    """The same frames, persons and things; but for each topic that a story has it has another."""
    n = len(grammar.topics)
    shift = rng.integers(1, n, size=(len(plan.topics), 1))
    return replace(plan, topics=(plan.topics + shift) % n)


def said(grammar: Grammar, plan: Plan, length: int) -> Stories:
    """The tokens of a plan, cut off at a length."""
    symbols = grammar.symbols[plan.frames]
    topics = np.broadcast_to(plan.topics[..., None], symbols.shape)
    words, upto = grammar.drawn
    pick = (upto[symbols, topics] <= plan.picks[..., None]).sum(-1)
    refers = grammar.refers[symbols]
    at = np.maximum(refers, 0)
    referred = np.take_along_axis(plan.referred, at, 2)
    tokens = np.where(refers < 0, words[symbols, topics, pick], referred)
    new = (refers >= 0) & np.take_along_axis(plan.new, at, 2)
    rules = np.where(new, 0, grammar.rule_of[symbols])
    n = len(symbols)
    filled = np.arange(symbols.shape[2]) >= grammar.lengths[plan.frames][..., None]
    order = np.argsort(filled.reshape(n, -1), axis=1, kind="stable")[:, :length]

    def in_a_row(values: np.ndarray) -> np.ndarray:
        return np.take_along_axis(values.reshape(n, -1), order, 1)

    known = (in_a_row(its).astype(np.int8) for its in (topics, grammar.slot_of[symbols], rules))
    return Stories(in_a_row(tokens), *known)
