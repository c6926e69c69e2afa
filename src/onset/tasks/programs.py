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

from collections.abc import Callable
from typing import Literal, NamedTuple, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import rows
from onset.tasks.twins import twin_of

Program = Literal["previous", "counting", "induction", "reversing", "sorting", "ioi"]
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TWICE = 2
_MOST_TAKEN = 0.5  # of all possible questions: of those that are left, new ones are soon found


class Settings(BaseSettings):
    """Which program, on what lists, and how many questions there are."""

    name: Literal["programs"]
    program: Program
    n_symbols: int = Field(8, ge=4, le=len(_LETTERS))
    n_listed: int = Field(5, ge=3, le=len(_NUMBERS))
    """symbols of the longest list; `ioi` has two names whatever is said here"""
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


def shortest_list(settings: Settings) -> int:
    """Of `reversing` and `sorting`; a list has something left to say when as much is said as fits."""
    return (settings.n_listed + 2) // 2


class _Asked(NamedTuple):
    tokens: Int[np.ndarray, "questions length"]
    answers: Int[np.ndarray, " questions"]
    clues: Int[np.ndarray, " questions"]
    places: Int[np.ndarray, " questions"]


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
    return Dataset({name: splits[name] for name in settings.splits}, settings.vocabulary)


def _split(its: _Asked, twin: _Asked) -> Split:
    last = its.tokens.shape[1] - 1
    truth = {"rival": twin.answers, "clue": its.clues, "place": its.places}
    return Split(its.tokens, its.answers[:, None], (last,), truth=truth)


def _twins(
    settings: Settings, size: int, taken: set[bytes], held_out: bool, rng: np.random.Generator
) -> tuple[_Asked, _Asked]:
    """So many questions and their twins, none of them taken; drawn again until their answers differ.

    Those that are held out are in a split of their own, and none of them is a question, too.
    """
    own, other = (_DRAWN[settings.program](settings, size, rng) for _ in range(_TWICE))
    while len(again := _to_be_drawn(own, other, taken, held_out)):
        for its in (own, other):
            fresh = _DRAWN[settings.program](settings, len(again), rng)
            for whole, some in zip(its, fresh, strict=True):
                whole[again] = some
    return own, other


def _to_be_drawn(
    own: _Asked, other: _Asked, taken: set[bytes], held_out: bool
) -> Int[np.ndarray, " rows"]:
    alike = own.answers == other.answers
    both = taken | rows(own.tokens) if held_out else taken
    seen = [
        one.tobytes() in taken or twin.tobytes() in both
        for one, twin in zip(own.tokens, other.tokens, strict=True)
    ]
    return np.flatnonzero(alike | np.array(seen, bool))


def _started(settings: Settings, size: int) -> Int[np.ndarray, "questions length"]:
    return np.full((size, settings.length), settings.token("start"), np.int64)


def _different(settings: Settings, size: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Of a random permutation of all symbols the beginning."""
    return rng.random((size, settings.n_symbols)).argsort(1)[:, :n]


def _previous(settings: Settings, size: int, rng: np.random.Generator) -> _Asked:
    tokens = _started(settings, size)
    tokens[:, 1:] = rng.integers(settings.n_symbols, size=(size, settings.n_listed))
    nothing = np.zeros(size, np.int64)
    return _Asked(tokens, tokens[:, -2].copy(), nothing, nothing.copy())


def _counting(settings: Settings, size: int, rng: np.random.Generator) -> _Asked:
    """How often the last symbol comes is drawn first, so that all numbers are as frequent."""
    tokens = _previous(settings, size, rng).tokens
    last = tokens[:, -1:]
    shift = rng.integers(1, settings.n_symbols, size=tokens[:, 1:-1].shape)
    others = (last + shift) % settings.n_symbols
    n_times = rng.integers(settings.n_listed, size=(size, 1))
    again = rng.random(others.shape).argsort(1) < n_times
    tokens[:, 1:-1] = np.where(again, last, others)
    answers = settings.token("one") + n_times[:, 0]
    return _Asked(tokens, answers, n_times[:, 0], np.zeros(size, np.int64))


def _induction(settings: Settings, size: int, rng: np.random.Generator) -> _Asked:
    tokens = _started(settings, size)
    tokens[:, 1:-1] = _different(settings, size, settings.n_listed, rng)
    place = rng.integers(1, settings.n_listed, size=size)
    each = np.arange(size)
    tokens[:, -1] = tokens[each, place]
    return _Asked(tokens, tokens[each, place + 1], tokens[:, -1].copy(), place)


def _listed(settings: Settings, lists: np.ndarray, said: np.ndarray, lengths: np.ndarray) -> _Asked:
    """Lists, `turn`, and as much of what is to be said as fits; the next of it is asked for.

    Args:
        settings: of the task.
        lists: symbols of each; those behind its length don't count.
        said: what is to be said of each.
        lengths: of the lists.
    """
    size, k = lists.shape
    tokens = _started(settings, size)
    places = np.arange(settings.length)[None]
    turn = lengths[:, None] + 1
    from_list = np.take_along_axis(
        lists, np.broadcast_to(places - 1, tokens.shape).clip(0, k - 1), 1
    )
    from_said = np.take_along_axis(said, (places - turn - 1).clip(0, k - 1), 1)
    tokens = np.where(places == 0, tokens, np.where(places < turn, from_list, from_said))
    tokens = np.where(places == turn, settings.token("turn"), tokens)
    return _Asked(tokens, said[np.arange(size), k - lengths], turn[:, 0], turn[:, 0].copy())


def _reversing(settings: Settings, size: int, rng: np.random.Generator) -> _Asked:
    k = settings.n_listed
    lists = rng.integers(settings.n_symbols, size=(size, k))
    lengths = rng.integers(shortest_list(settings), k, endpoint=True, size=size)
    backwards = (lengths[:, None] - 1 - np.arange(k)).clip(0)
    its = _listed(settings, lists, np.take_along_axis(lists, backwards, 1), lengths)
    return its._replace(places=2 * its.clues - settings.length)


def _sorting(settings: Settings, size: int, rng: np.random.Generator) -> _Asked:
    k = settings.n_listed
    lists = _different(settings, size, k, rng)
    lengths = rng.integers(shortest_list(settings), k, endpoint=True, size=size)
    within = np.arange(k) < lengths[:, None]
    said = np.sort(np.where(within, lists, settings.n_symbols), 1)
    its = _listed(settings, lists, said, lengths)
    places = (its.tokens[:, 1:-1] == its.answers[:, None]).argmax(1) + 1
    return its._replace(clues=its.tokens[:, -1].copy(), places=places)


def _ioi(settings: Settings, size: int, rng: np.random.Generator) -> _Asked:
    tokens = _started(settings, size)
    names = _different(settings, size, _TWICE, rng)
    again = rng.integers(_TWICE, size=size)
    each = np.arange(size)
    place = rng.integers(3, 4, endpoint=True, size=size)
    tokens[:, 1:3], tokens[:, 3:] = names, settings.token("met")
    tokens[each, place], tokens[:, 5] = names[each, again], settings.token("told")
    return _Asked(tokens, names[each, 1 - again], names[each, again], place)


_DRAWN: dict[str, Callable[[Settings, int, np.random.Generator], _Asked]] = {
    "previous": _previous,
    "counting": _counting,
    "induction": _induction,
    "reversing": _reversing,
    "sorting": _sorting,
    "ioi": _ioi,
}
