"""Sequences in which a random segment recurs: what came next before comes next again.

A segment is a random choice of different tokens, so that what came after one says what comes now; nothing
else does. Either it is repeated from some point in it until the sequence is full (`copies: null`), so that
position says nothing, or so many copies of it stand at random places among random tokens. A model is
scored at every position:

    train     as many sequences as the settings say, for trainings that see them again and again
    fresh     a stream: every batch is drawn afresh, without the sequences of the held-out splits
    test      sequences of neither
    repeats   the same, scored only where the segment has certainly been seen before; of copies, the last
              is at the end

Repeated segments as in Olsson et al. 2022 (arXiv:2209.11895), copies as in the repeated subsequences of
Nanda et al. 2023 (arXiv:2301.05217), appendix.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, Strict, model_validator

from onset.settings import PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.parts import drawn_apart, rows

_HELD_OUT = ("test", "repeats")
_MOST_TAKEN = 0.5  # of the possible sequences: of those that are left, new ones are soon found
Tokens = Int[np.ndarray, "sequences length"]

A_CHILD_MAY_CHANGE = ("segment", "copies", "n_train")


class Settings(BaseSettings):
    """The alphabet, and what is repeated, and how often."""

    name: Literal["induction"]
    n_symbols: int = Field(64, ge=2)
    """how many tokens there are"""
    length: int = Field(48, ge=4)
    """of a sequence"""
    segment: Annotated[tuple[PositiveInt, PositiveInt], Strict(False)] = (8, 24)
    """shortest and longest segment; each sequence draws its own"""
    copies: Annotated[int, Field(ge=2)] | None = None
    """number of copies among random tokens; null: copies only, as many as fit"""
    n_train: PositiveInt = 1024
    """number of sequences in `train`"""
    n_test: int = Field(512, ge=4)
    """number of sequences in each held-out split"""

    @property
    def n_tokens(self) -> int:
        return self.n_symbols

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", *_HELD_OUT, *(split + VALIDATION for split in _HELD_OUT))

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train", "fresh")

    @property
    def truth(self) -> tuple[str, ...]:
        return ()

    @property
    def traits(self) -> tuple[str, ...]:
        return ("repeats",)

    @property
    def always_repeated(self) -> tuple[int, ...]:
        """Positions of `repeats` after which every sequence goes on as it did before."""
        longest = self.segment[1]
        first = longest if self.copies is None else self.length - longest
        return tuple(range(first, self.length - 1))

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return (self.n_train + 4 * self.n_test) * (self.n_symbols + self.length)

    @model_validator(mode="after")
    def _it_fits(self) -> Self:
        shortest, longest = self.segment
        if not 2 <= shortest <= longest <= self.n_symbols:
            raise ValueError(
                f"segment must be [shortest, longest] with 2 ≤ shortest ≤ longest ≤ n_symbols "
                f"({self.n_symbols}), not {list(self.segment)}"
            )
        if self.copies is None and longest > self.length - 2:
            raise ValueError(
                f"a segment of {longest} never comes again in {self.length} tokens; "
                "change segment or length"
            )
        if self.copies is not None and shortest < longest:
            raise ValueError("copies have one length: give segment the same number twice")
        if self.copies is not None and self.copies * longest > self.length:
            raise ValueError(
                f"{self.copies} copies of {longest} don't fit in {self.length} tokens; "
                "change copies, segment or length"
            )
        return self

    @model_validator(mode="after")
    def _there_are_enough(self) -> Self:
        shortest, longest = self.segment
        # Those with the shortest segment are the fewest, and as often drawn as any others.
        possible = math.perm(self.n_symbols, shortest)
        if self.copies is not None:
            possible *= self.n_symbols ** (self.length - self.copies * longest)
        n_held_out = self.n_test * (len(self.splits) - 1)
        wanted = (self.n_train + n_held_out) / (longest - shortest + 1)
        if wanted > _MOST_TAKEN * possible:
            raise ValueError(
                f"there are {possible:,} sequences with a segment of {shortest}, and about {wanted:,.0f} "
                f"are wanted, of which none that is held out may be trained: at most {_MOST_TAKEN:.0%} of "
                "them can be taken; change n_symbols, segment, n_train or n_test"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    everywhere = tuple(range(settings.length - 1))
    sizes = {"train": settings.n_train}
    splits: dict[str, Split] = {}
    taken: set[bytes] = set()
    for name in settings.splits:
        repeats = name.startswith("repeats")
        draw = partial(_sequences, settings, rng=rng, at_end=repeats)
        tokens = drawn_apart(taken, draw, sizes.get(name, settings.n_test))
        taken |= rows(tokens)
        splits[name] = _split(tokens, settings.always_repeated if repeats else everywhere)
    dataset = Dataset(splits, tuple(f"s{i}" for i in range(settings.n_symbols)))
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch; all seeds have the same world, and hold out other sequences."""
    everywhere = tuple(range(settings.length - 1))
    held_out = [its for name, its in dataset.splits.items() if name not in settings.trained]
    taken = set().union(*(rows(split.tokens) for split in held_out))

    def fresh(size: int, rng: np.random.Generator) -> Split:
        return _split(drawn_apart(taken, partial(_sequences, settings, rng=rng), size), everywhere)

    return {"fresh": fresh}


def _split(tokens: Tokens, scored: tuple[int, ...]) -> Split:
    """Scored on the token after each of these positions."""
    return Split(tokens, tokens[:, [position + 1 for position in scored]], scored)


def _sequences(
    settings: Settings, size: int, rng: np.random.Generator, at_end: bool = False
) -> Tokens:
    """Random sequences; of copies, the last stands at the end if `at_end`."""
    longest = settings.segment[1]
    # Of a random permutation of all symbols the beginning: different tokens.
    segments = rng.random((size, settings.n_symbols)).argsort(1)[:, :longest]
    if settings.copies is None:
        lengths = rng.integers(settings.segment[0], longest, endpoint=True, size=(size, 1))
        places = np.arange(settings.length) % lengths
        return np.take_along_axis(segments, places, 1)
    tokens = rng.integers(settings.n_symbols, size=(size, settings.length))
    n_others = settings.length - settings.copies * longest
    # Copies among the other tokens: how many of these come before each copy.
    before = np.sort(rng.integers(n_others, endpoint=True, size=(size, settings.copies)), 1)
    if at_end:
        before[:, -1] = n_others
    starts = before + longest * np.arange(settings.copies)
    places = starts[:, :, None] + np.arange(longest)
    np.put_along_axis(tokens, places.reshape(size, -1), np.tile(segments, settings.copies), 1)
    return tokens
