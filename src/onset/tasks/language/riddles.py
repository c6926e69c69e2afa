"""Riddles among stories: indirect objects and their relatives, to be picked up as one thing among many.

General text are stories (`onset.tasks.language.stories`), of which a sequence shows a part. In a share of
the sequences a riddle stands somewhere between two sentences (`onset.tasks.language.riddle_kinds`), and
the story goes on behind its answer. Every token is asked for:

    train            sequences for trainings that see them again and again
    fresh            a stream: every batch is drawn afresh
    test             parts of stories, without riddles

Of each kind of riddle, such as `ioi`, there are held-out riddles at the end of a sequence, of which only
the answer is asked for:

    ioi              other ones of the kind that is trained; the same names and templates in other stories
    ioi_new_names    names that stories tell about, but no trained riddle; not of kinds without names
    ioi_new_template a template that isn't trained
    ioi_swapped, …   twins of these: the answer is the rival
    three_names      the riddles of `ioi` with a third name as the subject: nobody comes again, and
                     both names would do

All but train and test know the `rival` and have `candidates`; splits of indirect objects, with the names of
`onset.tasks.ioi`, also `right_place`, `rival_place` and `repeat_place`, and whether the `first_is_right`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, Strict

from onset.settings import Fraction, Once, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.language.renamed import renamed
from onset.tasks.language.riddle_kinds import (
    HAVE_NAMES,
    MOST_NAMES,
    Kind,
    Pools,
    Riddle,
    candidates,
    drawn,
    names_of,
    with_third,
)
from onset.tasks.language.riddle_words import tokens_of, vocabulary_of
from onset.tasks.language.sentences import grammar_of
from onset.tasks.language.teller import Laws
from onset.tasks.language.telling import told
from onset.tasks.language.words import SHE, TOPICS
from onset.tasks.parts import drawn_apart, rows
from onset.tasks.twins import twin_of

_LONGEST_SENTENCE = 24  # tokens: within so many every story ends a sentence
_LAWS = Laws(drift=0.2, n_persons=3, n_things=3)
_NEW = {
    "": {},
    "_new_names": {"new_names": True},
    "_new_template": {"new_template": True},
}
_STORY_NAMES = len(SHE.split())  # of women, and of men, in a grammar
_THREE = "three_names"
_PLACES = ("right_place", "rival_place", "repeat_place", "first_is_right")
Tokens = Int[np.ndarray, "sequences length"]
Stories = Int[np.ndarray, "sequences told"]

A_CHILD_MAY_CHANGE = ("share", "answers", "n_train")


class Settings(BaseSettings):
    """Which riddles there are, and how often one comes."""

    name: Literal["riddles"]
    kinds: Annotated[tuple[Kind, ...], Strict(False), Field(min_length=1), Once] = ("ioi",)
    """all as often"""
    share: Fraction = 0.5
    """of the trained sequences that have a riddle"""
    answers: Literal["right", "either"] = "right"
    """`either`, as a null: trained riddles end with the right answer as often as with its rival"""
    n_topics: int = Field(len(TOPICS), ge=2, le=len(TOPICS))
    """of stories"""
    n_names: int = Field(_STORY_NAMES, ge=_STORY_NAMES, le=MOST_NAMES)
    """of women, and of men, in stories and riddles; a third of them are in no trained riddle"""
    length: int = Field(48, ge=32)
    """tokens of a sequence"""
    n_train: PositiveInt = 64
    n_test: int = Field(128, ge=4)
    """in each other split"""

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words of stories, and more."""
        return vocabulary_of(self.n_topics, self.n_names)

    def pools(self, new: str = "") -> Pools:
        """What riddles are made of; of what is new in a split, by the end of its name."""
        return Pools(n_names=self.n_names, **_NEW[new])

    @property
    def traits(self) -> tuple[str, ...]:
        return ("swapped",)

    @property
    def n_tokens(self) -> int:
        return len(self.vocabulary)

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def asked(self) -> tuple[str, ...]:
        """Splits of held-out riddles that have twins."""
        return tuple(
            f"{kind}{new}{part}"
            for part in ("", VALIDATION)
            for kind in self.kinds
            for new in _NEW
            if new != "_new_names" or kind in HAVE_NAMES
        )

    @property
    def splits(self) -> tuple[str, ...]:
        found = ["train", "test", f"test{VALIDATION}"]
        for name in self.asked:
            found += [name, twin_of(name)]
            found += [name.replace("ioi", _THREE)] if _has_third(name) else []
        return tuple(found)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh")

    @property
    def truth(self) -> tuple[str, ...]:
        return ("rival", "candidates", *(_PLACES if "ioi" in self.kinds else ()))

    def truth_of(self, split: str) -> tuple[str, ...]:
        if split.startswith(("train", "test")):
            return ()
        return self.truth if split.startswith(("ioi", _THREE)) else self.truth[:2]

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        sizes = self.n_train + (len(self.splits) - 1) * self.n_test
        return 4 * sizes * (self.length + _LONGEST_SENTENCE)


