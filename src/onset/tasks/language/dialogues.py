"""Dialogues drawn turn by turn, with the best reader beside them: what is said, and what is so."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from onset.tasks.language import listener_words as words
from onset.tasks.language.listener_words import ATTRIBUTES, MATTERS, STYLE, VALUES
from onset.tasks.language.observer import SIZES, Observer

EVENT, SIGNS, QUESTION, REPLY = 0, 3, 8, 10
STYLED, PLACE, CONTRAST = 11, 14, 15
TURN = 16
"""where parts of a turn begin, and the tokens of a turn"""
BEFORE_WORD = {its: PLACE - 1 if its == "knowledge" else REPLY for its in ATTRIBUTES}
"""where, in a turn, a word that depends on an attribute comes next for the first time; for the one that
nothing depends on, where a reply begins"""
REPLIED = tuple(range(REPLY, CONTRAST))
"""where, in a turn, words of the reply come next"""
PERSON = ("age", "dialect", "knowledge")
"""the attributes of which some combinations are held out"""


class Laws(NamedTuple):
    """What dialogues are like."""

    shows: float
    moody: float
    unseen: float
    n_turns: int
    n_things: int
    n_places: int
    suits: bool

    @property
    def emissions(self) -> dict[str, Float[np.ndarray, "_values _words"]]:
        """Of each attribute, how often each value says each word."""
        found = {}
        for attribute, of_values in words.SIGNS.items():
            owner = np.array([v for v, said in of_values.items() for _ in said.split()])
            own = np.array([owner == value for value in of_values])
            found[attribute] = self.shows * own / own.sum(1, keepdims=True) + (
                1 - self.shows
            ) / len(owner)
        return found


class Lexicon:
    """The tokens of a world with so many things and places."""

    def __init__(self, n_things: int, n_places: int) -> None:
        signs = {name: " ".join(its.values()).split() for name, its in words.SIGNS.items()}
        parts: dict[str, list[str]] = {
            **{f"shows_{name}": its for name, its in signs.items()},
            **{f"suits_{name}": its.split() for name, its in STYLE.items()},
            "thing": list(words.THINGS_THERE[:n_things]),
            "plain": list(words.PLAIN[:n_places]),
            "exact": list(words.EXACT[:n_places]),
        }
        single = (
            words.LOOK, words.MEANWHILE, words.WHERE, words.SEEK, words.REPLY, words.AGAIN, words.NOTHING
        )  # fmt: skip
        self.vocabulary = tuple(word for its in parts.values() for word in its) + single
        self._first = {name: self.vocabulary.index(its[0]) for name, its in parts.items()}
        self._n = {name: len(its) for name, its in parts.items()}

    def token(self, word: str) -> int:
        return self.vocabulary.index(word)

    def of(self, part: str) -> Int[np.ndarray, " words"]:
        """The tokens of things, of places by their plain or exact names, of an attribute's words."""
        return self._first[part] + np.arange(self._n[part])

    @cached_property
    def suiting(self) -> dict[str, list[Int[np.ndarray, " words"]]]:
        """Of each attribute that matters, the reply's words that suit each of its values."""
        style = {name: [its[None] for its in self.of(f"suits_{name}")] for name in STYLE}
        return {**style, "knowledge": [self.of("plain"), self.of("exact")]}


class Told(NamedTuple):
    """Dialogues, and what is known of each of their tokens."""

    tokens: Int[np.ndarray, "dialogues length"]
    truth: dict[str, Shaped[np.ndarray, "dialogues length ..."]]


class _World:
    """Where things are, where the listener believes they are, and what has been told, in many dialogues."""

    def __init__(self, laws: Laws, n: int, rng: np.random.Generator) -> None:
        self.laws, self.rng, self.rows = laws, rng, np.arange(n)
        self.place, self.believed = np.full((2, n, laws.n_things), -1)
        self.told = np.zeros((n, laws.n_things), bool)

    def event(self) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
        """A thing is put somewhere, which the listener sees or not: thing, place, whether seen."""
        laws, rng, rows = self.laws, self.rng, self.rows
        thing = rng.integers(laws.n_things, size=len(rows))
        before = self.place[rows, thing]
        new = before < 0
        moved = (before + rng.integers(1, laws.n_places, size=len(rows))) % laws.n_places
        place = np.where(new, rng.integers(laws.n_places, size=len(rows)), moved)
        seen = new | (rng.random(len(rows)) >= laws.unseen)
        self.place[rows, thing] = place
        self.believed[rows, thing] = np.where(seen, place, self.believed[rows, thing])
        self.told[rows, thing] = False
        return thing, place, seen

    def asked(self) -> Int[np.ndarray, " n"]:
        """One of the things that there are by now."""
        chance = np.where(self.place >= 0, self.rng.random(self.place.shape), -1.0)
        return chance.argmax(1)

    def tell(self, thing: Int[np.ndarray, " n"], where: Bool[np.ndarray, " n"]) -> None:
        """Whoever has asked where it is knows it now."""
        rows = self.rows[where]
        self.believed[rows, thing[where]] = self.place[rows, thing[where]]
        self.told[rows, thing[where]] = True


