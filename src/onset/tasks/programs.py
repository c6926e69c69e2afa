"""Small programs on short lists, for which a transformer's weights can also be written by hand.

Each question is a sequence that begins with `start` and is asked for one more token, at its end:

    previous    "start d a c": the symbol before the last, `a`
    counting    "start d a c a": how often the last symbol has come, `two`
    induction   "start d a c b a": what came after this symbol, `c`; those of the list are different
    reversing   "start d a c turn c": the list from its end to its beginning, here its next symbol, `a`
    sorting     "start d a c turn a": the list in alphabetical order, here its next symbol, `c`
    ioi         "start d a met a told" or "start d a a met told": of two who met, the one who isn't named
                again, `d` (after the sentences of Wang et al. 2022, arXiv:2211.00593)

Of `reversing` and `sorting`, as much has been said already as makes all sequences equally long, so that
the lists aren't. In `sorting`, symbols of a list are different.

    train          questions for training
    test           others
    test_swapped   the twin of each question in `test`, another one with another answer. What is right in
                   one is the *rival* in the other

Of each question, the `rival` is known, and what a program finds out on the way: a `clue`, and the `place`
where it is to be found.

    counting    clue: how often, from 0
    induction   clue: the symbol that comes again; place: where it was
    reversing   clue: where `turn` is; place: where the answer is
    sorting     clue: what was said last; place: where the answer is
    ioi         clue: who is named again; place: where that is

Twins are drawn independently, so that nothing but the answer and `start` is sure to differ or to be the
same. The programs are those that are compiled elsewhere, too (Lindner et al. 2023, arXiv:2301.05062), and
the commonest circuits of language models.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import rows
from onset.tasks.program_questions import DRAWN, Asked, shortest_list
from onset.tasks.twins import twin_of

Program = Literal["previous", "counting", "induction", "reversing", "sorting", "ioi"]
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
A_CHILD_MAY_CHANGE = ("answers",)
_MOST_TAKEN = 0.5  # of all possible questions: of those that are left, new ones are soon found


class Settings(BaseSettings):
    """Which program, on what lists, and how many questions there are."""

    name: Literal["programs"]
    program: Program
    n_symbols: int = Field(8, ge=4, le=len(_LETTERS))
    n_listed: int = Field(5, ge=3, le=len(_NUMBERS))
    """symbols of the longest list; `ioi` has two names whatever is said here"""
    answers: Literal["right", "shuffled"] = "right"
    """`shuffled`, as a null: trained questions have each other's answers"""
    n_train: PositiveInt = 512
    n_test: int = Field(64, ge=4)
    """in each other split"""

    @property
    def words(self) -> tuple[str, ...]:
        """The tokens that are no symbols."""
        more = {"reversing": ("turn",), "sorting": ("turn",), "ioi": ("met", "told")}
        more["counting"] = tuple(_NUMBERS[: self.n_listed])
        return ("start", *more.get(self.program, ()))

    @property
    def vocabulary(self) -> tuple[str, ...]:
        return (*_LETTERS[: self.n_symbols], *self.words)

    def token(self, word: str) -> int:
        """The number of one that is no symbol."""
        return self.n_symbols + self.words.index(word)

    @property
    def traits(self) -> tuple[str, ...]:
        return ("swapped",)

    @property
    def n_tokens(self) -> int:
        return len(self.vocabulary)

    @property
    def length(self) -> int:
        longest = {"previous": 1, "counting": 1, "induction": 2, "reversing": 2, "sorting": 2}
        return 6 if self.program == "ioi" else self.n_listed + longest[self.program]

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        asked = ("test", f"test{VALIDATION}")
        return ("train", *(name for own in asked for name in (own, twin_of(own))))

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train",)

    @property
    def truth(self) -> tuple[str, ...]:
        return ("rival", "clue", "place")

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return (2 * self.n_train + 4 * self.n_test) * self.length

    @model_validator(mode="after")
    def _lists_have_different_symbols(self) -> Self:
        if self.program in ("induction", "sorting") and self.n_listed >= self.n_symbols:
            raise ValueError(
                f"the symbols of a list are different, and one at least is left out: n_listed "
                f"({self.n_listed}) must be below n_symbols ({self.n_symbols})"
            )
        return self

    @model_validator(mode="after")
    def _there_are_enough(self) -> Self:
        n, k = self.n_symbols, self.n_listed
        shortest = shortest_list(self)
        possible = {
            "previous": n**k,
            "counting": n**k,
            "induction": k * n ** (k - 1),
            "reversing": n**shortest,
            "sorting": n**shortest,
            "ioi": 4 * n * (n - 1),
        }[self.program]
        wanted = self.n_train + 4 * self.n_test
        if wanted > _MOST_TAKEN * possible:
            raise ValueError(
                f"about {possible:,} questions are possible, and {wanted:,} are wanted, of which none that "
                f"is held out may be trained: at most {_MOST_TAKEN:.0%} of them can be taken; change "
                "n_symbols, n_listed, n_train or n_test"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The questions of one seed. Ground truth: the `rival`, the right answer of the question's twin."""
    rng = np.random.Generator(np.random.Philox(seed))
    taken: set[bytes] = set()
    splits: dict[str, Split] = {}
    for name in ("train", "test", f"test{VALIDATION}"):
        held_out = name not in settings.trained
        size = settings.n_test if held_out else settings.n_train
        own, other = _twins(settings, size, taken, held_out, rng)
        splits[name] = _split(own, other)
        if held_out:
            splits[twin_of(name)] = _split(other, own)
            taken |= rows(other.tokens)
        taken |= rows(own.tokens)
    if settings.answers == "shuffled":  # drawn last: the same questions are trained
        train = splits["train"]
        splits["train"] = replace(train, targets=rng.permutation(train.targets))
    return Dataset({name: splits[name] for name in settings.splits}, settings.vocabulary)


def _split(its: Asked, twin: Asked) -> Split:
    last = its.tokens.shape[1] - 1
    truth = {"rival": twin.answers, "clue": its.clues, "place": its.places}
    return Split(its.tokens, its.answers[:, None], (last,), truth=truth)


def _twins(
    settings: Settings, size: int, taken: set[bytes], held_out: bool, rng: np.random.Generator
) -> tuple[Asked, Asked]:
    """So many questions and their twins, none of them taken; drawn again until their answers differ.

    Those that are held out are in a split of their own, and none of them is a question, too.
    """
    own, other = (DRAWN[settings.program](settings, size, rng) for _ in range(2))
    while len(again := _to_be_drawn(own, other, taken, held_out)):
        for its in (own, other):
            fresh = DRAWN[settings.program](settings, len(again), rng)
            for whole, some in zip(its, fresh, strict=True):
                whole[again] = some
    return own, other


def _to_be_drawn(
    own: Asked, other: Asked, taken: set[bytes], held_out: bool
) -> Int[np.ndarray, " rows"]:
    alike = own.answers == other.answers
    both = taken | rows(own.tokens) if held_out else taken
    seen = [
        one.tobytes() in taken or twin.tobytes() in both
        for one, twin in zip(own.tokens, other.tokens, strict=True)
    ]
    return np.flatnonzero(alike | np.array(seen, bool))
