"""Bandits and those who play them, with answers known in closed form or from a plain loop."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from onset.analyses.learning import tally_probe
from onset.measures.learning import regret
from onset.measures.learning.regret import Game
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.notebook.bandits import SHARPNESS_OF_DECAY, on_the_way, phases, played_against
from onset.runs.run import Run
from onset.tasks.dataset import Dataset, TaskSettings
from onset.tasks.learning.bandits import Settings, answers, generate, rewards_of, streams
from onset.tasks.learning.learners import Payout, Tally, chosen, nothing, played, scores

SMALL_WORLDS = [
    {"n_arms": 3, "n_pulls": 10, "n_train": 24, "n_test": 16},
    {"n_arms": 2, "n_pulls": 8, "n_train": 20, "n_test": 8, "source": "expert"},
    {"n_arms": 4, "n_pulls": 12, "n_train": 20, "n_test": 8, "rewards": "coin"},
    {"n_arms": 3, "n_pulls": 12, "n_train": 20, "n_test": 8, "order": "shuffled"},
    {"n_arms": 3, "n_pulls": 12, "n_train": 20, "n_test": 8, "levels": 5, "spread": 0.3},
    {"n_arms": 3, "n_pulls": 12, "n_train": 20, "n_test": 8, "every": 3},
    {"n_arms": 3, "n_pulls": 12, "n_train": 20, "n_test": 8, "asked": "best"},
]
"""that no two splits share an example of; measures are tried on the first"""

SETTINGS = Settings(name="bandits", n_train=400, n_test=200)
WORLD = generate(SETTINGS, 0)
TEST = WORLD.splits["test"]


def playing(learner, chances, n_pulls=400, seed=0):
    rng = np.random.default_rng(seed)
    luck = rng.random((len(chances), n_pulls))
    return played(lambda _, tally: chosen(scores(learner, tally, chances), rng), chances, luck)


class TestLearners:
    def test_ucb_is_that_of_a_plain_loop(self):
        """One game at a time, by the formula; where arms are equally good, as the other chose."""
        rng = np.random.default_rng(1)
        chances = rng.random((20, 3))
        arms, wins = playing("ucb", chances, n_pulls=60)
        for its_arms, its_wins in zip(arms.tolist(), wins.tolist(), strict=True):
            pulls, won = [0, 0, 0], [0, 0, 0]
            for n, (arm, win) in enumerate(zip(its_arms, its_wins, strict=True)):
                if 0 in pulls:
                    assert pulls[arm] == 0
                else:
                    bounds = [
                        w / p + math.sqrt(2 * math.log(n) / p)
                        for w, p in zip(won, pulls, strict=True)
                    ]
                    assert bounds[arm] == pytest.approx(max(bounds))
                pulls[arm] += 1
                won[arm] += win

    @pytest.mark.parametrize(
        ("pulls", "wins", "expected"),
        [
            ([3, 1, 2], [2, 0, 1], [1.7596013915330255, 1.8930184728248454, 1.8385661990458504]),
            ([10, 4, 6], [7, 1, 5], [1.4740455120409899, 1.4738734153404083, 1.8326217924471155]),
            ([5, 5, 90], [1, 4, 60], [1.5572280848830224, 2.1572280848830223, 0.986568394145872]),
        ],
    )
    def test_ucb_holds_arms_to_be_worth_what_a_library_says(self, pulls, wins, expected):
        """`predict_expectations` of MABWiser 2.7.4's `LearningPolicy.UCB1(alpha=1)` after such pulls."""
        its = scores("ucb", Tally(np.array([pulls]), np.array([wins])), np.zeros((1, 3)))
        assert its[0].tolist() == pytest.approx(expected, rel=1e-12)

    def test_ucb_stays_below_its_bound(self):
        """Theorem 1 of Auer et al. 2002: 8 Σ ln n / Δ + (1 + π²/3) Σ Δ."""
        chances = np.tile([0.9, 0.6, 0.4], (200, 1))
        arms, _ = playing("ucb", chances)
        lost = regret.regrets(chances, arms).sum(1).mean()
        gaps = np.array([0.3, 0.5])
        bound = (8 * np.log(400) / gaps).sum() + (1 + np.pi**2 / 3) * gaps.sum()
        assert 2 < lost < bound
        random = regret.regrets(chances, playing("random", chances)[0]).sum(1).mean()
        assert random == pytest.approx(400 * gaps.sum() / 3, rel=0.03)
        assert lost < random / 3

    def test_ucb_of_certain_rewards_in_closed_form(self):
        """One that never wins is pulled again as soon as √(2 ln n / m) exceeds 1 + √(2 ln n / (n − m))."""
        arms, wins = playing("ucb", np.array([[1.0, 0.0]]), n_pulls=300)
        assert (wins == (arms == 0)).all()
        pulls_of_bad, n = 1, 2
        for arm in arms[0, 2:].tolist():
            bad = math.sqrt(2 * math.log(n) / pulls_of_bad)
            good = 1 + math.sqrt(2 * math.log(n) / (n - pulls_of_bad))
            assert (arm == 1) == (bad > good)
            pulls_of_bad, n = pulls_of_bad + (arm == 1), n + 1
        assert 5 < pulls_of_bad < 20

    def test_the_expert_and_the_greedy(self):
        chances = np.array([[0.2, 0.8], [0.7, 0.1]])
        assert playing("expert", chances)[0].mean(1).tolist() == [1, 0]
        tally = Tally(np.array([[4, 2], [0, 9]]), np.array([[3, 2], [0, 9]]))
        assert scores("greedy", tally, chances).argmax(1).tolist() == [1, 0]
        assert nothing(2, 3).means.tolist() == [[np.inf] * 3] * 2

    def test_luck_decides(self):
        arms, wins = played(
            lambda i, tally: np.array([i % 2]), np.array([[0.5, 0.9]]), np.array([[0.4, 0.89, 0.6]])
        )
        assert arms.tolist() == [[0, 1, 0]]
        assert wins.tolist() == [[1, 1, 0]]


