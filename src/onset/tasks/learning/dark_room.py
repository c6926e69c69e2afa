"""Histories of a learner in a dark room, over its whole learning: does a model learn to learn?

A room is a square of places; at one of them, drawn anew for each room and never told, it is light. A
sequence is several episodes, each from the middle of the room on: what a learner did, and where that led,
or `light`, whose place follows from where it was before. So a light looks the same wherever it is.

    go up p12 left p11 left p10 … go up p12 right light stay light down p23 …

The learner is tabular Q-learning (`rooms`). It takes more episodes than a sequence has: of so many, one is
shown, so that the first is one of a learner that knows nothing, and the last of one that has learnt.

A model is asked for the moves. In a rollout it makes them itself, and the room says where they lead:
`answers`.

    train     histories whose goals are those that are trained
    known     other histories with these goals
    test      histories with goals that are in no other split
    corners   histories whose goals are farther away than any in training: never trained

What is known: of each token, whether it is the model that writes it (`written`); of each room, its `goal`.

After Laskin et al. 2022 (arXiv:2210.14215; algorithm distillation, "Dark Room", of 9 × 9 places).
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from onset.settings import Fraction, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.learning.rooms import MOVES, Room, Walker, Walks, walked
from onset.tasks.parts import rows

_GO = len(MOVES)
_LIGHT, _FIRST = _GO + 1, _GO + 2  # of the places
_HELD_OUT = ("known", "test", "corners")

A_CHILD_MAY_CHANGE = ("source", "shown", "order", "n_train")


class Settings(BaseSettings):
    """The rooms, and whose histories are shown."""

    name: Literal["dark_room"]
    side: int = Field(5, ge=3, le=15)
    """of a room, in places; odd"""
    n_episodes: int = Field(6, ge=2)
    """that are shown"""
    n_steps: int = Field(8, ge=2)
    """of an episode"""
    every: PositiveInt = 8
    """of so many episodes of the learner, one is shown"""
    source: Walker = "q"
    """who walks in the rooms that are shown"""
    shown: Literal["learning", "learnt"] = "learning"
    """`learnt`: in the histories that are trained, the last episodes of the whole learning alone, one after
    another"""
    order: Literal["told", "shuffled"] = "told"
    """`shuffled`: episodes in random order, in the histories that are trained"""
    n_new_goals: PositiveInt = 5
    """of `test`"""
    n_train: PositiveInt = 4096
    n_test: int = Field(128, ge=4)
    """histories in each held-out split, its validation part included"""
    validation: Fraction = 0.25
    """fraction of each that is set apart for choosing settings"""

    @property
    def room(self) -> Room:
        return Room(self.side)

    @property
    def n_tokens(self) -> int:
        return _FIRST + self.room.n_places

    @property
    def length(self) -> int:
        return self.n_episodes * (2 * self.n_steps + 1)

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", *_HELD_OUT, *(split + VALIDATION for split in _HELD_OUT))

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train",)

    @property
    def truth(self) -> tuple[str, ...]:
        return ("written", "goal")

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        n_walks = self.n_train + len(_HELD_OUT) * self.n_test
        return n_walks * (3 * self.every * self.length + len(MOVES) * self.room.n_places)

    @model_validator(mode="after")
    def _a_room_has_a_middle(self) -> Self:
        if not self.side % 2:
            raise ValueError(f"side: a room of {self.side} × {self.side} places has no middle")
        return self

    @model_validator(mode="after")
    def _there_is_a_way(self) -> Self:
        if self.n_steps < (farthest := int(self.room.distances.max())):
            raise ValueError(f"n_steps: the corners are {farthest} steps away")
        return self

    @model_validator(mode="after")
    def _there_are_enough(self) -> Self:
        n_goals = self.room.n_places - 1 - len(self.room.corners)
        if self.n_new_goals >= n_goals:
            raise ValueError(f"n_new_goals: of {n_goals} goals, none is left to be trained")
        if min(self.validation, 1 - self.validation) * self.n_test < 1:
            raise ValueError("n_test or validation leaves a part of the held-out splits empty")
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The splits of one seed."""
    s, rng = settings, np.random.Generator(np.random.Philox(seed))
    corners = s.room.corners
    goals = rng.permutation(np.setdiff1d(np.arange(s.room.n_places), [s.room.start, *corners]))
    of_split = {
        "train": goals[s.n_new_goals :],
        "known": goals[s.n_new_goals :],
        "test": goals[: s.n_new_goals],
        "corners": corners,
    }
    n_validation = round(s.validation * s.n_test)
    taken: set[bytes] = set()
    splits = {}
    for name in reversed(s.splits):
        size = s.n_test - n_validation
        if name == "train":
            size = s.n_train
        elif name.endswith(VALIDATION):
            size = n_validation
        its_goals = of_split[name.removesuffix(VALIDATION)]
        splits[name] = _apart(s, its_goals, size, rng, taken, trained=name == "train")
        taken |= rows(splits[name].tokens)
    places = [f"p{row}{column}" for row in range(s.side) for column in range(s.side)]
    names = (*MOVES, "go", "light", *places)
    return Dataset({name: splits[name] for name in s.splits}, names)