def told(
    laws: Laws,
    lexicon: Lexicon,
    met: Bool[np.ndarray, "age dialect knowledge"],
    known: Bool[np.ndarray, "age dialect knowledge"],
    n: int,
    rng: np.random.Generator,
) -> Told:
    """So many dialogues.

    Args:
        laws: what they are like.
        lexicon: their tokens.
        met: which combinations speakers have, all equally often.
        known: which combinations the observer reckons with.
        n: how many.
        rng: all that is random.
    """
    kinds = np.argwhere(met)[rng.integers(met.sum(), size=n)]
    who = dict(zip(PERSON, kinds.T, strict=True))
    who |= {name: rng.integers(len(VALUES[name]), size=n) for name in ("pet", "mood")}
    prior = np.broadcast_to(known[:, :, :, None, None], SIZES).astype(float)
    observer = Observer(prior, laws.emissions, laws.moody, n)
    world = _World(laws, n, rng)
    length = laws.n_turns * TURN
    tokens = np.zeros((n, length), np.int64)
    truth = {name: np.zeros((n, length), np.int64) for name in (*ATTRIBUTES, "place", "believed")}
    truth |= {f"ideal_{name}": np.zeros((n, length, len(VALUES[name]))) for name in ATTRIBUTES}
    truth |= {name: np.zeros((n, length), bool) for name in ("told", "asks_where")}
    truth["floor"] = np.zeros((n, length))
    for turn in range(laws.n_turns):
        here = turn * TURN
        its = slice(here, here + TURN)
        if turn:
            changed = rng.random(n) < laws.moody
            other = (who["mood"] + rng.integers(1, SIZES[-1], size=n)) % SIZES[-1]
            who["mood"] = np.where(changed, other, who["mood"])
            observer.begin_turn()
        for name in ATTRIBUTES:
            truth[name][:, its] = who[name][:, None]
        thing, place, seen = world.event()
        tokens[:, here] = np.where(seen, lexicon.token(words.LOOK), lexicon.token(words.MEANWHILE))
        tokens[:, here + 1] = lexicon.of("thing")[thing]
        tokens[:, here + 2] = lexicon.of("plain")[place]
        _remember(truth, observer, slice(here, here + SIGNS))
        for i, name in enumerate(ATTRIBUTES):
            said = _drawn(laws.emissions[name][who[name]], rng)
            tokens[:, here + SIGNS + i] = lexicon.of(f"shows_{name}")[said]
            observer.hear(name, said)
            _remember(truth, observer, slice(here + SIGNS + i, here + SIGNS + i + 1))
        _remember(truth, observer, slice(here + QUESTION, here + TURN))
        thing, where = world.asked(), rng.random(n) < 0.5
        rows = np.arange(n)
        of_turn = {
            "place": world.place[rows, thing], "believed": world.believed[rows, thing],
            "told": world.told[rows, thing], "asks_where": where,
        }  # fmt: skip
        for name, values in of_turn.items():
            truth[name][:, its] = values[:, None]
        tokens[:, here + QUESTION] = np.where(
            where, lexicon.token(words.WHERE), lexicon.token(words.SEEK)
        )
        tokens[:, here + QUESTION + 1] = lexicon.of("thing")[thing]
        _reply(laws, lexicon, observer, of_turn, tokens[:, its], truth["floor"][:, its], rng)
        world.tell(thing, where)
    return Told(tokens, {name: _small(values) for name, values in truth.items()})


def _reply(
    laws: Laws,
    lexicon: Lexicon,
    observer: Observer,
    of_turn: dict[str, Shaped[np.ndarray, " n"]],
    tokens: Int[np.ndarray, "n turn"],
    floor: Float[np.ndarray, "n turn"],
    rng: np.random.Generator,
) -> None:
    """Fill in a turn's reply, and what the best reader loses in it. Each word suits a listener who is drawn
    from what is known of the speaker by now, for each word anew."""
    rows = np.arange(len(tokens))
    chances, suited = {}, {}
    for name in MATTERS:
        its = observer.of(name)
        if not laws.suits:
            its = np.full(its.shape, 1 / its.shape[1])
        suited[name] = _drawn(its, rng)
        chances[name] = its[rows, suited[name]]
    tokens[:, REPLY] = lexicon.token(words.REPLY)
    order = rng.random((len(tokens), len(STYLE))).argsort(1)
    for number, name in enumerate(STYLE):
        at = (order == number).argmax(1)
        tokens[rows, STYLED + at] = lexicon.of(f"suits_{name}")[suited[name]]
        # Which of the words that are left comes next is open, too.
        floor[rows, STYLED + at] = -np.log(chances[name]) + np.log(len(STYLE) - at)
    where, false = of_turn["asks_where"], of_turn["place"] != of_turn["believed"]
    names = np.stack([lexicon.of("plain"), lexicon.of("exact")])
    said = np.where(where, of_turn["place"], of_turn["believed"])
    again = where & of_turn["told"]
    tokens[:, PLACE] = np.where(again, lexicon.token(words.AGAIN), names[suited["knowledge"], said])
    floor[:, PLACE] = np.where(again, 0.0, -np.log(chances["knowledge"]))
    contrast = names[suited["knowledge"], of_turn["believed"]]
    tokens[:, CONTRAST] = np.where(where & false, contrast, lexicon.token(words.NOTHING))


def _remember(truth: dict[str, np.ndarray], observer: Observer, places: slice) -> None:
    for name in ATTRIBUTES:
        truth[f"ideal_{name}"][:, places] = observer.of(name)[:, None]


def _drawn(
    chances: Float[np.ndarray, "n values"], rng: np.random.Generator
) -> Int[np.ndarray, " n"]:
    """A number for each row, each as often as its chance says."""
    upto = chances.cumsum(1)
    return np.minimum(
        (rng.random((len(chances), 1)) * upto[:, -1:] >= upto).sum(1), upto.shape[1] - 1
    )


def _small(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32) if values.dtype.kind == "f" else values
