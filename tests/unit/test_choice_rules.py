"""Rules of choice, on players whose rule is known."""

from __future__ import annotations

import numpy as np
import pytest

from onset.analyses.learning.choice_rules import RULES, chance_of_best, explained, fitted, looked_at
from onset.measures.learning.regret import Game
from onset.tasks.learning.learners import Tally, chosen, played, scores

N_ARMS = 3
CHANCES = np.random.default_rng(0).random((300, N_ARMS))
LUCK = np.random.default_rng(1).random((300, 24))


def thompson(i: int, tally: Tally) -> np.ndarray:
    rng = np.random.default_rng(i)
    return rng.beta(1 + tally.wins, 1 + tally.pulls - tally.wins).argmax(1)


def learner(name: str):
    rng = np.random.default_rng(2)
    return lambda _, tally: chosen(scores(name, tally, CHANCES), rng)


PLAYERS = {"ucb": learner("ucb"), "greedy": learner("greedy"), "thompson": thompson}


def rules_of(pull) -> dict[str, float]:
    statistics, pulled, games = looked_at(Game(*played(pull, CHANCES, LUCK)), N_ARMS)
    half = games % 2 == 0
    found = {}
    for rule, names in RULES.items():
        its = statistics[..., [RULES["all"].index(name) for name in names]]
        found[rule] = explained(its[~half], pulled[~half], fitted(its[half], pulled[half]))
    return found


@pytest.mark.parametrize("name", PLAYERS)
def test_a_player_is_explained_by_its_own_rule(name):
    values = rules_of(PLAYERS[name])
    others = [values[rule] for rule in ("ucb", "greedy", "thompson", "win_stay") if rule != name]
    if name == "greedy":  # UCB1 has the mean, too
        others.remove(values["ucb"])
    assert values[name] > max(others)
    assert values["all"] > values[name] - 0.05
    assert values["ucb"] > 0.6 if name == "ucb" else values[name] > 0.15


def test_one_who_stays_after_a_win():
    last = [np.zeros(300, int)]

    def pull(i, tally):
        if i < N_ARMS:
            arm = np.full(300, i)
        else:
            won = tally.wins.sum(1) > last[-1]
            arm = np.where(won, arms[-1], (arms[-1] + 1) % N_ARMS)
        last.append(tally.wins.sum(1))
        arms.append(arm)
        return arm

    arms: list[np.ndarray] = []
    values = rules_of(pull)
    assert values["win_stay"] > 0.5
    assert values["win_stay"] > values["greedy"]


def test_nobody_is_explained_who_plays_at_random():
    rng = np.random.default_rng(3)
    values = rules_of(lambda _, tally: rng.integers(N_ARMS, size=300))
    assert max(abs(its) for its in values.values()) < 0.02


def test_the_chance_of_being_best():
    pulls, wins = np.array([[0, 0, 0], [9, 9, 1]]), np.array([[0, 0, 0], [9, 0, 0]])
    found = chance_of_best(pulls, wins)
    assert found[0] == pytest.approx([1 / 3] * 3, abs=1e-6)
    rng = np.random.default_rng(0)
    drawn = rng.beta(1 + wins[1], 1 + pulls[1] - wins[1], size=(200_000, 3)).argmax(1)
    assert found[1] == pytest.approx(np.bincount(drawn, minlength=3) / 200_000, abs=0.01)


def test_the_fit_finds_the_weights_that_choices_were_drawn_with():
    rng = np.random.default_rng(0)
    statistics = rng.normal(size=(6000, 3, 2))
    score = statistics @ np.array([1.5, -0.5])
    chance = np.exp(score) / np.exp(score).sum(1, keepdims=True)
    pulled = (chance.cumsum(1) < rng.random((6000, 1))).sum(1)
    assert fitted(statistics, pulled) == pytest.approx([1.5, -0.5], abs=0.1)
