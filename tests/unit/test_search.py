"""Mazes and the walks through them, with answers that are known by hand or found in another way."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

from onset.tasks.dataset import Dataset, TaskSettings
from onset.tasks.reasoning import mazes, stars
from onset.tasks.reasoning.judging import Fork, judged, neighbours
from onset.tasks.reasoning.mazes import BACK, NOWHERE
from onset.tasks.reasoning.reading import judge, read
from onset.tasks.reasoning.search import Settings, generate, streams

SMALL_WORLDS = [
    {"height": 2, "width": 3, "n_train": 16, "n_test": 16},
    {"height": 2, "width": 2, "n_train": 30, "n_test": 8},
    {"height": 3, "width": 2, "n_loops": 1, "way": "best_first", "n_train": 8, "n_test": 8},
    {"height": 2, "width": 4, "way": "shortest", "n_train": 8, "n_test": 8},
    {"graph": "star", "n_arms": 2, "n_steps": 2, "n_train": 16, "n_test": 8},
    {
        "graph": "star",
        "n_arms": 2,
        "way": "shortest",
        "asked": "first_step",
        "n_train": 8,
        "n_test": 8,
    },
]
"""that no two splits share an example of; measures are tried on the first"""

WAYS = ("depth_first", "best_first", "shortest")
# 0 - 1   2
#     |   |
# 3 - 4 - 5
TREE = [(1, 0), (4, 1), (3, 4), (4, 5), (2, 5)]


def drawn(n: int = 40, n_loops: int = 0) -> np.ndarray:
    """The edges of mazes of three rows and four columns."""
    return mazes.drawn(3, 4, n_loops, n, np.random.default_rng(0))


def steps_of(edges: np.ndarray, goal: int = 5) -> np.ndarray:
    """From each cell to a goal, by a library."""
    one, other = edges.T
    graph = coo_array((np.ones(len(one)), (one, other)), shape=(12, 12))
    return shortest_path(graph, directed=False, unweighted=True)[goal]


def walk(edges: list, start: int, goal: int, way: mazes.Way, n: int = 200) -> set[tuple]:
    """All that are found in so many attempts, on a grid of two rows."""
    its = np.tile(np.array(edges), (n, 1, 1))
    ends = (np.full(n, end) for end in (start, goal))
    guess, rng = mazes.guesses(2, 3), np.random.default_rng(0)
    found = mazes.walks(mazes.next_of(its, 6), guess, *ends, way, rng)
    return {tuple(row[row != NOWHERE].tolist()) for row in found}


class TestMazes:
    @pytest.mark.parametrize("n_loops", [0, 3])
    def test_they_are_connected_parts_of_the_grid(self, n_loops):
        for edges in drawn(n_loops=n_loops):
            assert np.isfinite(steps_of(edges)).all()
            assert len({frozenset(edge) for edge in edges.tolist()}) == 11 + n_loops
            row, column = np.divmod(edges.T, 4)
            assert (abs(row[0] - row[1]) + abs(column[0] - column[1]) == 1).all()

    def test_all_trees_come(self):
        found = mazes.drawn(2, 2, 0, 400, np.random.default_rng(1))
        trees = {frozenset(map(frozenset, edges)) for edges in found.tolist()}
        assert len(trees) == 4
        orders = {tuple(map(tuple, edges)) for edges in found.tolist()}
        assert len(orders) > 150  # of 4 · 3! · 2³

    def test_distances_are_those_of_a_library(self):
        edges = drawn(n_loops=2)
        for goal in (0, 7):
            its = mazes.distances(mazes.next_of(edges, 12), np.full(40, goal))
            assert (its == [steps_of(one, goal) for one in edges]).all()

    def test_guesses_are_never_too_long(self):
        guess = mazes.guesses(3, 4)
        for edges in drawn():
            assert (guess[5] <= steps_of(edges)).all()
        assert mazes.guesses(2, 3)[5].tolist() == [3, 2, 1, 2, 1, 0]

    def test_spanning_trees_are_counted(self):
        assert mazes.trees(2, 2) == 4
        assert mazes.trees(3, 3) == 192  # OEIS A007341
        assert mazes.trees(4, 4) == 100352


class TestWalks:
    def test_by_hand(self):
        assert walk(TREE, 0, 2, "shortest") == {(1, 4, 5, 2)}
        # From 4, cell 5 is nearer to 2 than cell 3 is.
        assert walk(TREE, 0, 2, "best_first") == {(1, 4, 5, 2)}
        assert walk(TREE, 0, 2, "depth_first") == {(1, 4, 5, 2), (1, 4, 3, BACK, 4, 5, 2)}

    def test_best_first_goes_back_to_whatever_is_nearest(self):
        # 0   1 - 2
        # |       |
        # 3 - 4 - 5     from 3 to 1: cells 0 and 4 are both one step away, if there were no walls
        edges = [(0, 3), (3, 4), (4, 5), (5, 2), (2, 1)]
        assert walk(edges, 3, 1, "best_first") == {
            (0, BACK, 3, 4, 5, 2, 1),
            (4, BACK, 3, 0, BACK, 4, 5, 2, 1),
        }

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("n_loops", [0, 2])
    def test_each_is_legal_and_comes_to_the_goal(self, way, n_loops):
        edges, rng = drawn(n_loops=n_loops), np.random.default_rng(1)
        start, goal = rng.random((40, 12)).argsort(1)[:, :2].T
        guess = mazes.guesses(3, 4)
        found = mazes.walks(mazes.next_of(edges, 12), guess, start, goal, way, rng)
        for its, row, one, other in zip(edges.tolist(), found, start, goal, strict=True):
            trace = row[row != NOWHERE].tolist()
            said = judged([*map(tuple, its)], int(one), int(other), trace)
            assert said.reached
            assert said.legal == len(trace) <= mazes.longest(12)
            assert said.n_back == trace.count(BACK)
            if way == "shortest":
                assert len(trace) == steps_of(np.array(its), other)[one]
            elif way == "depth_first":
                self.goes_back_only_from_where_all_is_known([*map(tuple, its)], int(one), trace)
            else:
                self.takes_the_least_guess([*map(tuple, its)], int(one), trace, guess[other])

    def goes_back_only_from_where_all_is_known(self, edges, start, trace):
        for i in (i for i, its in enumerate(trace) if its == BACK):
            known = {start, *trace[:i]}
            assert {*neighbours(edges, trace[i - 1])} <= known
            assert {*neighbours(edges, trace[i + 1])} - known

    def takes_the_least_guess(self, edges, start, trace, guess):
        reached = [start]
        for i, its in enumerate(trace):
            if its == BACK or (i and trace[i - 1] == BACK):
                continue
            new = {c for cell in reached for c in neighbours(edges, cell)} - {*reached}
            assert guess[its] == min(guess[c] for c in new)
            reached.append(its)


class TestJudging:
    def test_by_hand(self):
        its = judged(TREE, 0, 2, [1, 4, 3, BACK, 4, 5, 2, 9, 9])
        assert (its.legal, its.reached, its.n_back) == (7, True, 1)
        assert its.forks == (Fork(3, (3, 5)),)

    @pytest.mark.parametrize(
        ("trace", "legal"),
        [
            ([4], 0),  # through a wall
            ([1, 0], 1),  # to where it has been
            ([1, BACK, 4], 2),  # back to where it hasn't been
            ([1, BACK, BACK], 2),
            ([1, 99], 1),  # no cell
            ([1, 4], 2),  # not at the goal
        ],
    )
    def test_what_no_walk_can_do(self, trace, legal):
        its = judged(TREE, 0, 2, trace)
        assert (its.legal, its.reached) == (legal, False)


class TestStars:
    def test_arms_are_told_outwards_from_the_centre(self):
        its = stars.drawn(3, 4, 50, np.random.default_rng(0))
        for edges, centre, arms in zip(*its, strict=True):
            assert sorted([centre, *arms.ravel()]) == list(range(13))
            told = {tuple(edge) for edge in edges.tolist()}
            assert told == {
                (int(one), int(other))
                for arm in arms
                for one, other in zip([centre, *arm[:-1]], arm, strict=True)
            }
        orders = {tuple(map(tuple, edges)) for edges in its.edges.tolist()}
        assert len(orders) == 50

    def test_arms_are_found_again(self):
        edges, centre, arms = stars.drawn(3, 4, 50, np.random.default_rng(1))
        found = stars.arms_of(edges, centre, 4)
        for one, other in zip(arms.tolist(), found.tolist(), strict=True):
            assert sorted(one) == sorted(other)
        first = [row[row[:, 0] == c, 1].tolist() for row, c in zip(edges, centre, strict=True)]
        assert found[:, :, 0].tolist() == first

    def test_they_are_counted(self):
        """Three nodes, two arms of a step: any of the three may be the centre."""
        assert stars.count(2, 1) == 3
        its = stars.drawn(2, 2, 3000, np.random.default_rng(2))
        kinds = {frozenset(map(tuple, edges)) for edges in its.edges.tolist()}
        assert len(kinds) == stars.count(2, 2) == 60


SETTINGS = Settings(name="search", n_train=60, n_test=40)
STAR = {"name": "search", "graph": "star", "n_arms": 2, "n_steps": 3, "n_train": 60, "n_test": 40}


class TestWorld:
    @pytest.mark.parametrize("way", WAYS)
    def test_the_settings_tell_of_the_dataset(self, way):
        settings = SETTINGS.model_copy(update={"way": way})
        its = generate(settings, 0)
        assert isinstance(settings, TaskSettings)
        assert tuple(its.splits) == settings.splits
        assert its.sizes == (settings.n_tokens, settings.length)
        assert [len(split) for split in its.splits.values()] == [60, 30, 10]
        for split in its.splits.values():
            assert set(split.truth) == set(settings.truth)
            assert (split.targets == split.tokens[:, np.array(split.scored) + 1]).all()
            assert all(judge(its.n_tokens, tokens).reached for tokens in split.tokens)

    def test_what_is_known_of_each_token(self):
        its = generate(SETTINGS, 0)
        split = its.splits["test"]
        words = np.array(its.vocabulary)[split.tokens]
        truth = split.truth
        assert (truth["back"] == (words == "<")).all()
        assert truth["back"].any()
        assert (truth["dead_end"][:, :-1] == truth["back"][:, 1:]).all()
        assert (truth["written"].sum(1) == SETTINGS.length - SETTINGS.n_given).all()
        for tokens, left, apart in zip(split.tokens, truth["left"], truth["apart"], strict=True):
            asked = read(its.n_tokens, tokens)
            following = mazes.next_of(np.array([asked.edges]), SETTINGS.n_cells)
            (distances,) = mazes.distances(following, np.array([asked.goal]))
            assert apart == distances[asked.start] >= 2
            named = np.flatnonzero(left >= 0)
            assert (left[named] == distances[tokens[named]]).all()
            assert left[named].tolist().index(0) == len(named) - 1

    def test_a_maze_is_in_one_split_however_it_is_told(self):
        its = generate(SETTINGS, 0)

        def asked(split) -> list[tuple]:
            found = []
            for tokens in split.tokens:
                edges, start, goal, _ = read(its.n_tokens, tokens)
                found.append((frozenset(map(frozenset, edges)), start, goal))
            return found

        test, validation, train = (asked(its.splits[n]) for n in reversed([*its.splits]))
        drawn = asked(its.streams["fresh"](400, np.random.default_rng(0)))
        assert not {*test} & {*validation}
        assert not ({*test} | {*validation}) & ({*train} | {*drawn})

    def test_a_star_is_walked_outwards_or_back(self):
        for backwards in (False, True):
            settings = Settings(**STAR, way="shortest", backwards=backwards, least_apart=1)
            split = generate(settings, 0).splits["train"]
            assert {*split.truth["apart"].tolist()} == {1, 2, 3}
            for tokens, arms, apart in zip(
                split.tokens, split.truth["arms"], split.truth["apart"], strict=True
            ):
                _, start, goal, walk = read(settings.n_tokens, tokens)
                centre, node = (goal, start) if backwards else (start, goal)
                (arm,) = (its.tolist() for its in arms if node in its)
                assert centre not in arms
                assert arm.index(node) == apart - 1
                way = [centre, *arm[:apart]]
                assert [start, *walk[:apart]] == (way[::-1] if backwards else way)

    def test_a_search_of_a_star_comes_back_to_its_centre(self):
        settings = Settings(**STAR, least_apart=3)
        split = generate(settings, 0).splits["train"]
        n_back = [judge(settings.n_tokens, tokens).n_back for tokens in split.tokens]
        assert {*n_back} == {0, 1}
        for tokens in split.tokens[np.array(n_back) == 1]:
            _, start, _, walk = read(settings.n_tokens, tokens)
            assert walk[3:5] == [BACK, start]
            assert len(walk) == 3 + 2 + 3 + 1

    def test_the_first_step_alone_is_asked_for(self):
        settings = Settings(**STAR, way="shortest", asked="first_step", least_apart=3)
        whole = generate(settings.model_copy(update={"asked": "walk"}), 0).splits["test"]
        alone = generate(settings, 0).splits["test"]
        assert alone.tokens.shape[1] == settings.n_given + 1
        assert (alone.tokens == whole.tokens[:, : settings.n_given + 1]).all()
        assert alone.scored == (settings.n_given - 1,)

    def test_a_stream_is_made_of_the_settings_and_what_is_stored(self):
        its = generate(SETTINGS, 0)
        stored = Dataset.from_arrays(*its.to_arrays())
        made = (its.streams, streams(SETTINGS, stored))
        one, other = (its["fresh"](9, np.random.default_rng(1)) for its in made)
        assert (one.tokens == other.tokens).all()

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"n_loops": 5}, "there are 4"),
            ({"least_apart": 5}, "no two cells of the grid are more than 4 steps apart"),
            ({"height": 2, "width": 2}, "too few mazes for n_test: at most 8"),
            ({"backwards": True, "way": "shortest"}, "a grid has no centre"),
            ({"asked": "first_step"}, "asked: that is asked of shortest paths alone"),
            ({"graph": "star", "backwards": True}, "backwards: that is asked of shortest paths"),
            ({"graph": "star", "n_loops": 1}, "a star has none"),
            ({"graph": "star", "way": "best_first"}, "nothing tells how near"),
            ({"graph": "star", "least_apart": 4}, "no two ends are more than 3"),
            ({"graph": "star", "n_arms": 2, "n_steps": 1, "least_apart": 1}, "at most 3"),
            ({"validation": 1.0}, "leaves a part"),
        ],
    )
    def test_settings_that_cannot_be_are_refused(self, changes, said):
        with pytest.raises(ValidationError, match=said):
            Settings.model_validate({**SETTINGS.model_dump(), **changes})
