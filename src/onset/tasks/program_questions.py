"""The questions of `onset.tasks.programs`: random lists, and what each program says to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import numpy as np
from jaxtyping import Int

_TWO = 2


class Lists(Protocol):
    """What the settings say of symbols and lists."""

    @property
    def n_symbols(self) -> int: ...
    @property
    def n_listed(self) -> int: ...
    @property
    def length(self) -> int: ...
    def token(self, word: str) -> int: ...


class Asked(NamedTuple):
    """Questions, their answers, and what a program finds out on the way."""

    tokens: Int[np.ndarray, "questions length"]
    answers: Int[np.ndarray, " questions"]
    clues: Int[np.ndarray, " questions"]
    places: Int[np.ndarray, " questions"]


def shortest_list(settings: Lists) -> int:
    """Of `reversing` and `sorting`; a list has something left to say when as much is said as fits."""
    return (settings.n_listed + 2) // 2


def _started(settings: Lists, size: int) -> Int[np.ndarray, "questions length"]:
    return np.full((size, settings.length), settings.token("start"), np.int64)


def _different(settings: Lists, size: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Of a random permutation of all symbols the beginning."""
    return rng.random((size, settings.n_symbols)).argsort(1)[:, :n]


def _previous(settings: Lists, size: int, rng: np.random.Generator) -> Asked:
    tokens = _started(settings, size)
    tokens[:, 1:] = rng.integers(settings.n_symbols, size=(size, settings.n_listed))
    nothing = np.zeros(size, np.int64)
    return Asked(tokens, tokens[:, -2].copy(), nothing, nothing.copy())


def _counting(settings: Lists, size: int, rng: np.random.Generator) -> Asked:
    """How often the last symbol comes is drawn first, so that all numbers are as frequent."""
    tokens = _previous(settings, size, rng).tokens
    last = tokens[:, -1:]
    shift = rng.integers(1, settings.n_symbols, size=tokens[:, 1:-1].shape)
    others = (last + shift) % settings.n_symbols
    n_times = rng.integers(settings.n_listed, size=(size, 1))
    again = rng.random(others.shape).argsort(1) < n_times
    tokens[:, 1:-1] = np.where(again, last, others)
    answers = settings.token("one") + n_times[:, 0]
    return Asked(tokens, answers, n_times[:, 0], np.zeros(size, np.int64))


def _induction(settings: Lists, size: int, rng: np.random.Generator) -> Asked:
    tokens = _started(settings, size)
    tokens[:, 1:-1] = _different(settings, size, settings.n_listed, rng)
    place = rng.integers(1, settings.n_listed, size=size)
    each = np.arange(size)
    tokens[:, -1] = tokens[each, place]
    return Asked(tokens, tokens[each, place + 1], tokens[:, -1].copy(), place)


def _listed(settings: Lists, lists: np.ndarray, said: np.ndarray, lengths: np.ndarray) -> Asked:
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
    return Asked(tokens, said[np.arange(size), k - lengths], turn[:, 0], turn[:, 0].copy())


def _reversing(settings: Lists, size: int, rng: np.random.Generator) -> Asked:
    k = settings.n_listed
    lists = rng.integers(settings.n_symbols, size=(size, k))
    lengths = rng.integers(shortest_list(settings), k, endpoint=True, size=size)
    backwards = (lengths[:, None] - 1 - np.arange(k)).clip(0)
    its = _listed(settings, lists, np.take_along_axis(lists, backwards, 1), lengths)
    return its._replace(places=2 * its.clues - settings.length)


def _sorting(settings: Lists, size: int, rng: np.random.Generator) -> Asked:
    k = settings.n_listed
    lists = _different(settings, size, k, rng)
    lengths = rng.integers(shortest_list(settings), k, endpoint=True, size=size)
    within = np.arange(k) < lengths[:, None]
    said = np.sort(np.where(within, lists, settings.n_symbols), 1)
    its = _listed(settings, lists, said, lengths)
    places = (its.tokens[:, 1:-1] == its.answers[:, None]).argmax(1) + 1
    return its._replace(clues=its.tokens[:, -1].copy(), places=places)


def _ioi(settings: Lists, size: int, rng: np.random.Generator) -> Asked:
    tokens = _started(settings, size)
    names = _different(settings, size, _TWO, rng)
    again = rng.integers(_TWO, size=size)
    each = np.arange(size)
    place = rng.integers(3, 4, endpoint=True, size=size)
    tokens[:, 1:3], tokens[:, 3:] = names, settings.token("met")
    tokens[each, place], tokens[:, 5] = names[each, again], settings.token("told")
    return Asked(tokens, names[each, 1 - again], names[each, again], place)


DRAWN: Mapping[str, Callable[[Lists, int, np.random.Generator], Asked]] = {
    "previous": _previous,
    "counting": _counting,
    "induction": _induction,
    "reversing": _reversing,
    "sorting": _sorting,
    "ioi": _ioi,
}
"""program → so many questions"""
