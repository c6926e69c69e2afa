"""Frames of sentences: what stands at each place, read from a text with pools in braces.

A *symbol* is a word as it stands, a pool of words, or one of those whose word depends on what the story has
told (`Refers`). `onset.tasks.language.sentences` says how frames are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

END_MARKS = ".!?"
RULES = ("none", "number", "article", "pronoun", "surname", "whereabouts", "restated", "song")
"""what determines a token besides its topic"""
COMPOSED = RULES[-4:]
"""those that take a lookup of what the story has told"""
_RULE_OF_SLOT = {
    **dict.fromkeys(("makes", "make", "goes", "go", "copula", "saying"), "number"),
    **{its: its for its in ("article", "pronoun", "surname", "whereabouts", "song")},
}


class Refers(IntEnum):
    """Symbols whose word depends on what the story has told, and on no topic."""

    NAME = 0
    OTHER_NAME = 1
    SURNAME = 2
    OTHER_SURNAME = 3
    THING = 4
    TOLD_THING = 5
    WHEREABOUTS = 6
    TOLD_WHEREABOUTS = 7
    EARLIER_SUBJECT = 8
    FIRST_NAMED = 9
    SONG = 10
    """and the numbers that follow: the syllables of a song, one after the other"""


class Subject(IntEnum):
    """Whom pronouns stand for after a sentence; NOBODY: whoever they stood for before."""

    NOBODY = 0
    ONE = 1
    SEVERAL = 2


@dataclass(frozen=True)
class Symbol:
    """What a place in a frame is filled with."""

    said: str
    """a word, or the name of a pool"""
    slot: str
    """part of speech, and what it does in the sentence"""
    pool: bool = False
    after: str = ""
    """of a pool: only the words that this article stands before"""
    refers: int | None = None
    """a `Refers`, or the number of a syllable"""

    @property
    def rule(self) -> str:
        """One of `RULES`."""
        if self.refers == Refers.TOLD_WHEREABOUTS:
            return "restated"
        return _RULE_OF_SLOT.get(self.slot, "none")


@dataclass(frozen=True)
class Frame:
    """One sentence, place by place."""

    symbols: tuple[Symbol, ...]

    @classmethod
    def read(cls, text: str, slots: Mapping[str, str], song_length: int = 0) -> list[Frame]:
        """A frame as it is written; where it has an article, one with `a` and one with `an`.

        Args:
            text: of the frame.
            slots: of the words that stand in frames as they are.
            song_length: syllables of a song.

        Raises:
            ValueError: it has no end mark at its end, or another before; or a word has no slot.
        """
        words = text.split()
        if [its in END_MARKS for its in words] != [False] * (len(words) - 1) + [True]:
            raise ValueError(f"{text!r} must have one of {END_MARKS} at its end, and none before")
        if lacking := [its for its in words if "{" not in its and its not in slots]:
            raise ValueError(f"{text!r}: the slot of {lacking[0]!r} isn't declared")
        articles = ("a", "an") if "a" in words else ("",)
        return [cls(tuple(_symbols(words, slots, article, song_length))) for article in articles]

    @property
    def wants(self) -> Subject:
        """The subject without which it can't come; NOBODY: it always can."""
        first = self.symbols[0]
        if first.refers == Refers.EARLIER_SUBJECT:
            return Subject.ONE
        return Subject.SEVERAL if first.said == "they" else Subject.NOBODY

    @property
    def leaves(self) -> Subject:
        """The subject after it."""
        first, second, *rest = self.symbols
        if first.refers == Refers.NAME:
            return Subject.SEVERAL if rest[0].said == "and" else Subject.ONE
        return Subject.SEVERAL if second.said == "people" else Subject.NOBODY

    def has(self, refers: int) -> bool:
        return any(its.refers == refers for its in self.symbols)


def _symbols(
    words: list[str], slots: Mapping[str, str], article: str, song_length: int
) -> Iterator[Symbol]:
    names, told = 0, False
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        match word:
            case "{name}":
                names += 1
                yield Symbol(word, "name", refers=Refers.NAME if names == 1 else Refers.OTHER_NAME)
            case "{surname}":
                its = Refers.SURNAME if names == 1 else Refers.OTHER_SURNAME
                yield Symbol(word, "surname", refers=its)
            case "{he}":
                its = Refers.FIRST_NAMED if names else Refers.EARLIER_SUBJECT
                yield Symbol(word, "pronoun", refers=its)
            case "{thing}":
                told = after != "{whereabouts}"
                its = Refers.TOLD_THING if told else Refers.THING
                yield Symbol(word, "thing", refers=its)
            case "{whereabouts}":
                yield Symbol(
                    word,
                    "whereabouts",
                    refers=Refers.TOLD_WHEREABOUTS if told else Refers.WHEREABOUTS,
                )
            case "{song}":
                for i in range(song_length):
                    yield Symbol(word, "song", refers=Refers.SONG + i)
            case "a":
                yield Symbol(article, slots[article])
            case _ if word in slots:
                yield Symbol(word, slots[word])
            case _:
                pool = word.strip("{}")
                yield Symbol(pool, pool, pool=True, after=article if before == "a" else "")