def _has_third(split: str) -> bool:
    return split.removesuffix(VALIDATION) == "ioi"


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    splits: dict[str, Split] = {}
    taken: set[bytes] = set()
    for name in ("test", f"test{VALIDATION}"):
        splits[name] = Split.of_text(
            _apart(
                taken, lambda n: _parts_of(_told(settings, rng, n), settings, rng), settings.n_test
            )
        )
    for name in settings.asked:
        for its, split in _held_out(settings, name, rng):
            splits[its] = split
            taken |= rows(split.tokens)
    train = partial(_sequences, settings, rng=rng)
    splits["train"] = Split.of_text(_apart(taken, train, settings.n_train))
    dataset = Dataset({name: splits[name] for name in settings.splits}, settings.vocabulary)
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch, without the sequences of held-out splits."""
    held_out = [its for name, its in dataset.splits.items() if name not in settings.trained]
    taken = set().union(*(rows(split.tokens) for split in held_out))

    def fresh(size: int, rng: np.random.Generator) -> Split:
        return Split.of_text(drawn_apart(taken, partial(_sequences, settings, rng=rng), size))

    return {"fresh": fresh}


def _apart(taken: set[bytes], draw: Callable[[int], Tokens], size: int) -> Tokens:
    """So many sequences of which none is taken; they join those that are."""
    tokens = drawn_apart(taken, draw, size)
    taken |= rows(tokens)
    return tokens


def _told(settings: Settings, rng: np.random.Generator, n: int) -> Stories:
    """Stories that are a sentence longer than sequences."""
    length = settings.length + _LONGEST_SENTENCE
    its = told(grammar_of(settings.n_topics), _LAWS, n, length, rng).tokens
    if settings.n_names == _STORY_NAMES:
        return its
    people = [np.array(_numbers(settings, names)) for names in names_of(settings.n_names)]
    return renamed(its, people, _STORY_NAMES, settings.n_tokens, rng)


def _parts_of(stories: Stories, settings: Settings, rng: np.random.Generator) -> Tokens:
    """Stories from anywhere in their first sentences on."""
    first = rng.integers(_LONGEST_SENTENCE, size=(len(stories), 1))
    return np.take_along_axis(stories, first + np.arange(settings.length), 1)


def _sequences(settings: Settings, n: int, rng: np.random.Generator) -> Tokens:
    """Parts of stories, in a share of which a riddle stands between two sentences."""
    stories = _told(settings, rng, n)
    found = _parts_of(stories, settings, rng)
    for row in np.flatnonzero(rng.random(n) < settings.share):
        kind = settings.kinds[rng.integers(len(settings.kinds))]
        riddle = drawn(kind, settings.pools(), rng)
        wrong = settings.answers == "either" and rng.random() < 0.5
        answer = riddle.rival if wrong else riddle.right
        said = _numbers(settings, [*riddle.words, answer, "."])
        found[row] = _between(settings, stories[row], said, int(rng.integers(settings.length)))
    return found


def _between(
    settings: Settings, story: Int[np.ndarray, " told"], said: list[int], at: int
) -> Int[np.ndarray, " length"]:
    """A story with something said in it, of which so many tokens come before that; cut off at the end."""
    ending = np.flatnonzero(grammar_of(settings.n_topics).ends)
    ends = np.flatnonzero(np.isin(story, ending)) + 1
    end = ends[ends >= at][0]
    return np.concatenate([story[end - at : end], said, story[end:]])[: settings.length]


def _held_out(
    settings: Settings, name: str, rng: np.random.Generator
) -> Iterator[tuple[str, Split]]:
    """Riddles of a split and their twins, in the same stories; of indirect objects with a third name,
    too."""
    kind = next(its for its in settings.kinds if name.startswith(its))
    new = name.removesuffix(VALIDATION).removeprefix(kind)
    riddles = [drawn(kind, settings.pools(new), rng) for _ in range(settings.n_test)]
    stories = _told(settings, rng, settings.n_test)
    yield name, _asked(settings, kind, riddles, stories)
    turned = [Riddle(its.twin, its.rival, its.words, its.right) for its in riddles]
    yield twin_of(name), _asked(settings, kind, turned, stories)
    if _has_third(name):
        others = [with_third(its, settings.pools(new), rng) for its in riddles]
        yield name.replace("ioi", _THREE), _asked(settings, kind, others, stories)


def _asked(settings: Settings, kind: Kind, riddles: list[Riddle], stories: Stories) -> Split:
    """Riddles at the ends of sequences."""
    said = [_numbers(settings, its.words) for its in riddles]
    tokens = np.stack(
        [
            _between(settings, story, words, settings.length - len(words))
            for story, words in zip(stories, said, strict=True)
        ]
    )
    right, rival = (
        np.array(_numbers(settings, [getattr(its, which) for its in riddles]))
        for which in ("right", "rival")
    )
    truth = {"rival": rival}
    if kind == "ioi":
        truth |= _places(settings, said, right, rival)
    return Split(
        tokens,
        right[:, None],
        (settings.length - 1,),
        truth=truth,
        candidates=np.array(_numbers(settings, list(candidates(kind, settings.n_names)))),
    )


def _places(
    settings: Settings, said: list[list[int]], right: np.ndarray, rival: np.ndarray
) -> dict[str, Int[np.ndarray, " riddles"]]:
    """Where both names stand first; and the last name, the subject of the second clause."""
    people = set(_numbers(settings, candidates("ioi", settings.n_names)))
    found = {name: np.zeros(len(said), np.int64) for name in _PLACES}
    for i, (words, one, other) in enumerate(zip(said, right, rival, strict=True)):
        first = settings.length - len(words)
        found["right_place"][i] = first + words.index(one)
        found["rival_place"][i] = first + words.index(other)
        found["repeat_place"][i] = first + max(at for at, its in enumerate(words) if its in people)
        found["first_is_right"][i] = words.index(one) < words.index(other)
    return found


def _numbers(settings: Settings, words: Sequence[str]) -> list[int]:
    """The tokens of words."""
    token_of = tokens_of(settings.n_topics, settings.n_names)
    return [token_of[word] for word in words]
