"""How often sentences, tokens and groups of tokens come in stories: exact, from a grammar's rules alone.

Nothing is counted in stories. A sentence's frame and topic follow from those of the one before it by the
grammar's tables, so that their frequencies are sums over a chain of a few states, as far as a story goes.
What a story tells anew each time (names, surnames, things, where they are, syllables) is any of the
language's with the same probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from onset.tasks.language.frames import Refers, Subject
from onset.tasks.language.grammar import Grammar
from onset.tasks.language.lexicon import Kind
from onset.tasks.language.teller import Laws

_OF_KIND = {
    Refers.NAME: Kind.NAME,
    Refers.OTHER_NAME: Kind.NAME,
    Refers.SURNAME: Kind.SURNAME,
    Refers.OTHER_SURNAME: Kind.SURNAME,
    Refers.THING: Kind.THING,
    Refers.TOLD_THING: Kind.THING,
    Refers.WHEREABOUTS: Kind.WHEREABOUTS,
    Refers.TOLD_WHEREABOUTS: Kind.WHEREABOUTS,
}


@dataclass(frozen=True, eq=False)
class Often:
    """Frequencies in the stories of a grammar, up to a length."""

    grammar: Grammar
    laws: Laws
    length: int

    @cached_property
    def pairs(self) -> Float[np.ndarray, "frames topics frames topics"]:
        """The frames and topics of two sentences in a row, as parts of 1."""
        g = self.grammar
        n_topics, n_frames = len(g.topics), len(g.lengths)
        turn = np.full((n_topics, n_topics), self.laws.drift / max(n_topics - 1, 1))
        np.fill_diagonal(turn, 1 - self.laws.drift)
        tells = g.has[:, Refers.THING]
        state = np.zeros((len(Subject), 2, n_topics))
        state[Subject.NOBODY, 0] = 1 / n_topics
        found = np.zeros((n_frames, n_topics, n_frames, n_topics))
        told = 0.0
        while told < self.length:
            now = state[:, :, None] * g.shares  # subject, told, frame, topic
            told += float((now.sum((0, 1, 3)) * g.lengths).sum())
            state = np.zeros_like(state)
            for subject in Subject:
                for known in range(2):
                    for frame in range(n_frames):
                        left = g.leaves[frame]
                        after = subject if left == Subject.NOBODY else left
                        topics = now[subject, known, frame][:, None] * turn
                        knows = int(known or tells[frame])
                        found[frame] += topics[:, None] * g.shares[after, knows][None]
                        state[after, knows] += topics.sum(0)
        return found / found.sum()

    @cached_property
    def sentences(self) -> Float[np.ndarray, "frames topics"]:
        """How often each frame comes about each topic."""
        return self.pairs.sum((2, 3))

    @cached_property
    def pronouns(self) -> Int[np.ndarray, " pronouns"]:
        """The tokens that stand for names."""
        return np.unique(self.grammar.pronoun[self.grammar.members(Kind.NAME)])

    @cached_property
    def of_pronoun(self) -> Float[np.ndarray, " pronouns"]:
        """The share of the names that each stands for."""
        its = self.grammar.pronoun[self.grammar.members(Kind.NAME)]
        return (its[:, None] == self.pronouns).mean(0)

    @cached_property
    def says(self) -> Float[np.ndarray, "pronouns tokens symbols topics"]:
        """How often a symbol becomes a token, given which pronoun the sentence's first name has."""
        g = self.grammar
        found = np.repeat(g.emission[None], len(self.pronouns), 0).copy()
        for symbol, refers in enumerate(g.refers):
            if refers in _OF_KIND or refers >= Refers.SONG:
                members = g.members(_OF_KIND.get(refers, Kind.SYLLABLE))
                found[:, members, symbol] = 1 / len(members)
            for number, token in enumerate(self.pronouns):
                if refers in (Refers.EARLIER_SUBJECT, Refers.FIRST_NAMED):
                    found[number, token, symbol] = 1
                if refers == Refers.NAME:
                    theirs = g.pronoun == token
                    found[number, :, symbol] = (theirs / theirs.sum())[:, None]
        return found

    @cached_property
    def spoken(self) -> Float[np.ndarray, "tokens symbols topics"]:
        """How often a symbol becomes a token."""
        return np.einsum("p,ptsk->tsk", self.of_pronoun, self.says)

    @cached_property
    def bigram(self) -> Float[np.ndarray, "tokens tokens"]:
        """How often a token (column) comes after another (row), as parts of 1 of all pairs."""
        g, n = self.grammar, len(self.grammar.vocabulary)
        found = np.zeros((n, n))
        syllable = g.kind == Kind.SYLLABLE
        for frame, share in enumerate(self.sentences):
            row = g.symbols[frame, : g.lengths[frame]]
            for one, two in pairwise(row):
                its = np.einsum("ak,bk,k->ab", self.spoken[:, one], self.spoken[:, two], share)
                if min(g.refers[one], g.refers[two]) >= Refers.SONG:  # which are all different
                    its = np.outer(syllable, syllable) * share.sum()
                    np.fill_diagonal(its, 0)
                    its *= share.sum() / its.sum()
                found += its
        last = g.symbols[np.arange(len(g.lengths)), g.lengths - 1]
        # Two steps of products over the topics: after the end of one sentence, the next one's beginning.
        ends = np.einsum("afk,fkgl->agl", self.spoken[:, last], self.pairs)
        found += np.einsum("agl,bgl->ab", ends, self.spoken[:, g.symbols[:, 0]])
        return found / found.sum()

    @cached_property
    def by_topic(self) -> Float[np.ndarray, "tokens topics"]:
        """How often a token comes in sentences about a topic, as parts of 1 of all tokens."""
        g = self.grammar
        found = np.zeros((len(g.vocabulary), len(g.topics)))
        for frame, share in enumerate(self.sentences):
            for symbol in g.symbols[frame, : g.lengths[frame]]:
                found += self.spoken[:, symbol] * share
        return found / found.sum()

    def mentions(self, kind: Kind) -> float:
        """Of a kind in a token, on average: of those that a story has several of."""
        per_frame = sum(
            self.grammar.has[:, its].astype(float) for its, of in _OF_KIND.items() if of == kind
        )
        lengths = (self.sentences.sum(1) * self.grammar.lengths).sum()
        return float((self.sentences.sum(1) * per_frame).sum() / lengths)

    @cached_property
    def songs(self) -> float:
        """In a token, on average."""
        sings = self.grammar.has[:, Refers.SONG :].any(1)
        lengths = (self.sentences.sum(1) * self.grammar.lengths).sum()
        return float((self.sentences.sum(1) * sings).sum() / lengths)