class TestWorld:
    def test_the_settings_tell_of_the_dataset(self):
        assert isinstance(SETTINGS, TaskSettings)
        assert tuple(WORLD.splits) == SETTINGS.splits
        assert WORLD.sizes == (SETTINGS.n_tokens, SETTINGS.length)
        assert [len(its) for its in WORLD.splits.values()] == [400, 150, 150, 50, 50]
        for split in WORLD.splits.values():
            assert set(split.truth) == set(SETTINGS.truth)
            assert (split.targets == split.tokens[:, 1::2]).all()
            assert split.scored == tuple(range(0, SETTINGS.length - 1, 2))

    def test_the_game_answers_as_the_history_says(self):
        for split in WORLD.splits.values():
            for place in range(2, SETTINGS.length, 2):
                luck = split.truth["luck"][:, place]
                its = answers(
                    WORLD.n_tokens, split.truth["chances"], luck, split.tokens[:, place - 1]
                )
                assert (its == split.tokens[:, place]).all()
        no_arm = np.full(len(TEST), SETTINGS.n_arms)
        said = answers(WORLD.n_tokens, TEST.truth["chances"], np.zeros(len(TEST)), no_arm)
        assert {WORLD.vocabulary[token] for token in said} == {"lost"}

    def test_harder_games_are_harder(self):
        apart = {name: np.ptp(its.truth["chances"], axis=1) for name, its in WORLD.splits.items()}
        assert apart["harder"].max() <= 0.15 < min(apart[its].min() for its in ("train", "test"))

    def test_nulls_change_what_is_trained_alone(self):
        coin = generate(SETTINGS.model_copy(update={"rewards": "coin"}), 0)
        luck = coin.splits["train"].truth["luck"][:, 2::2]
        won = coin.splits["train"].tokens[:, 2::2] == coin.vocabulary.index("won")
        assert (won == (luck < 0.5)).all()
        assert (coin.splits["test"].tokens == TEST.tokens).all()
        shuffled = generate(SETTINGS.model_copy(update={"order": "shuffled"}), 0)
        first = shuffled.splits["train"].tokens[:, 1:8:2]
        # UCB begins with each arm once; in random order that is rare.
        assert np.mean([len({*row}) == 4 for row in TEST.tokens[:, 1:8:2].tolist()]) == 1
        assert np.mean([len({*row}) == 4 for row in first.tolist()]) < 0.4

    def test_a_thinned_history_is_of_one_who_has_pulled_more(self):
        """Each pull is what UCB1 makes with more behind it: the best arm sooner, and greed more often."""
        thin = generate(SETTINGS.model_copy(update={"every": 4}), 0).splits["test"]
        chances, luck = thin.truth["chances"], thin.truth["luck"][:, 2::2]
        arms, won = thin.tokens[:, 1::2], thin.tokens[:, 2::2] == WORLD.n_tokens - 1
        assert luck.shape == arms.shape == (150, SETTINGS.n_pulls)
        assert (won == (luck < np.take_along_axis(chances, arms, 1))).all()
        lost = [regret.regrets(its.truth["chances"], its.tokens[:, 1::2]) for its in (thin, TEST)]
        assert lost[0][:, 12:].mean() < 0.8 * lost[1][:, 12:].mean()

    def test_who_is_asked_for_the_best_arm_sees_the_same_games(self):
        best = generate(SETTINGS.model_copy(update={"asked": "best"}), 0).splits["test"]
        assert (best.tokens == TEST.tokens).all()
        assert best.scored == TEST.scored
        assert (best.targets == best.truth["chances"].argmax(1)[:, None]).all()

    def test_rewards_with_a_spread_are_normal_around_the_chance(self):
        payout = Payout(n_levels=201, spread=0.1)
        luck = np.random.default_rng(0).random(20_000)
        found = payout.of(np.full(luck.shape, 0.5), luck)
        assert found.mean() == pytest.approx(0.5, abs=0.005)
        assert found.std() == pytest.approx(0.1, rel=0.03)
        assert np.quantile(found, 0.975) == pytest.approx(0.5 + 1.96 * 0.1, abs=0.01)
        few = Payout(n_levels=5, spread=0.3).of(np.full(luck.shape, 0.9), luck)
        assert set(few.tolist()) <= {0, 0.25, 0.5, 0.75, 1}
        assert (np.diff(few[luck.argsort()]) <= 0).all()

    def test_worlds_with_a_spread_say_how_much_a_pull_brings(self):
        settings = SETTINGS.model_copy(update={"levels": 5, "spread": 0.3})
        world = generate(settings, 0)
        assert world.vocabulary[-5:] == ("r0", "r1", "r2", "r3", "r4")
        split = world.splits["test"]
        rewards = rewards_of(split.tokens, 4, world.n_tokens)
        assert set(np.unique(rewards).tolist()) == {0, 0.25, 0.5, 0.75, 1}
        arms, chances = split.tokens[:, 1::2], split.truth["chances"]
        paid = np.take_along_axis(chances, arms, 1)
        luck = split.truth["luck"][:, 2::2]
        assert (rewards == Payout(5, 0.3).of(paid, luck)).all()
        for place in range(2, settings.length, 2):
            its = answers(
                world.n_tokens, chances, split.truth["luck"][:, place], split.tokens[:, place - 1],
                spread=0.3,
            )  # fmt: skip
            assert (its == split.tokens[:, place]).all()
        lost = regret.regrets(chances, arms)
        assert lost[:, -6:].mean() < 0.85 * lost[:, :6].mean()

    def test_a_stream_is_made_of_the_settings_and_what_is_stored(self):
        stored = Dataset.from_arrays(*WORLD.to_arrays())
        made = (WORLD.streams, streams(SETTINGS, stored))
        one, other = (its["fresh"](9, np.random.default_rng(1)) for its in made)
        assert (one.tokens == other.tokens).all()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"n_pulls": 8}, "can be won and lost in 256 ways"),
            ({"validation": 0.0}, "leaves a part"),
            ({"levels": 5}, "without a spread"),
        ],
    )
    def test_settings_that_cannot_be_are_refused(self, changes, said):
        with pytest.raises(ValidationError, match=said):
            Settings.model_validate({**SETTINGS.model_dump(), **changes})