def answers(
    room: Room,
    n_steps: int,
    goals: Int[np.ndarray, " rooms"],
    said: Int[np.ndarray, "rooms read"],
) -> Int[np.ndarray, " rooms"]:
    """What rooms say next, as tokens: where the last move led, or that another episode begins. What is no
    move leads nowhere.

    Args:
        room: of all.
        n_steps: of an episode.
        goals: of each.
        said: all before.
    """
    if said.shape[1] % (2 * n_steps + 1) == 0:
        return np.full(len(said), _GO)
    move, before = said[:, -1], said[:, -2]
    here = np.where(before == _GO, room.start, np.where(before == _LIGHT, goals, before - _FIRST))
    there = np.where(move < _GO, room.after[here, np.minimum(move, _GO - 1)], here)
    return _told(there, goals)


def walks_of(
    tokens: Int[np.ndarray, "rooms length"], goals: Int[np.ndarray, " rooms"], n_steps: int
) -> Walks:
    """Moves and places of whole histories; a move that there isn't has the number of moves, or more."""
    episodes = tokens.reshape(len(tokens), -1, 2 * n_steps + 1)
    told = episodes[..., 2::2]
    return Walks(episodes[..., 1::2], np.where(told == _LIGHT, goals[:, None, None], told - _FIRST))


def room_of(split: Split, n_tokens: int) -> tuple[Room, int]:
    """The room of a split's histories, and the steps of an episode."""
    room = Room(round((n_tokens - _FIRST) ** 0.5))
    n_episodes = int((split.tokens[0] == _GO).sum())
    return room, (split.tokens.shape[1] // n_episodes - 1) // 2


def _told(
    places: Int[np.ndarray, "*steps"], goals: Int[np.ndarray, "*ones"]
) -> Int[np.ndarray, "*steps"]:
    return np.where(places == goals, _LIGHT, _FIRST + places)


def _apart(
    settings: Settings,
    goals: Int[np.ndarray, " goals"],
    size: int,
    rng: np.random.Generator,
    taken: set[bytes],
    trained: bool,
) -> Split:
    """So many histories, each another than those that are taken and than each other."""
    known, kept = set(taken), []
    while len(kept) < size:
        drawn = rng.choice(goals, size)
        for row, goal in zip(_histories(settings, drawn, rng, trained), drawn, strict=True):
            if len(kept) < size and (key := row.tobytes()) not in known:
                known.add(key)
                kept.append((row, goal))
    tokens, its_goals = (np.array(its) for its in zip(*kept, strict=True))
    written = tokens < _GO
    scored = tuple(int(place) - 1 for place in np.flatnonzero(written[0]))
    truth = {"written": written, "goal": its_goals}
    return Split(tokens, tokens[:, np.array(scored) + 1], scored, truth=truth)


def _histories(
    settings: Settings, goals: Int[np.ndarray, " rooms"], rng: np.random.Generator, trained: bool
) -> Int[np.ndarray, "rooms length"]:
    s, n = settings, len(goals)
    walks = walked(s.source, s.room, goals, s.n_episodes * s.every, s.n_steps, rng)
    last = s.shown == "learnt" and trained
    shown = slice(-s.n_episodes, None) if last else slice(None, None, s.every)
    moves, places = (its[:, shown] for its in walks)
    if s.order == "shuffled" and trained:
        order = rng.random((n, s.n_episodes)).argsort(1)[..., None]
        moves, places = (np.take_along_axis(its, order, 1) for its in (moves, places))
    tokens = np.full((n, s.n_episodes, 2 * s.n_steps + 1), _GO)
    tokens[..., 1::2], tokens[..., 2::2] = moves, _told(places, goals[:, None, None])
    return tokens.reshape(n, -1)
