"""Those who play bandits: what each pulls next, given what it has seen, many games at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int, Real
from scipy.special import ndtri

Learner = Literal["ucb", "greedy", "expert", "random"]


class Tally(NamedTuple):
    """What has been seen of each arm."""

    pulls: Int[np.ndarray, "games arms"]
    wins: Real[np.ndarray, "games arms"]
    """the sum of its rewards"""

    @property
    def means(self) -> Float[np.ndarray, "games arms"]:
        """Mean reward; of an arm that hasn't been pulled, ∞: it comes first."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.pulls > 0, self.wins / self.pulls, np.inf)

    def after(self, arm: Int[np.ndarray, " games"], won: Real[np.ndarray, " games"]) -> Tally:
        """With one pull more in each game."""
        pulled = np.arange(self.pulls.shape[1]) == arm[:, None]
        return Tally(self.pulls + pulled, self.wins + pulled * won[:, None])


def nothing(n: int, n_arms: int) -> Tally:
    """Before the first pull of so many games."""
    return Tally(*np.zeros((2, n, n_arms), np.int64))


def scores(
    learner: Learner,
    tally: Tally,
    chances: Float[np.ndarray, "games arms"],
) -> Float[np.ndarray, "games arms"]:
    """What a learner pulls the arm with the most of.

    `ucb` is UCB1 (Auer et al. 2002, "Finite-time analysis of the multiarmed bandit problem", figure 1): the
    mean of the arm plus √(2 ln n / n_arm) after n pulls, each arm once first. `greedy` has the mean alone.
    `expert` knows which arm wins most often, `random` nothing.

    Args:
        learner: by name.
        tally: what it has seen.
        chances: how often each arm wins, which only the expert knows.
    """
    if learner == "expert":
        return chances
    if learner == "random":
        return np.zeros(chances.shape)
    if learner == "greedy":
        return tally.means
    n = tally.pulls.sum(1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        bonus = np.sqrt(2 * np.log(np.maximum(n, 1)) / tally.pulls)
    return np.where(tally.pulls > 0, tally.means + bonus, np.inf)


def chosen(
    score: Float[np.ndarray, "games arms"], rng: np.random.Generator
) -> Int[np.ndarray, " games"]:
    """An arm with the largest score: of several, any."""
    best = score == score.max(1, keepdims=True)
    return np.where(best, rng.random(score.shape), -1.0).argmax(1)


class Payout(NamedTuple):
    """What a pull brings, between 0 and 1."""

    n_levels: int = 2
    """that a reward may have, evenly from 0 to 1"""
    spread: float = 0.0
    """0: an arm wins or doesn't. Else rewards are normal around the arm's chance with this standard
    deviation, and told as the nearest level"""

    def of(
        self, chance: Float[np.ndarray, "*games"], luck: Float[np.ndarray, "*games"]
    ) -> Float[np.ndarray, "*games"]:
        """Of arms with these chances; the lower a number of `luck`, the luckier."""
        if not self.spread:
            return (luck < chance).astype(float)
        last = self.n_levels - 1
        return np.rint(np.clip(chance - self.spread * ndtri(luck), 0, 1) * last) / last


Pull = Callable[[int, Tally], Int[np.ndarray, " games"]]
"""the arm of each game, given the number of the pull and what has been seen"""


def played(
    pull: Pull,
    chances: Float[np.ndarray, "games arms"],
    luck: Float[np.ndarray, "games pulls"],
    payout: Payout = Payout(),  # noqa: B008 (a tuple)
) -> tuple[Int[np.ndarray, "games pulls"], Float[np.ndarray, "games pulls"]]:
    """Arms that are pulled, and what each pull brings.

    Args:
        pull: who plays.
        chances: how often each arm wins.
        luck: a number between 0 and 1 for each pull: it wins if that is below the arm's chance.
        payout: what a pull brings.
    """
    rows = np.arange(len(chances))
    tally = nothing(*chances.shape)
    arms, wins = [], []
    for i, its_luck in enumerate(luck.T):
        arm = pull(i, tally)
        won = payout.of(chances[rows, arm], its_luck)
        tally = tally.after(arm, won)
        arms.append(arm)
        wins.append(won)
    return np.stack(arms, 1), np.stack(wins, 1)
