"""Those who walk in a dark room with a goal that isn't told: many rooms at a time."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int

Walker = Literal["q", "random"]

MOVES = ("up", "down", "left", "right", "stay")
_BY = np.array([[-1, 0], [1, 0], [0, -1], [0, 1], [0, 0]])  # rows and columns

_RATE, _DISCOUNT, _AT_RANDOM = 0.5, 0.8, 0.05
_AT_FIRST = 2.0
"""what every move is held to be worth before it is tried: more than all but a few are, so that what is
untried is tried"""


class Room(NamedTuple):
    """A square of places, in rows; walks begin in its middle."""

    side: int
    """odd"""

    @property
    def n_places(self) -> int:
        return self.side**2

    @property
    def start(self) -> int:
        return self.n_places // 2

    @property
    def after(self) -> Int[np.ndarray, "places moves"]:
        """Where each move leads; into a wall, nowhere."""
        found = np.clip(self._at[:, None] + _BY, 0, self.side - 1)
        return found @ np.array([self.side, 1])

    @property
    def distances(self) -> Int[np.ndarray, " places"]:
        """Moves from the start to each place."""
        return np.abs(self._at - self._at[self.start]).sum(1)

    @property
    def corners(self) -> Int[np.ndarray, " corners"]:
        """The places that are farthest away."""
        return np.flatnonzero(self.distances == self.distances.max())

    @property
    def _at(self) -> Int[np.ndarray, "places 2"]:
        return np.stack(np.divmod(np.arange(self.n_places), self.side), 1)

    def most_lit(self, goals: Int[np.ndarray, " rooms"], n_steps: int) -> Int[np.ndarray, " rooms"]:
        """Steps of an episode that one can end at the goal: all after the way there."""
        return n_steps + 1 - self.distances[goals]

    def random_return(
        self, goals: Int[np.ndarray, " rooms"], n_steps: int
    ) -> Float[np.ndarray, " rooms"]:
        """Expected steps that a random walk ends at each goal, over the most that there can be."""
        step = np.eye(self.n_places)[self.after].mean(1)
        there, lit = np.eye(self.n_places)[self.start], np.zeros(self.n_places)
        for _ in range(n_steps):
            there = there @ step
            lit += there
        return lit[goals] / self.most_lit(goals, n_steps)


class Walks(NamedTuple):
    """What was done in each episode, and where each move led."""

    moves: Int[np.ndarray, "rooms episodes steps"]
    places: Int[np.ndarray, "rooms episodes steps"]


def walked(
    walker: Walker,
    room: Room,
    goals: Int[np.ndarray, " rooms"],
    n_episodes: int,
    n_steps: int,
    rng: np.random.Generator,
) -> Walks:
    """Episodes of those who learn by tabular Q-learning (Watkins 1989), each from its first episode on, or
    who walk at random.

    A step that ends at the goal is rewarded by 1, and the episode goes on. At first all moves are worth the
    same, and much (optimistic values: Sutton & Barto 2018, section 2.6); now and then one is at random.

    Args:
        walker: by name.
        room: of all.
        goals: one for each.
        n_episodes: of each.
        n_steps: of an episode.
        rng: of moves at random, and of choices among moves that are held to be worth the same.
    """
    n, n_moves = len(goals), len(MOVES)
    rows, after = np.arange(n), room.after
    worth = np.full((n, room.n_places, n_moves), _AT_FIRST)
    at_random = 1.0 if walker == "random" else _AT_RANDOM
    found = Walks(*np.zeros((2, n, n_episodes, n_steps), np.int64))
    for episode in range(n_episodes):
        here = np.full(n, room.start)
        for step in range(n_steps):
            its = worth[rows, here]
            best = np.where(its == its.max(1, keepdims=True), rng.random(its.shape), -1.0).argmax(1)
            move = np.where(rng.random(n) < at_random, rng.integers(n_moves, size=n), best)
            there = after[here, move]
            told = (there == goals) + _DISCOUNT * worth[rows, there].max(1)
            worth[rows, here, move] += _RATE * (told - worth[rows, here, move])
            found.moves[:, episode, step], found.places[:, episode, step] = move, there
            here = there
    return found
