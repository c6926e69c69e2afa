"""Histories of a learner that plays bandits, each from its first pull on: does a model learn to learn?

A game has several arms; each wins with a chance of its own, drawn anew for each game and never told. A
sequence is what a learner pulled, and whether that won:

    go a2 won a0 lost a1 lost a2 won a2 won …

or how much that brought, `r0` to the largest, where rewards have a spread.

A model is asked for the arms, or, at the same places, for the best arm of the game, as a
decision-pretrained transformer is (Lee et al. 2023, arXiv:2306.14892). In a rollout it pulls them itself,
and the game answers: `answers`. Luck belongs to the game, so that whoever pulls the same arm at the same
time wins or loses alike.

    train   histories for trainings that see them again and again
    fresh   a stream: every batch is drawn afresh
    test    games that are in no other split
    harder  games whose arms have chances nearer to each other than any in training

What is known: of each token, whether it is the model that writes it (`written`), and the `luck` of each
pull at the place of its reward (elsewhere 0); of each game the `chances`, one for each arm, and the
`spread` of rewards.

After Laskin et al. 2022 (arXiv:2210.14215; algorithm distillation); the learner is UCB1 (`learners`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, Self

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field, model_validator

from onset.settings import Fraction, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split, Stream
from onset.tasks.learning.learners import Learner, Payout, Tally, chosen, played, scores
from onset.tasks.parts import rows

_GO, _LOST = range(2)  # after the arms
_HELD_OUT = ("test", "harder")
_HARDER = 0.15
"""how far apart the chances of a harder game are at most; those of others, farther"""
_OF_TOKENS = ("written", "luck")

A_CHILD_MAY_CHANGE = ("source", "rewards", "order", "every", "asked", "n_train")


class Settings(BaseSettings):
    """The games, and whose histories are shown."""

    name: Literal["bandits"]
    n_arms: int = Field(4, ge=2, le=64)
    n_pulls: int = Field(24, ge=4)
    """of a game"""
    source: Learner = "ucb"
    """who plays the games that are shown"""
    levels: int = Field(2, ge=2, le=64)
    """that a reward can have"""
    spread: float = Field(0.0, ge=0, le=1)
    """standard deviation of rewards around an arm's chance, which are told as the nearest level; 0: an arm
    wins with its chance, or brings nothing"""
    rewards: Literal["earned", "coin"] = "earned"
    """`coin`: each is won by a coin, in the histories that are trained, as if all arms were alike. The
    source sees them, and goes by them: where there is nothing to be found, its rule can still be learnt"""
    order: Literal["told", "shuffled"] = "told"
    """`shuffled`: pulls with their rewards in random order, in the histories that are trained. How often an
    arm is pulled still says how good it is"""
    every: PositiveInt = 1
    """of so many pulls of the source, one is shown: a history of fewer pulls than it took"""
    asked: Literal["pulled", "best"] = "pulled"
    """`best`: the right answer is the best arm of the game, whatever is pulled"""
    n_train: PositiveInt = 512
    """histories in `train`"""
    n_test: int = Field(256, ge=4)
    """games in each held-out split, its validation part included"""
    validation: Fraction = 0.25
    """fraction of each that is set apart for choosing settings"""

    @property
    def n_tokens(self) -> int:
        return self.n_arms + 1 + self.levels

    @property
    def length(self) -> int:
        return 2 * self.n_pulls + 1

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
        return (*_OF_TOKENS, "chances", "spread")

    @property
    def payout(self) -> Payout:
        return Payout(self.levels, self.spread)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 6 * (self.n_train + 2 * self.n_test) * (self.every * self.length + self.n_arms)

    @model_validator(mode="after")
    def _rewards_go_together(self) -> Self:
        if self.levels > 2 and not self.spread:
            raise ValueError("levels: without a spread, rewards have two levels; set spread")
        return self

    @model_validator(mode="after")
    def _there_are_enough(self) -> Self:
        if min(self.validation, 1 - self.validation) * self.n_test < 1:
            raise ValueError("n_test or validation leaves a part of the held-out splits empty")
        if (n := self.n_train + 2 * self.n_test) > 0.5 * (most := 2.0**self.n_pulls):
            raise ValueError(
                f"histories of {self.n_pulls} pulls can be won and lost in {most:.0f} ways, too few for "
                f"{n} of them to be told apart; change n_pulls, n_train or n_test"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The fixed splits of one seed, and the stream."""
    rng = np.random.Generator(np.random.Philox(seed))
    n_validation = round(settings.validation * settings.n_test)
    taken: set[bytes] = set()
    splits = {}
    for name in reversed(settings.splits):
        size = settings.n_test - n_validation
        if name == "train":
            size = settings.n_train
        elif name.endswith(VALIDATION):
            size = n_validation
        splits[name] = _apart(settings, name, size, rng, taken)
        taken |= rows(splits[name].tokens)
    rewards = [f"r{i}" for i in range(settings.levels)] if settings.spread else ["lost", "won"]
    names = (*(f"a{i}" for i in range(settings.n_arms)), "go", *rewards)
    dataset = Dataset({name: splits[name] for name in settings.splits}, names)
    return replace(dataset, streams=streams(settings, dataset))


