"""What a model loses on the best arm when it plays a bandit itself, beside those whom it could be like.

Pseudo-regret (Bubeck & Cesa-Bianchi 2012, arXiv:1204.5721, section 1): what the best arm wins on average
minus what the pulled ones do. All play the same games with the same luck, so that differences between them
are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Real

from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.models.rollouts import rollout
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.learning.bandits import answers, rewards_of
from onset.tasks.learning.learners import Payout, Tally, chosen, nothing, played, scores

NEEDS = ("written", "luck", "chances", "spread")
QUANTITIES = {
    "regret": {"kind": "size", "label": "regret per pull"},
    "ucb_regret": {"kind": "size", "label": "regret per pull, UCB1"},
    "random_regret": {"kind": "size", "label": "regret per pull, random"},
    "as_ucb": {"kind": "share", "label": "pulls that UCB1 could make"},
    "as_greedy": {"kind": "share", "label": "pulls that greed could make"},
    "ucb_apart": {"kind": "share", "label": "pulls of UCB1's where greed has another"},
    "greedy_apart": {"kind": "share", "label": "pulls of greed's where UCB1 has another"},
    "opens": {"kind": "share", "label": "games that begin with each arm once"},
    "repeats": {"kind": "share", "label": "same arm as before"},
    "win_stay": {"kind": "share", "label": "same arm after it won"},
    "lose_shift": {"kind": "share", "label": "another arm after it lost"},
    "no_arm": {"kind": "share", "label": "pulls of what is no arm"},
}

_SEED = 0  # of the draws
_N_PARTS = 4  # of a game


class Game(NamedTuple):
    """What was pulled, and what it brought; an arm that there isn't has the number of arms, or more."""

    arms: Int[np.ndarray, "games pulls"]
    won: Real[np.ndarray, "games pulls"]


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per held-out split but for validation parts, of games that the model plays, each arm drawn from what
    it says at temperature 1:

    * `regret`: what the best arm wins on average minus what the pulled one does, mean over pulls; also by
      quarter of the game (`component`, from 0). What is no arm wins nothing;
    * `ucb_regret`, `random_regret`: the same for UCB1, and for random arms, by their expected value;
    * `as_ucb`, `as_greedy`: fraction of pulls that UCB1, or who takes the largest mean, could make after
      the same history, each arm having been pulled once;
    * `ucb_apart`, `greedy_apart`: the same where no arm could be pulled by both;
    * `opens`: fraction of games that begin with each arm once; `repeats`: fraction of pulls, but for the
      first, of the same arm as the one before;
    * `win_stay`, `lose_shift`: fraction of pulls after a win (a reward above a half) that are of the same
      arm, and of those after a loss that are of another;
    * `no_arm`: fraction of pulls that are of no arm.
    """
    for name, split in dataset.splits.items():
        if name == "train" or name.endswith(VALIDATION):
            continue
        chances, luck = split.truth["chances"], split.truth["luck"][:, 2::2]
        game = game_of(model, parameters, split, dataset.n_tokens)
        rng = np.random.Generator(np.random.Philox(_SEED))
        ucb, _ = played(
            lambda _, tally, chances=chances, rng=rng: chosen(scores("ucb", tally, chances), rng),
            chances,
            luck,
            payout_of(split, dataset.n_tokens),
        )
        random = np.broadcast_to(
            chances.max(1, keepdims=True) - chances.mean(1, keepdims=True), luck.shape
        )
        for who, lost in (
            ("", regrets(chances, game.arms)),
            ("ucb_", regrets(chances, ucb)),
            ("random_", random),
        ):
            yield Measurement(f"{who}regret", float(lost.mean()), name)
            for part, its in enumerate(np.array_split(lost, _N_PARTS, axis=1)):
                yield Measurement(f"{who}regret", float(its.mean()), name, component=part)
        for measured, value in ways(game, chances).items():
            yield Measurement(measured, value, name)


def game_of(model: Model, parameters: Parameters, split: Split, n_tokens: int) -> Game:
    """Games as a model plays them."""
    chances, luck = split.truth["chances"], split.truth["luck"]
    spread = float(split.truth["spread"][0])

    def world(
        games: Int[np.ndarray, " games"], said: Int[np.ndarray, "games read"]
    ) -> Int[np.ndarray, " games"]:
        its_luck = luck[games, said.shape[1]]
        return answers(n_tokens, chances[games], its_luck, said[:, -1], spread)

    found = rollout(
        model, parameters, split.tokens, split.truth["written"],
        hops=split.hops, temperature=1.0, seed=_SEED, world=world,
    )  # fmt: skip
    return Game(found[:, 1::2], rewards_of(found, chances.shape[1], n_tokens))


def payout_of(split: Split, n_tokens: int) -> Payout:
    """What pulls bring in its games."""
    n_arms = split.truth["chances"].shape[1]
    return Payout(n_tokens - n_arms - 1, float(split.truth["spread"][0]))


def regrets(
    chances: Float[np.ndarray, "games arms"], arms: Int[np.ndarray, "games pulls"]
) -> Float[np.ndarray, "games pulls"]:
    """Of each pull, on average over luck."""
    n_arms = chances.shape[1]
    its = np.take_along_axis(chances, np.minimum(arms, n_arms - 1), 1)
    return chances.max(1, keepdims=True) - np.where(arms < n_arms, its, 0.0)


def ways(game: Game, chances: Float[np.ndarray, "games arms"]) -> dict[str, float]:
    """How a player plays; a way that it never had occasion for is left out."""
    n, n_arms = chances.shape
    tally: Tally = nothing(n, n_arms)
    could: dict[str, list[np.ndarray]] = {"ucb": [], "greedy": []}
    apart: list[np.ndarray] = []
    for arm, won in zip(game.arms.T, game.won.T, strict=True):
        there = (arm < n_arms) & (tally.pulls > 0).all(1)
        best = {}
        for learner, found in could.items():
            score = scores(learner, tally, chances)
            best[learner] = score == score.max(1, keepdims=True)
            its = np.take_along_axis(best[learner], np.minimum(arm, n_arms - 1)[:, None], 1)[:, 0]
            found.append(its[there])
        apart.append(~(best["ucb"] & best["greedy"]).any(1)[there])
        tally = tally.after(arm, won)
    same = game.arms[:, 1:] == game.arms[:, :-1]
    won = game.won[:, :-1] > 0.5
    shown = {learner: np.concatenate(found) for learner, found in could.items()}
    shares = {
        **{f"as_{learner}": its for learner, its in shown.items()},
        **{f"{learner}_apart": its[np.concatenate(apart)] for learner, its in shown.items()},
        "opens": (np.sort(game.arms[:, :n_arms], 1) == np.arange(n_arms)).all(1),
        "repeats": same.ravel(),
        "win_stay": same[won],
        "lose_shift": ~same[~won],
        "no_arm": (game.arms >= n_arms).ravel(),
    }
    return {name: float(its.mean()) for name, its in shares.items() if len(its)}
