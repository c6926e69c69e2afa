"""A language as tables: which symbols a frame has, how often it comes, and which words symbols become.

The topic of a sentence decides how often a frame comes, and which words its pools become. Which frames can
come at all depends on what everybody can see: whether there is a subject for pronouns to stand for, and a
thing that has been told about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from onset.tasks.language.frames import END_MARKS, RULES, Frame, Refers, Subject, Symbol
from onset.tasks.language.lexicon import Kind, Language

_LEANING = 2.0  # how much more frequent a pattern is in topics that lean to it
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Grammar:
    """The tables. The last symbol becomes no word: shorter frames are filled up with it."""

    vocabulary: tuple[str, ...]
    topics: tuple[str, ...]
    slots: tuple[str, ...]
    symbols: Int[np.ndarray, "frames places"]
    patterns: Int[np.ndarray, " frames"]
    shares: Float[np.ndarray, "subjects told frames topics"]
    """how often a frame comes, by the subject so far (`Subject`) and whether a thing has been told about"""
    emission: Float[np.ndarray, "tokens symbols topics"]
    """how often a symbol becomes a token; 0 for those that refer"""
    slot_of: Int[np.ndarray, " symbols"]
    rule_of: Int[np.ndarray, " symbols"]
    refers: Int[np.ndarray, " symbols"]
    """a `Refers`, the number of a syllable, or -1"""
    leaves: Int[np.ndarray, " frames"]
    """a `Subject`"""
    kind: Int[np.ndarray, " tokens"]
    """a `Kind`"""
    pronoun: Int[np.ndarray, " tokens"]
    """the token that stands for a name, or -1"""
    song_length: int

    @property
    def n_refers(self) -> int:
        """Symbols that refer: each `Refers`, and each syllable of a song."""
        return Refers.SONG + self.song_length

    @cached_property
    def lengths(self) -> Int[np.ndarray, " frames"]:
        return (self.symbols < len(self.refers) - 1).sum(1)

    @cached_property
    def has(self) -> Bool[np.ndarray, "frames refers"]:
        """Which symbols that refer are in a frame."""
        return (self.refers[self.symbols][:, :, None] == np.arange(self.n_refers)).any(1)

    @cached_property
    def drawn(
        self,
    ) -> tuple[Int[np.ndarray, "symbols topics words"], Float[np.ndarray, "symbols topics words"]]:
        """The tokens that a symbol may become, and their probabilities added up."""
        shares = self.emission.transpose(1, 2, 0)
        order = np.argsort(-shares, axis=2, kind="stable")[:, :, : (shares > 0).sum(2).max()]
        upto = np.take_along_axis(shares, order, 2).cumsum(2)
        return order, np.where((upto > 0) & (upto < 1 - _ROUNDING), upto, 1.0)

    @cached_property
    def ends(self) -> Bool[np.ndarray, " tokens"]:
        """Whether a token ends a sentence."""
        return np.array([word in END_MARKS for word in self.vocabulary])

    @cached_property
    def n_of_kind(self) -> Int[np.ndarray, " kinds"]:
        """How many tokens there are of each `Kind`."""
        return np.bincount(self.kind, minlength=len(Kind))

    def members(self, kind: Kind) -> Int[np.ndarray, " members"]:
        """The tokens of a kind."""
        return np.flatnonzero(self.kind == kind)

    def numbers(self, text: str) -> list[int]:
        """The tokens of a text.

        Raises:
            ValueError: a word isn't in the vocabulary.
        """
        return [self.vocabulary.index(word) for word in text.split()]

    def text(self, tokens: Int[np.ndarray, " tokens"]) -> str:
        """The text of tokens."""
        return " ".join(self.vocabulary[token] for token in tokens)


def compiled(language: Language) -> Grammar:
    """The tables of a language.

    Raises:
        ValueError: a frame isn't written as it should be, or a topic lacks words for a place in it.
    """
    topics, vocabulary = tuple(language.topics), language.words
    patterns = list(language.patterns)
    frames = {
        frame: (patterns.index(pattern), 1 / len(texts))
        for pattern, texts in language.patterns.items()
        for text in texts
        for frame in Frame.read(text, language.slots, language.song_length)
    }
    symbols = list(dict.fromkeys(its for frame in frames for its in frame.symbols))
    emission, masses = _emission(language, vocabulary, symbols)
    rows = np.full((len(frames), max(len(frame.symbols) for frame in frames)), len(symbols))
    weights = np.empty((len(frames), len(topics)))
    for i, (frame, (pattern, share)) in enumerate(frames.items()):
        its = [symbols.index(symbol) for symbol in frame.symbols]
        rows[i, : len(its)] = its
        leaning = [topic in language.leanings.get(patterns[pattern], ()) for topic in topics]
        weights[i] = share * masses[its].prod(0) * np.where(leaning, _LEANING, 1.0)
    slots = tuple(dict.fromkeys(its.slot for its in symbols))
    kinds, pronouns = language.kinds, language.pronouns
    return Grammar(
        vocabulary=vocabulary,
        topics=topics,
        slots=slots,
        symbols=rows,
        patterns=np.array([pattern for pattern, _ in frames.values()]),
        shares=_shares(list(frames), weights),
        emission=emission,
        slot_of=np.array([*(slots.index(its.slot) for its in symbols), -1]),
        rule_of=np.array([*(RULES.index(its.rule) for its in symbols), -1]),
        refers=np.array([*(-1 if its.refers is None else its.refers for its in symbols), -1]),
        leaves=np.array([frame.leaves for frame in frames]),
        kind=np.array([kinds.get(word, Kind.OTHER) for word in vocabulary]),
        pronoun=np.array(
            [vocabulary.index(pronouns[it]) if it in pronouns else -1 for it in vocabulary]
        ),
        song_length=language.song_length,
    )


def _emission(
    language: Language, vocabulary: Sequence[str], symbols: Sequence[Symbol]
) -> tuple[Float[np.ndarray, "tokens symbols_and_one topics"], Float[np.ndarray, "symbols topics"]]:
    """How often symbols become tokens; and how much of its pool each has, of which an article chose it."""
    emission = np.zeros((len(vocabulary), len(symbols) + 1, len(language.topics)))
    masses = np.ones((len(symbols), len(language.topics)))
    for column, symbol in enumerate(symbols):
        if symbol.refers is not None:
            continue
        for row, topic in enumerate(language.topics):
            its = language.words_of(symbol, topic)
            if not its:
                raise ValueError(
                    f"{topic} has no {symbol.said} that {symbol.after!r} stands before"
                )
            masses[column, row] = sum(its.values())
            for word, share in its.items():
                emission[vocabulary.index(word), column, row] = share / masses[column, row]
    return emission, masses


def _shares(
    frames: Sequence[Frame], weights: Float[np.ndarray, "frames topics"]
) -> Float[np.ndarray, "subjects told frames topics"]:
    """Of the frames that can come, their weights as parts of 1."""
    wants = np.array([frame.wants for frame in frames])
    of_told = np.array([frame.has(Refers.TOLD_THING) for frame in frames])
    subjects, told = np.arange(len(Subject))[:, None, None], np.arange(2)[None, :, None]
    can = ((wants == Subject.NOBODY) | (wants == subjects)) & (~of_told | (told > 0))
    found = can[..., None] * weights
    return found / found.sum(2, keepdims=True)