class Player:
    """A model that pulls what a function of the history says: arms and rewards so far."""

    constants = decaying = frozenset()

    def __init__(self, pull) -> None:
        self._pull = pull

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        arms = [
            self._pull(row[1::2], row[2::2]) for its in questions for row in its.tokens.tolist()
        ]
        return 50.0 * torch.nn.functional.one_hot(torch.tensor(arms), WORLD.n_tokens)


def found(pull) -> dict[tuple, float]:
    rows = regret.measure(Player(pull), {}, WORLD)
    return {(its.measure, its.split, its.component): its.value for its in rows}


class TestRegret:
    def test_of_one_arm_always(self):
        values = found(lambda arms, rewards: 2)
        chances = TEST.truth["chances"]
        expected = (chances.max(1) - chances[:, 2]).mean()
        assert values["regret", "test", None] == pytest.approx(expected)
        assert values["regret", "test", 3] == pytest.approx(expected)
        assert values["win_stay", "test", None] == 1
        assert values["lose_shift", "test", None] == 0
        assert ("as_ucb", "test", None) not in values  # it never knows all arms

    def test_of_what_is_no_arm(self):
        values = found(lambda arms, rewards: SETTINGS.n_arms)
        best = TEST.truth["chances"].max(1).mean()
        assert values["regret", "test", None] == pytest.approx(best)
        assert values["no_arm", "test", None] == 1
        assert ("win_stay", "test", None) not in values

    def test_of_win_stay_lose_shift(self):
        won = WORLD.vocabulary.index("won")

        def pull(arms, rewards):
            if not arms:
                return 0
            return arms[-1] if rewards[-1] == won else (arms[-1] + 1) % SETTINGS.n_arms

        values = found(pull)
        assert values["win_stay", "test", None] == values["lose_shift", "test", None] == 1
        assert values["ucb_regret", "test", None] < values["random_regret", "test", None]
        assert values["regret", "test", 3] < values["random_regret", "test", 3]
        chances = TEST.truth["chances"]
        expected = (chances.max(1) - chances.mean(1)).mean()
        assert values["random_regret", "test", None] == pytest.approx(expected)

    def test_a_model_that_plays_ucb_plays_the_same_games(self):
        """In rollouts it pulls what UCB1 pulls in a plain loop with the same luck; of equals the first."""
        won = WORLD.vocabulary.index("won")

        def bounds(arms: list[int], wins: list[bool]) -> list[float]:
            its = []
            for arm in range(SETTINGS.n_arms):
                n = arms.count(arm)
                w = sum(win for a, win in zip(arms, wins, strict=True) if a == arm)
                its.append(w / n + math.sqrt(2 * math.log(len(arms)) / n) if n else math.inf)
            return its

        def pull(arms, rewards):
            its = bounds(arms, [reward == won for reward in rewards])
            return its.index(max(its))

        values = found(pull)
        lost = []
        for chances, luck in zip(TEST.truth["chances"], TEST.truth["luck"][:, 2::2], strict=True):
            arms, wins = [], []
            for chance in luck:
                its = bounds(arms, wins)
                arms.append(its.index(max(its)))
                wins.append(chance < chances[arms[-1]])
            lost.append(np.mean(chances.max() - chances[arms]))
        assert values["regret", "test", None] == pytest.approx(np.mean(lost), abs=1e-12)
        assert values["as_ucb", "test", None] == 1
        assert values["ucb_regret", "test", None] == pytest.approx(np.mean(lost), abs=0.02)

    def test_the_source_plays_as_ucb_and_seldom_as_greed(self):
        arms, rewards = TEST.tokens[:, 1::2], TEST.tokens[:, 2::2]
        game = Game(arms, (rewards == WORLD.n_tokens - 1).astype(float))
        its = regret.ways(game, TEST.truth["chances"])
        assert its["as_ucb"] == 1
        assert its["as_greedy"] < 0.9
        assert its["no_arm"] == 0
        assert its["opens"] == 1
        assert its["ucb_apart"] == 1
        assert its["greedy_apart"] == 0

    def test_ways_by_hand(self):
        """Of two arms, one is pulled three times and wins twice, the other once and loses. Then the means
        are ⅔ and 0, and UCB1's bounds ⅔ + √(2 ln 4 / 3) = 1.63 and √(2 ln 4) = 1.67."""
        game = Game(np.array([[0, 1, 0, 0, 1]]), np.array([[1.0, 0, 1, 0, 0]]))
        its = regret.ways(game, np.array([[0.9, 0.1]]))
        assert (
            its["as_ucb"] == 1
        )  # of the first pull with both known, both arms are alike but for the mean
        assert its["as_greedy"] == pytest.approx(2 / 3)
        assert (its["ucb_apart"], its["greedy_apart"]) == (1, 0)
        assert its["opens"] == 1
        assert its["repeats"] == pytest.approx(1 / 4)


