"""By which rule does a model choose its arms? Rules that give each arm a score, fitted to what is pulled.

A conditional logit (McFadden 1974, "Conditional logit analysis of qualitative choice behavior"): an arm's
chance is the softmax of a weighted sum of its statistics. How much a rule explains is McFadden's pseudo-R²
on other games: 0 is a random choice, 1 one that is foreseen with certainty.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int, Real
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import beta

from onset.measures.learning.regret import Game, game_of
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset
from onset.tasks.learning.bandits import rewards_of
from onset.tasks.learning.learners import nothing

NEEDS = ("written", "luck", "chances", "spread")
SPLITS = ("test",)
QUANTITIES = {
    "explained_by_*": {"kind": "explained", "label": "pseudo-R² of the model's pulls: *"},
    "source_explained_by_*": {"kind": "explained", "label": "pseudo-R² of the source's pulls: *"},
    "weight_of_*": {"kind": "real", "label": "weight in the model's choice: *"},
    "source_weight_of_*": {"kind": "real", "label": "weight in the source's choice: *"},
}

RULES = {
    "greedy": ("mean",),
    "ucb": ("mean", "bonus"),
    "thompson": ("best",),
    "win_stay": ("after_win", "after_loss"),
    "all": ("mean", "bonus", "best", "after_win", "after_loss"),
}
"""name → what they look at: the share of an arm's pulls that won; √(2 ln n / n_arm); log of the chance that
it is the best, of Beta posteriors; whether it was pulled last, and won or lost"""
_STATISTICS = RULES["all"]
_RIDGE = 1e-3
_GRID = (np.arange(200) + 0.5) / 200
_LEAST = 1e-6  # chance


def analyse(
    model: Model, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """On `test`, once each arm has been pulled, fitted on one half of the games and scored on the other:

    * `explained_by_RULE`: pseudo-R² of the rule for the pulls of the model; worse than a random choice is
      below 0;
    * `weight_of_STATISTIC`: of the rule `all`, its weights for statistics of unit variance;
    * `source_explained_by_RULE`, `source_weight_of_STATISTIC`: the same for the histories that are given.
    """
    split = dataset.splits[SPLITS[0]]
    tokens, n_arms = split.tokens, split.truth["chances"].shape[1]
    players = {
        "": game_of(model, parameters, split, dataset.n_tokens),
        "source_": Game(tokens[:, 1::2], rewards_of(tokens, n_arms, dataset.n_tokens)),
    }
    for who, game in players.items():
        statistics, pulled, games = looked_at(game, n_arms)
        half = games % 2 == 0
        if not (half.any() and (~half).any()):
            continue
        for rule, names in RULES.items():
            its = statistics[..., [_STATISTICS.index(name) for name in names]]
            weights = fitted(its[half], pulled[half])
            value = explained(its[~half], pulled[~half], weights)
            yield Measurement(f"{who}explained_by_{rule}", value, SPLITS[0])
            if rule == "all":
                for name, weight in zip(names, weights, strict=True):
                    yield Measurement(f"{who}weight_of_{name}", float(weight), SPLITS[0])


def looked_at(
    game: Game, n_arms: int
) -> tuple[
    Float[np.ndarray, "choices arms statistics"],
    Int[np.ndarray, " choices"],
    Int[np.ndarray, " choices"],
]:
    """Statistics of each arm before each pull, from when all have been pulled, of unit variance; the arm
    that is pulled; and the number of the game. Pulls of what is no arm are left out."""
    n = len(game.arms)
    tally = nothing(n, n_arms)
    rows, pulled, games = [], [], []
    last = np.zeros((n, n_arms, 2))
    for arm, won in zip(game.arms.T, game.won.T, strict=True):
        there = (arm < n_arms) & (tally.pulls > 0).all(1)
        if there.any():
            pulls, wins = tally.pulls[there], tally.wins[there]
            bonus = np.sqrt(2 * np.log(pulls.sum(1, keepdims=True)) / pulls)
            best = np.log(np.maximum(chance_of_best(pulls, wins), _LEAST))
            of_arms = np.stack([wins / pulls, bonus, best], -1)
            rows.append(np.concatenate([of_arms, last[there]], -1))
            pulled.append(arm[there])
            games.append(np.flatnonzero(there))
        tally = tally.after(arm, won)
        its = (np.arange(n_arms) == arm[:, None])[..., None]
        last = its * np.stack([won > 0.5, won <= 0.5], -1)[:, None]
    if not rows:
        return np.zeros((0, n_arms, len(_STATISTICS))), np.zeros(0, int), np.zeros(0, int)
    statistics = np.concatenate(rows).astype(float)
    spread = (statistics - statistics.mean(1, keepdims=True)).std((0, 1))
    return statistics / np.maximum(spread, 1e-9), np.concatenate(pulled), np.concatenate(games)


def chance_of_best(
    pulls: Int[np.ndarray, "choices arms"], wins: Real[np.ndarray, "choices arms"]
) -> Float[np.ndarray, "choices arms"]:
    """That an arm wins most often, of Beta posteriors with a uniform prior: with what chance Thompson
    sampling pulls it (Thompson 1933)."""
    # Of equal tallies, once.
    tallies, rows = np.unique(
        np.stack([pulls, wins], -1).reshape(-1, 2), axis=0, return_inverse=True
    )
    n, won = tallies.T[:, :, None]
    posterior = beta(1 + won, 1 + n - won)
    where = rows.reshape(pulls.shape)
    below = np.log(np.maximum(posterior.cdf(_GRID), 1e-12))[where]
    others = below.sum(1, keepdims=True) - below
    chance = (posterior.pdf(_GRID)[where] * np.exp(others)).sum(-1)
    return chance / chance.sum(1, keepdims=True)


def fitted(
    statistics: Float[np.ndarray, "choices arms statistics"], pulled: Int[np.ndarray, " choices"]
) -> Float[np.ndarray, " statistics"]:
    """The weights that make the pulls most likely, with a little ridge."""
    rows = np.arange(len(pulled))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = statistics @ weights
        chances = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
        lost = -np.log(np.maximum(chances[rows, pulled], 1e-300)).mean()
        expected = (chances[..., None] * statistics).sum(1)
        gradient = (expected - statistics[rows, pulled]).mean(0)
        return lost + _RIDGE * weights @ weights, gradient + 2 * _RIDGE * weights

    return minimize(loss, np.zeros(statistics.shape[-1]), jac=True, method="L-BFGS-B").x


def explained(
    statistics: Float[np.ndarray, "choices arms statistics"],
    pulled: Int[np.ndarray, " choices"],
    weights: Float[np.ndarray, " statistics"],
) -> float:
    """McFadden's pseudo-R²: 1 minus the loss over that of a random choice."""
    scores = statistics @ weights
    likely = scores[np.arange(len(pulled)), pulled] - logsumexp(scores, axis=1)
    return float(1 + likely.mean() / np.log(statistics.shape[1]))
