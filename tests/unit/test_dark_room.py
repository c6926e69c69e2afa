"""Dark rooms and those who walk in them: answers known in closed form, by hand or from a plain loop."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from onset.measures.learning import returns
from onset.models import rollouts
from onset.notebook.rooms import walked_in
from onset.runs.run import Run
from onset.tasks.dataset import TaskSettings
from onset.tasks.learning.dark_room import Settings, answers, generate, room_of, walks_of
from onset.tasks.learning.rooms import MOVES, Room, walked

SMALL_WORLDS = [
    {"n_episodes": 3, "n_steps": 5, "every": 2, "n_train": 24, "n_test": 16},
    {"side": 3, "n_new_goals": 1, "n_episodes": 3, "n_steps": 6, "n_train": 12, "n_test": 8},
    {"n_episodes": 3, "n_steps": 5, "n_train": 12, "n_test": 8, "source": "random"},
    {"n_episodes": 3, "n_steps": 5, "every": 9, "n_train": 12, "n_test": 8, "shown": "learnt"},
    {"n_episodes": 3, "n_steps": 5, "n_train": 12, "n_test": 8, "order": "shuffled"},
]
"""that no two splits share an example of; measures are tried on the first"""

SETTINGS = Settings(name="dark_room", n_episodes=4, n_steps=6, every=10, n_train=120, n_test=80)
WORLD = generate(SETTINGS, 0)
TEST = WORLD.splits["test"]
ROOM = SETTINGS.room


class TestRoom:
    def test_of_three_by_three_by_hand(self):
        room = Room(3)
        assert (room.n_places, room.start) == (9, 4)
        assert room.after[4].tolist() == [1, 7, 3, 5, 4]
        assert room.after[0].tolist() == [0, 3, 0, 1, 0]
        assert room.distances.tolist() == [2, 1, 2, 1, 0, 1, 2, 1, 2]
        assert room.corners.tolist() == [0, 2, 6, 8]
        assert room.most_lit(np.array([0, 1]), 5).tolist() == [4, 5]

    def test_the_random_walk_is_the_mean_of_all_walks(self):
        room, n_steps = Room(3), 4
        lit = np.zeros(9)
        for moves in itertools.product(range(len(MOVES)), repeat=n_steps):
            here = room.start
            for move in moves:
                here = room.after[here, move]
                lit[here] += 1
        goals = np.array([0, 1, 5])
        expected = lit[goals] / len(MOVES) ** n_steps / room.most_lit(goals, n_steps)
        assert room.random_return(goals, n_steps) == pytest.approx(expected)


class TestWalkers:
    def test_one_who_learns_by_q_is_that_of_a_plain_loop(self):
        """One room at a time, by the formula; where moves are worth the same, as the other chose."""
        goals = np.array([3, 21])
        walks = walked("q", ROOM, goals, 12, 6, np.random.default_rng(0))
        n_best = 0
        for goal, moves, places in zip(goals, *(its.tolist() for its in walks), strict=True):
            worth = {(place, move): 2.0 for place in range(25) for move in range(5)}
            for its_moves, its_places in zip(moves, places, strict=True):
                here = 12
                for move, there in zip(its_moves, its_places, strict=True):
                    row, column = divmod(here, 5)
                    step = {0: (-1, 0), 1: (1, 0), 2: (0, -1), 3: (0, 1), 4: (0, 0)}[move]
                    at = [min(max(a + b, 0), 4) for a, b in zip((row, column), step, strict=True)]
                    assert there == 5 * at[0] + at[1]
                    n_best += worth[here, move] == max(worth[here, its] for its in range(5))
                    told = (there == goal) + 0.8 * max(worth[there, its] for its in range(5))
                    worth[here, move] += 0.5 * (told - worth[here, move])
                    here = there
        assert 0.9 < n_best / (2 * 12 * 6) < 1  # one in twenty moves is at random

    def test_it_learns_the_way(self):
        goals = np.repeat([1, 10, 24], 40)
        walks = walked("q", ROOM, goals, 50, 8, np.random.default_rng(0))
        found = returns.returns(walks, goals, ROOM)
        assert found[:, 0].mean() < 0.15
        assert found[:, -10:].mean() > 0.85

    def test_one_who_walks_at_random(self):
        goals = np.repeat([7, 20], 4000)
        walks = walked("random", ROOM, goals, 1, 8, np.random.default_rng(0))
        found = returns.returns(walks, goals, ROOM)[:, 0].reshape(2, -1).mean(1)
        assert found == pytest.approx(ROOM.random_return(np.array([7, 20]), 8), abs=0.01)


class TestWorld:
    def test_the_settings_tell_of_the_dataset(self):
        assert isinstance(SETTINGS, TaskSettings)
        assert tuple(WORLD.splits) == SETTINGS.splits
        assert WORLD.sizes == (SETTINGS.n_tokens, SETTINGS.length)
        assert room_of(TEST, WORLD.n_tokens) == (ROOM, 6)
        for split in WORLD.splits.values():
            assert set(split.truth) == set(SETTINGS.truth)
            after = np.array(split.scored) + 1
            assert (split.targets == split.tokens[:, after]).all()
            assert (split.tokens[:, after] < len(MOVES)).all()
            assert split.truth["written"].sum(1).tolist() == [len(after)] * len(split)

    def test_goals_that_are_new(self):
        goals = {name: set(its.truth["goal"].tolist()) for name, its in WORLD.splits.items()}
        assert goals["known"] <= goals["train"]
        assert not goals["test"] & goals["train"]
        assert goals["test_validation"] <= goals["test"]
        assert goals["corners"] == set(ROOM.corners.tolist())
        assert not goals["corners"] & (goals["train"] | goals["test"])
        assert ROOM.start not in set().union(*goals.values())

    def test_the_room_answers_as_the_history_says(self):
        for split in WORLD.splits.values():
            for place in range(1, SETTINGS.length):
                if not split.truth["written"][0, place]:
                    its = answers(ROOM, 6, split.truth["goal"], split.tokens[:, :place])
                    assert (its == split.tokens[:, place]).all()
        nothing = TEST.tokens[:, :2].copy()
        nothing[:, 1] = len(MOVES) + 3
        said = answers(ROOM, 6, TEST.truth["goal"], nothing)
        assert {WORLD.vocabulary[token] for token in said} == {"p22"}

    def test_a_history_reads_as_the_walks_that_it_tells(self):
        first = [WORLD.vocabulary[token] for token in TEST.tokens[0, :3]]
        walks = walks_of(TEST.tokens, TEST.truth["goal"], 6)
        assert first[:2] == ["go", MOVES[walks.moves[0, 0, 0]]]
        lit = walks.places == TEST.truth["goal"][:, None, None]
        told = TEST.tokens.reshape(len(TEST), 4, -1)[..., 2::2] == WORLD.vocabulary.index("light")
        assert (told == lit).all()
        by_episode = returns.returns(walks, TEST.truth["goal"], ROOM).mean(0)
        assert by_episode[-1] > by_episode[0] + 0.4

    def test_nulls_change_what_is_trained_alone(self):
        for changes in ({"order": "shuffled"}, {"shown": "learnt"}):
            other = generate(SETTINGS.model_copy(update=changes), 0)
            assert (other.splits["test"].tokens == TEST.tokens).all()
            its = other.splits["train"]
            walks = walks_of(its.tokens, its.truth["goal"], 6)
            found = returns.returns(walks, its.truth["goal"], ROOM).mean(0)
            assert found[0] > 0.4

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"side": 4}, "has no middle"),
            ({"n_steps": 3}, "the corners are 4 steps away"),
            ({"n_new_goals": 20}, "of 20 goals, none is left"),
            ({"validation": 0.0}, "leaves a part"),
        ],
    )
    def test_settings_that_cannot_be_are_refused(self, changes, said):
        with pytest.raises(ValidationError, match=said):
            Settings.model_validate({**SETTINGS.model_dump(), **changes})


class Walking:
    """A model that makes the move that a function says, given all that was said."""

    constants = decaying = frozenset()

    def __init__(self, move) -> None:
        self._move = move

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        moves = [self._move(row) for its in questions for row in its.tokens.tolist()]
        return 50.0 * torch.nn.functional.one_hot(torch.tensor(moves), WORLD.n_tokens)


def found(move) -> dict[tuple, float]:
    rows = returns.measure(Walking(move), {}, WORLD)
    return {(its.measure, its.split, its.component): its.value for its in rows}


class TestReturns:
    def test_of_one_who_stays(self):
        values = found(lambda said: MOVES.index("stay"))
        assert values["return", "test", None] == values["return", "corners", 3] == 0
        assert ("after_found", "test", None) not in values
        expected = ROOM.random_return(TEST.truth["goal"], 6).mean()
        assert values["random_return", "test", None] == pytest.approx(expected)

    def test_of_what_is_no_move(self):
        values = found(lambda said: len(MOVES))
        assert values["return", "test", None] == 0
        assert values["no_move", "test", None] == 1

    def test_of_one_who_goes_round_and_remembers(self):
        """It goes to one corner after another, and, once it has come to the light, there again."""
        ways = [(0, 0, 2, 2, 4, 4), (1, 1, 3, 3, 4, 4), (0, 0, 3, 3, 4, 4), (1, 1, 2, 2, 4, 4)]
        light, first = WORLD.vocabulary.index("light"), WORLD.n_tokens - ROOM.n_places

        def move(said: list[int]) -> int:
            episode, place = divmod(len(said), 13)
            here, lit = ROOM.start, []
            for before, token in itertools.pairwise(said):
                if token < len(MOVES):
                    continue
                here = ROOM.start if token == light - 1 else ROOM.after[here, before]
                lit += [here] if token == light else []
                assert token in (light - 1, light, first + here)
            if not lit:
                return ways[episode][(place - 1) // 2]
            aims = np.abs(np.subtract(divmod(ROOM.after[here], 5), np.array([divmod(lit[0], 5)]).T))
            return int(aims.sum(0).argmin())

        values = found(move)
        assert values["after_found", "corners", None] == 1
        its_first = WORLD.splits["corners"].truth["goal"] == 0
        assert values["return", "corners", 0] == pytest.approx(its_first.mean())
        assert values["return", "corners", 3] == 1

    def test_the_source_beside_it_is_the_learner(self):
        values = found(lambda said: 0)
        shown = [values["shown_return", "test", its] for its in range(4)]
        source = [values["source_return", "test", its] for its in range(4)]
        assert shown[-1] > source[-1] + 0.2
        walks = walks_of(TEST.tokens, TEST.truth["goal"], 6)
        expected = returns.returns(walks, TEST.truth["goal"], ROOM).mean()
        assert values["shown_return", "test", None] == pytest.approx(expected)

    def test_rooms_may_be_read_side_by_side_or_not(self, monkeypatch):
        values = found(lambda said: said[-1] % 5)
        monkeypatch.setattr(rollouts, "_AT_ONCE", 7)
        assert found(lambda said: said[-1] % 5) == values


class Made(Run):
    """A run that was never on disk, whose model goes up, then right, then stays."""

    dataset = WORLD
    model = Walking(lambda said: (0, 0, 3, 4, 4, 4)[len(said) % 13 // 2])

    def parameters(self, step=None):
        return {}


def test_a_reader_sees_a_model_walk():
    table = walked_in(Made(Path("study/condition/seed_0")), row=0, column=3)
    assert table["episode"].tolist() == [1, 2, 3, 4]
    assert set(table["walk"]) == {"p12 p02 light light light light"}
    assert table["in the light"].tolist() == [1.0] * 4
    other = walked_in(Made(Path("study/condition/seed_0")), row=1, column=2)
    assert other["walk"][0] == "light p02 p03 p03 p03 p03"
    with pytest.raises(ValueError, match="a row and a column below 5"):
        walked_in(Made(Path("study/condition/seed_0")), row=2, column=2)


def test_the_episode_after_the_first_light():
    lit = np.array([[0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]]).astype(bool)
    assert returns._after_the_first(lit).tolist() == [
        [False, True, False],
        [True, False, False],
        [False, False, False],
    ]