class TestTallyProbe:
    def test_tallies_by_hand(self):
        go, lost, won = 2, 3, 4
        tokens = np.array([[go, 0, won, 1, lost, 0, lost]])
        pulls, means = tally_probe.tallies(tokens, 2, won + 1)
        assert pulls[0].tolist() == [[1, 0], [1, 1], [2, 1]]
        assert means[0].tolist() == [[1, 0.5], [1, 0], [0.5, 0]]

    def test_it_reads_counts_where_they_are(self):
        """A state that holds the counts, and noise that holds none."""

        class Keeping(Transformer):
            def residual_stream(self, parameters, tokens):
                its, _ = tally_probe.tallies(tokens.numpy(), SETTINGS.n_arms, WORLD.n_tokens)
                kept = torch.zeros(*tokens.shape, 8)
                kept[:, 2::2, : SETTINGS.n_arms] = torch.from_numpy(its).float()
                generator = torch.Generator().manual_seed(0)
                noise = torch.randn(kept.shape, generator=generator)
                return torch.stack([noise, kept])

        model = Keeping(TransformerSettings(name="transformer"), *WORLD.sizes)
        rows = tally_probe.analyse(model, {"any": torch.zeros(1)}, WORLD, 0)
        values = {(its.measure, its.layer): its.value for its in rows}
        assert values["pulls_read", 1] > 0.99
        assert values["pulls_read", 0] < 0.05
        assert values["pulls_read_control", 1] < 0.1
        assert 0.1 < values["means_read", 1] < 0.9  # UCB pulls what wins


