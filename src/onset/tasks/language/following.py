"""What the best reader of stories expects: the exact probability of each token, given all before it.

The reader knows the grammar, but sees neither the topic of a sentence nor which frame it has. It keeps the
probability of each pair of them. When a token comes, it multiplies each by how often the pair becomes this
token; the sum is the token's probability, and the products divided by it are what the reader believes next
(forward filtering: Rabiner 1989, "A tutorial on hidden Markov models and selected applications in speech
recognition", equations 19 and 20). Persons, things and what belongs to them are no secret once told; before
that, all that are left have the same probability.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from onset.tasks.language.frames import Refers, Subject
from onset.tasks.language.grammar import Grammar
from onset.tasks.language.lexicon import Kind
from onset.tasks.language.teller import Laws

_NONE = -1
_AT_ONCE = 512  # stories


def nats(
    grammar: Grammar, laws: Laws, tokens: Int[np.ndarray, "stories length"]
) -> Float[np.ndarray, "stories length"]:
    """−log p of each token, given all before it, in nats.

    Args:
        grammar: of the stories.
        laws: that the reader believes in. If those of the world are others, this is what the mistake costs.
        tokens: from the beginning of each story.

    Raises:
        ValueError: a story can't begin like this.
    """
    parts = np.split(tokens, range(_AT_ONCE, len(tokens), _AT_ONCE))
    return np.concatenate([_Reader(grammar, laws, len(its)).nats(its) for its in parts])


def expected(
    grammar: Grammar, laws: Laws, tokens: Int[np.ndarray, "stories length"]
) -> Float[np.ndarray, "stories tokens"]:
    """The probability that each token of the vocabulary has of coming next.

    Raises:
        ValueError: a story can't begin like this.
    """
    reader = _Reader(grammar, laws, len(tokens))
    reader.nats(tokens)
    columns = [reader.probability(token) for token in range(len(grammar.vocabulary))]
    return np.stack(columns, 1)


class _Reader:
    """Reads many stories side by side, token by token."""

    def __init__(self, grammar: Grammar, laws: Laws, n: int) -> None:
        self.grammar, self.laws, self.rows = grammar, laws, np.arange(n)
        n_topics, n_tokens = len(grammar.topics), len(grammar.vocabulary)
        self.turn = np.full((n_topics, n_topics), laws.drift / (n_topics - 1))
        np.fill_diagonal(self.turn, 1 - laws.drift)
        self.heard = np.zeros((n, n_tokens), bool)
        self.counts = np.zeros((n, len(Kind)), np.int64)
        """how many different ones of a kind have been heard"""
        self.value = np.full((n, n_tokens), _NONE)
        """the surname of a name, the whereabouts of a thing"""
        self.named, self.thing, self.subject_name, self.first, self.surname = np.full((5, n), _NONE)
        """who was named last, and the last thing; whom a pronoun stands for; in this sentence, who was
        named first, and the last surname"""
        self.song = np.full((n, grammar.song_length), _NONE)
        self.sung = np.zeros((n, n_tokens), bool)
        """syllables that this sentence has had"""
        self.subject = np.full(n, Subject.NOBODY)
        self.place = np.zeros(n, np.int64)
        """in the sentence"""
        self.beliefs = self._beginning(np.full((n, n_topics), 1 / n_topics))

    def nats(
        self, tokens: Int[np.ndarray, "stories length"]
    ) -> Float[np.ndarray, "stories length"]:
        found = np.empty(tokens.shape)
        for i, token in enumerate(tokens.T):
            joint = self.beliefs * self._likelihood(token)
            probability = joint.sum((1, 2))
            if not probability.all():
                said = self.grammar.text(tokens[probability.argmin(), : i + 1])
                raise ValueError(f"no story begins like this: {said}")
            found[:, i] = -np.log(np.minimum(probability, 1.0))
            self.beliefs = joint / probability[:, None, None]
            self._hear(token)
        return found

    def probability(self, token: int) -> Float[np.ndarray, " stories"]:
        """That a token comes next."""
        return (self.beliefs * self._likelihood(np.full(len(self.rows), token))).sum((1, 2))

    def _beginning(
        self, topics: Float[np.ndarray, "stories topics"]
    ) -> Float[np.ndarray, "stories frames topics"]:
        """What is believed before the first token of a sentence."""
        told = (self.counts[:, Kind.THING] > 0).astype(np.int64)
        return self.grammar.shares[self.subject, told] * topics[:, None]

    def _likelihood(
        self, token: Int[np.ndarray, " stories"]
    ) -> Float[np.ndarray, "stories frames topics"]:
        """How often the next symbol of each frame becomes this token."""
        emitted, refers = self.grammar.emission[token], self.grammar.refers
        emitted[:, refers >= 0] = self._of_referring(token)[:, refers[refers >= 0], None]
        # Frames that have ended go on with the symbol that becomes no word.
        symbols = self.grammar.symbols.T[np.minimum(self.place, self.grammar.symbols.shape[1] - 1)]
        return emitted[self.rows[:, None], symbols]

    def _of_referring(
        self, token: Int[np.ndarray, " stories"]
    ) -> Float[np.ndarray, "stories refers"]:
        """How often each symbol that refers becomes this token."""
        n_persons, n_things = self.laws.n_persons, self.laws.n_things
        found = np.zeros((len(token), self.grammar.n_refers))
        found[:, Refers.NAME] = self._member(token, Kind.NAME, n_persons)
        other = self._member(token, Kind.NAME, n_persons) * n_persons / (n_persons - 1)
        found[:, Refers.OTHER_NAME] = np.where(token == self.first, 0.0, other)
        found[:, Refers.THING] = self._member(token, Kind.THING, n_things)
        again = self.heard[self.rows, token] & (self.grammar.kind[token] == Kind.THING)
        found[:, Refers.TOLD_THING] = again / np.maximum(self.counts[:, Kind.THING], 1)
        surname = self._value(token, Kind.SURNAME, self.named, but=self.surname)
        found[:, Refers.SURNAME] = found[:, Refers.OTHER_SURNAME] = surname
        where = self._value(token, Kind.WHEREABOUTS, self.thing)
        found[:, Refers.WHEREABOUTS] = found[:, Refers.TOLD_WHEREABOUTS] = where
        of_pronouns = {
            Refers.EARLIER_SUBJECT: self.subject_name,
            Refers.FIRST_NAMED: self.first,
        }
        for at, name in of_pronouns.items():
            found[:, at] = (name != _NONE) & (self.grammar.pronoun[name] == token)
        found[:, Refers.SONG :] = self._syllables(token)
        return found

    def _member(
        self, token: Int[np.ndarray, " stories"], kind: Kind, n: int
    ) -> Float[np.ndarray, " stories"]:
        """As one of the story's n, each with the same probability; one that hasn't been heard is any of the
        language's."""
        heard = self.counts[:, kind]
        unheard = (n - heard) / np.maximum(self.grammar.n_of_kind[kind] - heard, 1)
        share = np.where(self.heard[self.rows, token], 1.0, unheard) / n
        return np.where(self.grammar.kind[token] == kind, share, 0.0)

    def _value(
        self,
        token: Int[np.ndarray, " stories"],
        kind: Kind,
        key: Int[np.ndarray, " stories"],
        but: Int[np.ndarray, " stories"] | int = _NONE,
    ) -> Float[np.ndarray, " stories"]:
        """As what has been told of a key; if nothing has, as any that hasn't been heard. Where nothing is
        bound, as any that has been told, but for one."""
        told, heard = self.value[self.rows, key], self.heard[self.rows, token]
        counts = self.counts[:, kind]
        n_unheard = np.maximum(self.grammar.n_of_kind[kind] - counts, 1)
        others = (heard & (token != but)) / np.maximum(counts - (but != _NONE), 1)
        again = token == told if self.laws.bound else others
        share = np.where(told != _NONE, again, ~heard / n_unheard)
        return np.where(self.grammar.kind[token] == kind, share, 0.0)

    def _syllables(
        self, token: Int[np.ndarray, " stories"]
    ) -> Float[np.ndarray, "stories syllables"]:
        """As each syllable of the song: what has been sung there; if nothing has, any that hasn't been
        heard. Where nothing is bound, any that has been, but for those of this sentence."""
        n = self.grammar.song_length
        heard, sung = self.heard[self.rows, token], self.sung[self.rows, token]
        n_unheard = self.grammar.n_of_kind[Kind.SYLLABLE] - self.counts[:, Kind.SYLLABLE]
        new = ~heard / np.maximum(n_unheard, 1)
        left = (heard & ~sung)[:, None] / (n - np.arange(n))
        again = self.song == token[:, None] if self.laws.bound else left
        share = np.where(self.song == _NONE, new[:, None], again)
        return share * (self.grammar.kind[token] == Kind.SYLLABLE)[:, None]

    def _hear(self, token: Int[np.ndarray, " stories"]) -> None:
        """Keep in mind what a token tells."""
        kind, rows = self.grammar.kind[token], self.rows
        self.counts[rows, kind] += ~self.heard[rows, token]
        self.heard[rows, token] = True
        is_name = kind == Kind.NAME
        self.named = np.where(is_name, token, self.named)
        self.first = np.where(is_name & (self.first == _NONE), token, self.first)
        self.thing = np.where(kind == Kind.THING, token, self.thing)
        self.surname = np.where(kind == Kind.SURNAME, token, self.surname)
        self._hear_song(token, np.flatnonzero(kind == Kind.SYLLABLE))
        for of, key in ((Kind.SURNAME, self.named), (Kind.WHEREABOUTS, self.thing)):
            new = (kind == of) & (self.value[rows, key] == _NONE)
            self.value[rows[new], key[new]] = token[new]
        self.place += 1
        if (ended := self.grammar.ends[token]).any():
            self._end(ended)

    def _hear_song(
        self, token: Int[np.ndarray, " stories"], rows: Int[np.ndarray, " singing"]
    ) -> None:
        at = self.sung[rows].sum(1)
        new = self.song[rows, at] == _NONE
        self.song[rows[new], at[new]] = token[rows[new]]
        self.sung[rows, token[rows]] = True

    def _end(self, ended: Bool[np.ndarray, " stories"]) -> None:
        """Begin the next sentence. All frames that one may have had leave the same subject."""
        leaves = self.grammar.leaves[self.beliefs.sum(2).argmax(1)]
        stays = ~ended | (leaves == Subject.NOBODY)
        self.subject = np.where(stays, self.subject, leaves)
        one = ended & (leaves == Subject.ONE)
        self.subject_name = np.where(one, self.first, self.subject_name)
        self.first, self.surname = (
            np.where(ended, _NONE, its) for its in (self.first, self.surname)
        )
        self.sung[ended] = False
        self.place = np.where(ended, 0, self.place)
        topics = self.beliefs.sum(1) @ self.turn
        self.beliefs = np.where(ended[:, None, None], self._beginning(topics), self.beliefs)