def streams(settings: Settings, dataset: Dataset) -> dict[str, Stream]:
    """What is drawn afresh for every batch, without the histories that are held out."""
    held_out = (its for name, its in dataset.splits.items() if name not in settings.trained)
    taken = set().union(*(rows(split.tokens) for split in held_out))
    return {"fresh": lambda size, rng: _apart(settings, "fresh", size, rng, taken)}


def answers(
    n_tokens: int,
    chances: Float[np.ndarray, "games arms"],
    luck: Float[np.ndarray, " games"],
    arms: Int[np.ndarray, " games"],
    spread: float = 0.0,
) -> Int[np.ndarray, " games"]:
    """What games say to pulls, as tokens. What is no arm wins nothing.

    Args:
        n_tokens: of the world.
        chances: of each arm.
        luck: of this pull.
        arms: tokens that were written where an arm belongs.
        spread: of rewards.
    """
    n_arms = chances.shape[1]
    n_levels = n_tokens - n_arms - _LOST
    its = chances[np.arange(len(arms)), np.minimum(arms, n_arms - 1)]
    reward = np.where(arms < n_arms, Payout(n_levels, spread).of(its, luck), 0.0)
    return n_arms + _LOST + _level(reward, n_levels)


def rewards_of(
    tokens: Int[np.ndarray, "games length"], n_arms: int, n_tokens: int
) -> Float[np.ndarray, "games pulls"]:
    """What each pull of whole games brought, between 0 and 1."""
    first = n_arms + _LOST
    return (tokens[:, 2::2] - first) / (n_tokens - first - 1)


def _level(reward: Float[np.ndarray, "*games"], n_levels: int) -> Int[np.ndarray, "*games"]:
    return np.rint(reward * (n_levels - 1)).astype(np.int64)


def _apart(
    settings: Settings, name: str, size: int, rng: np.random.Generator, taken: set[bytes]
) -> Split:
    """So many histories, each another than those that are taken and than each other."""
    found: list[Split] = []
    known = set(taken)
    while (n := sum(map(len, found))) < size:
        its = _histories(settings, name, size, rng)
        kept = []
        for i, row in enumerate(its.tokens):
            if (key := row.tobytes()) not in known:
                kept.append(i)
                known |= {key} if name != "fresh" else set()
        found.append(_of(its, np.array(kept[: size - n], np.int64)))
    tokens, targets = (
        np.concatenate([getattr(its, part) for its in found]) for part in ("tokens", "targets")
    )
    truth = {fact: np.concatenate([its.truth[fact] for its in found]) for fact in found[0].truth}
    return Split(tokens, targets, found[0].scored, truth=truth)


def _of(split: Split, kept: Int[np.ndarray, " kept"]) -> Split:
    truth = {fact: values[kept] for fact, values in split.truth.items()}
    return Split(split.tokens[kept], split.targets[kept], split.scored, truth=truth)


def _histories(settings: Settings, name: str, n: int, rng: np.random.Generator) -> Split:
    """Of a split; scored where an arm comes next."""
    s, trained = settings, name in settings.trained
    chances = _chances(s, n, harder=name.startswith("harder"), rng=rng)
    luck = rng.random((n, s.n_pulls * s.every))

    def pull(_: int, tally: Tally) -> Int[np.ndarray, " games"]:
        return chosen(scores(s.source, tally, chances), rng)

    tossed = s.rewards == "coin" and trained
    arms, wins = played(pull, np.full(chances.shape, 0.5) if tossed else chances, luck, s.payout)
    arms, wins, luck = (its[:, :: s.every] for its in (arms, wins, luck))
    if s.order == "shuffled" and trained:
        order = rng.random(arms.shape).argsort(1)
        arms, wins = (np.take_along_axis(its, order, 1) for its in (arms, wins))
    tokens = np.full((n, s.length), s.n_arms + _GO)
    tokens[:, 1::2], tokens[:, 2::2] = arms, s.n_arms + _LOST + _level(wins, s.levels)
    of_tokens = np.zeros(tokens.shape)
    of_tokens[:, 2::2] = luck
    written = np.tile(np.arange(s.length) % 2 == 1, (n, 1))
    spread = np.full(n, float(s.spread))
    truth = {"written": written, "luck": of_tokens, "chances": chances, "spread": spread}
    best = np.broadcast_to(chances.argmax(1)[:, None], arms.shape)
    targets = np.array(best if s.asked == "best" else arms)
    return Split(tokens, targets, tuple(range(0, s.length - 1, 2)), truth=truth)


def _chances(
    settings: Settings, n: int, harder: bool, rng: np.random.Generator
) -> Float[np.ndarray, "games arms"]:
    """Uniform, drawn again until they are as far apart as they should be; of harder games, all in a band
    of a random place."""
    s = settings
    if harder:
        low = rng.random((n, 1)) * (1 - _HARDER)
        return low + _HARDER * rng.random((n, s.n_arms))
    found = rng.random((n, s.n_arms))
    while (again := np.ptp(found, axis=1) <= _HARDER).any():
        found[again] = rng.random((int(again.sum()), s.n_arms))
    return found