class Made(Run):
    """A run that was never on disk, whose model pulls the first arm."""

    dataset = WORLD
    model = Player(lambda arms, rewards: 0)

    def parameters(self, step=None):
        return {}


def test_signs_come_one_after_another():
    """Straight ways in logarithmic time; what a model did before any training doesn't count."""
    steps = np.array([0, 10, 20, 40, 80, 160, 320])
    ways = {
        "opens": [0.9, 0, 0.5, 1, 1, 1, 1], "lose_shift": [0.3, 0.2, 0.2, 0.4, 0.6, 0.6, 0.6],
        "regret": [0.5, 0.4, 0.4, 0.4, 0.3, 0.2, 0.2], "ucb_apart": [0.5, 0.2, 0.2, 0.2, 0.2, 0.5, 0.8],
    }  # fmt: skip
    rows = [
        (measure, "ucb", seed, step, value, "share", "test", np.nan)
        for measure, values in ways.items()
        for seed in (0, 1)
        for step, value in zip(steps, values, strict=True)
    ]
    columns = ["measure", "condition", "seed", "step", "value", "kind", "split", "component"]
    found = phases(on_the_way(pd.DataFrame(rows, columns=columns), "ucb"))
    means = found.set_index(["shown", "what"])["mean"]
    assert means["opens", "half"] == pytest.approx(20)
    assert means["opens", "sharpness"] == pytest.approx((30 - 15) / 20)
    assert means["lose_shift", "half"] == pytest.approx(40)
    assert means["regret", "half"] == pytest.approx(80)
    assert means["ucb_apart", "half"] == pytest.approx(160)
    assert means["ucb_apart", "later"] == pytest.approx(140)
    assert means["opens", "later"] == 0
    decay = [np.log(1 / (1 - its)) for its in (0.25, 0.5, 0.75)]
    assert (decay[2] - decay[0]) / decay[1] == pytest.approx(SHARPNESS_OF_DECAY)


def test_a_reader_plays_against_a_bandit():
    run = Made(Path("study/condition/seed_0"))
    table = played_against(run, [1.0, 0.0, 0.0, 0.0])
    assert table["pull"].tolist() == list(range(1, SETTINGS.n_pulls + 1))
    assert set(table["model"]) == {"a0 won"}
    first = table["UCB1"].tolist()[:4]
    assert {its.split()[0] for its in first} == {"a0", "a1", "a2", "a3"}
    assert table["UCB1"].tolist()[4] == "a0 won"
    with pytest.raises(ValueError, match="one for each of 4 arms, not 2"):
        played_against(run, [0.5, 0.5])
