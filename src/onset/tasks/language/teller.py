"""Many stories side by side, planned sentence by sentence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from onset.tasks.language.frames import Refers, Subject
from onset.tasks.language.grammar import Grammar
from onset.tasks.language.lexicon import Kind

_N_DRAWS = 9  # of each sentence, besides the words of pools
_Said = tuple[Int[np.ndarray, " stories"], Bool[np.ndarray, " stories"]]
"""tokens, and whether a story tells them for the first time"""


class Laws(NamedTuple):
    """What holds in all stories of a world."""

    drift: float
    """how often a sentence has another topic than the one before it, any other with the same probability"""
    n_persons: int
    n_things: int
    bound: bool = True
    """false: whoever is named again has any surname that has been told, and things are wherever one was;
    only two persons of a sentence have different surnames. A song is sung in any order. So believes a
    reader who knows which values have been told, but not whose they are"""


class Sentences(NamedTuple):
    """One of each story."""

    topic: Int[np.ndarray, " stories"]
    frame: Int[np.ndarray, " stories"]
    referred: Int[np.ndarray, "stories refers"]
    """the token of each symbol that refers"""
    new: Bool[np.ndarray, "stories refers"]
    """of surnames and whereabouts: whether this is told for the first time"""


class Teller:
    """Stories as far as they have been told.

    Each has a cast of persons, and some things, drawn at random whatever its topics are. Whoever is named
    is any of the cast with the same probability, and likewise for things. With the first mention comes a
    surname, or where a thing is, which no other of the story has; every further mention has it, too.
    There is one song, of syllables that are drawn like this.
    """

    def __init__(self, grammar: Grammar, laws: Laws, n: int, rng: np.random.Generator) -> None:
        self._grammar, self._laws, self._rng, self._rows = grammar, laws, rng, np.arange(n)
        self._names, self._surnames, self._things, self._whereabouts = (
            _different(grammar.members(kind), (n, size), rng)
            for kind, size in (
                (Kind.NAME, laws.n_persons),
                (Kind.SURNAME, laws.n_persons),
                (Kind.THING, laws.n_things),
                (Kind.WHEREABOUTS, laws.n_things),
            )
        )
        shape = (n, grammar.song_length)
        self._song = _different(grammar.members(Kind.SYLLABLE), shape, rng)
        self._sung = np.zeros(n, bool)
        self._persons_told = np.zeros((n, laws.n_persons), bool)
        self._things_told = np.zeros((n, laws.n_things), bool)
        self._topic = rng.integers(len(grammar.topics), size=n)
        self._begun = False
        self._subject = np.full(n, Subject.NOBODY)
        self._subject_name = np.zeros(n, np.int64)

    def next(
        self,
        topic: Int[np.ndarray, " stories"] | None = None,
        avoided: Int[np.ndarray, " stories"] | None = None,
    ) -> Sentences:
        """The next of each story.

        Args:
            topic: of each; None: it drifts.
            avoided: a pattern that each hasn't got.
        """
        u = self._rng.random((_N_DRAWS, len(self._rows)))
        self._turn_to(topic, u[0], u[1])
        frame = self._frame(avoided, u[2])
        said = self._of_persons(frame, u[3:7]) | self._of_things(frame, u[7:9])
        said |= self._of_songs(frame)
        in_order = [said[its] for its in range(self._grammar.n_refers)]
        referred, new = (np.stack(its, 1) for its in zip(*in_order, strict=True))
        self._leave_subject(frame, referred[:, Refers.NAME])
        return Sentences(self._topic, frame, referred, new)

    def _turn_to(self, topic: np.ndarray | None, u: np.ndarray, which: np.ndarray) -> None:
        n = len(self._grammar.topics)
        if topic is not None:
            self._topic = topic
        elif self._begun:
            other = (self._topic + 1 + _below(n - 1, which)) % n
            self._topic = np.where(u < self._laws.drift, other, self._topic)
        self._begun = True

    def _frame(self, avoided: np.ndarray | None, u: np.ndarray) -> Int[np.ndarray, " stories"]:
        told = self._things_told.any(1).astype(np.int64)
        shares = self._grammar.shares[self._subject, told, :, self._topic]
        if avoided is not None:
            shares = shares * (self._grammar.patterns != avoided[:, None])
        upto = shares.cumsum(1)
        return (upto <= u[:, None] * upto[:, -1:]).sum(1)

    def _of_persons(
        self, frame: Int[np.ndarray, " stories"], u: Float[np.ndarray, "4 stories"]
    ) -> dict[int, _Said]:
        has, n, pronoun = self._grammar.has[frame], self._laws.n_persons, self._grammar.pronoun
        known = np.zeros(len(frame), bool)
        first = _below(n, u[0])
        other = (first + 1 + _below(n - 1, u[1])) % n
        found: dict[int, _Said] = {}
        whose = None
        for person, name, surname, draw in (
            (first, Refers.NAME, Refers.SURNAME, u[2]),
            (other, Refers.OTHER_NAME, Refers.OTHER_SURNAME, u[3]),
        ):
            found[name] = self._names[self._rows, person], known
            whose = self._whose(person, self._persons_told, draw, but=whose)
            new = self._tell(person, self._persons_told, has[:, name])
            found[surname] = self._surnames[self._rows, whose], new
        found[Refers.EARLIER_SUBJECT] = pronoun[self._subject_name], known
        found[Refers.FIRST_NAMED] = pronoun[found[Refers.NAME][0]], known
        return found

    def _of_things(
        self, frame: Int[np.ndarray, " stories"], u: Float[np.ndarray, "2 stories"]
    ) -> dict[int, _Said]:
        has, n = self._grammar.has[frame], self._laws.n_things
        again = has[:, Refers.TOLD_THING]
        key = np.where(again, _one_of(self._things_told, u[0]), _below(n, u[0]))
        mentioned = again | has[:, Refers.THING]
        whose = self._whose(key, self._things_told, u[1])
        new = self._tell(key, self._things_told, mentioned)
        thing = self._things[self._rows, key], np.zeros(len(frame), bool)
        where = self._whereabouts[self._rows, whose], new
        return {
            **dict.fromkeys((Refers.THING, Refers.TOLD_THING), thing),
            **dict.fromkeys((Refers.WHEREABOUTS, Refers.TOLD_WHEREABOUTS), where),
        }

    def _of_songs(self, frame: Int[np.ndarray, " stories"]) -> dict[int, _Said]:
        song, new = self._song, ~self._sung
        if not self._laws.bound:
            order = self._rng.random(song.shape).argsort(1)
            song = np.where(new[:, None], song, np.take_along_axis(song, order, 1))
        self._sung = self._sung | self._grammar.has[frame, Refers.SONG :].any(1)
        return {Refers.SONG + i: (syllables, new) for i, syllables in enumerate(song.T)}

    def _whose(
        self,
        key: Int[np.ndarray, " stories"],
        told: Bool[np.ndarray, "stories keys"],
        u: Float[np.ndarray, " stories"],
        but: Int[np.ndarray, " stories"] | None = None,
    ) -> Int[np.ndarray, " stories"]:
        """The key whose value comes with this one: its own. Where nothing is bound and it has been told
        before, any that has, but for the one whose value the sentence has already said."""
        if self._laws.bound:
            return key
        allowed = told.copy()
        if but is not None:
            allowed[self._rows, but] = False
        return np.where(told[self._rows, key], _one_of(allowed, u), key)

    def _tell(
        self,
        key: Int[np.ndarray, " stories"],
        told: Bool[np.ndarray, "stories keys"],
        mentioned: Bool[np.ndarray, " stories"],
    ) -> Bool[np.ndarray, " stories"]:
        """Whether a key is new. Where it is mentioned, it has been told from now on."""
        new = ~told[self._rows, key]
        told[self._rows, key] |= mentioned
        return new

    def _leave_subject(
        self, frame: Int[np.ndarray, " stories"], named: Int[np.ndarray, " stories"]
    ) -> None:
        leaves = self._grammar.leaves[frame]
        self._subject = np.where(leaves == Subject.NOBODY, self._subject, leaves)
        self._subject_name = np.where(leaves == Subject.ONE, named, self._subject_name)


def _below(n: int, u: Float[np.ndarray, " stories"]) -> Int[np.ndarray, " stories"]:
    """A whole number below n of each number between 0 and 1."""
    return (u * n).astype(np.int64)


def _one_of(
    allowed: Bool[np.ndarray, "stories keys"], u: Float[np.ndarray, " stories"]
) -> Int[np.ndarray, " stories"]:
    """One of the keys that a story allows, with the same probability; the first, if it allows none."""
    counted = allowed.cumsum(1)
    return (counted > (u * counted[:, -1]).astype(np.int64)[:, None]).argmax(1)


def _different(
    members: Int[np.ndarray, " members"], shape: tuple[int, int], rng: np.random.Generator
) -> Int[np.ndarray, "stories drawn"]:
    """For each story so many members, all different."""
    order = rng.random((shape[0], len(members))).argsort(1)
    return members[order[:, : shape[1]]]
