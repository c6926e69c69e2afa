"""A language as a person writes it down: pools of words, and sentences with places for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from onset.tasks.language.frames import Symbol

_COMMON_SHARE = 0.2  # of a pool: the words that all topics have
_OF_ONE = {"makes": "make", "goes": "go"}
_VOWELS = "aeiou"


class Kind(IntEnum):
    """Of words that a story tells about: a name has a surname, a thing is somewhere."""

    OTHER = 0
    NAME = 1
    SURNAME = 2
    THING = 3
    WHEREABOUTS = 4
    SYLLABLE = 5


@dataclass(frozen=True)
class Language:
    """Words of a list are separated by blanks."""

    topics: Mapping[str, Mapping[str, str]]
    """topic → pool → words, the most frequent first"""
    common: Mapping[str, str]
    """pool → words that all topics have"""
    names: Mapping[str, str]
    """pronoun → names"""
    surnames: str
    things: str
    whereabouts: str
    syllables: str
    """of songs"""
    song_length: int
    """syllables of a song, all different"""
    literals: Mapping[str, str]
    """slot → words that stand in frames as they are"""
    patterns: Mapping[str, Sequence[str]]
    """pattern → frames (`onset.tasks.language.frames`)"""
    leanings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """pattern → topics in which it is more frequent"""

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary, each word once."""
        lists = [*self.literals.values(), *self.names.values()]
        lists += [self.surnames, self.things, self.whereabouts, self.syllables]
        found = [word for its in lists for word in its.split()]
        pools = [*self.common, *(pool for pool, its in _OF_ONE.items() if its in self.common)]
        found += [word for topic in self.topics for its in pools for word in self.pool(topic, its)]
        return tuple(dict.fromkeys(found))

    @property
    def slots(self) -> dict[str, str]:
        """Of words that stand in frames as they are."""
        return {word: slot for slot, its in self.literals.items() for word in its.split()}

    @property
    def kinds(self) -> dict[str, Kind]:
        """Of words that a story tells about."""
        lists = {
            Kind.SURNAME: self.surnames,
            Kind.THING: self.things,
            Kind.WHEREABOUTS: self.whereabouts,
        }
        lists |= {Kind.NAME: " ".join(self.names.values()), Kind.SYLLABLE: self.syllables}
        return {word: kind for kind, its in lists.items() for word in its.split()}

    @property
    def pronouns(self) -> dict[str, str]:
        """Of each name."""
        return {name: pronoun for pronoun, its in self.names.items() for name in its.split()}

    def pool(self, topic: str, pool: str) -> dict[str, float]:
        """The words of a pool and how often they come: those of a list as 1, 1/2, 1/3, …"""
        listed = _OF_ONE.get(pool, pool)
        shares = {
            self.topics[topic][listed]: 1 - _COMMON_SHARE,
            self.common[listed]: _COMMON_SHARE,
        }
        found: dict[str, float] = {}
        for its, share in shares.items():
            words = its.split()
            frequencies = 1 / np.arange(1, len(words) + 1)
            for word, frequency in zip(words, frequencies / frequencies.sum(), strict=True):
                said = of_one(word) if pool in _OF_ONE else word
                found[said] = found.get(said, 0.0) + share * float(frequency)
        return found

    def words_of(self, symbol: Symbol, topic: str) -> dict[str, float]:
        """What a symbol that doesn't refer becomes, and how often; after an article, only the part of its
        pool that this stands before."""
        if not symbol.pool:
            return {symbol.said: 1.0}
        its = self.pool(topic, symbol.said)
        if not symbol.after:
            return its
        vowel = symbol.after == "an"
        return {word: share for word, share in its.items() if (word[0] in _VOWELS) == vowel}


def of_one(verb: str) -> str:
    """A verb as said of one: he catches, she walks."""
    return verb + ("es" if verb.endswith(("s", "x", "z", "ch", "sh")) else "s")
