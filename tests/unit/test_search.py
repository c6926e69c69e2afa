"""Mazes and the walks through them, with answers that are known by hand or found in another way."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, shortest_path

from onset.tasks.dataset import Dataset, TaskSettings
from onset.tasks.reasoning.mazes import BACK, Maze, drawn, judged, trees, walk
from onset.tasks.reasoning.search import Settings, generate, judge, read, streams

SMALL_WORLDS = [
    {"height": 2, "width": 3, "n_train": 16, "n_test": 16},
    {"height": 2, "width": 2, "n_train": 30, "n_test": 8},
    {"height": 3, "width": 2, "n_loops": 1, "way": "best_first", "n_train": 8, "n_test": 8},
    {"height": 2, "width": 4, "way": "shortest", "n_train": 8, "n_test": 8},
]
"""that no two splits share an example of; measures are tried on the first"""

WAYS = ("depth_first", "best_first", "shortest")
# 0 - 1   2
#     |   |
# 3 - 4 - 5
TREE = Maze(2, 3, ((1, 0), (4, 1), (3, 4), (4, 5), (2, 5)))


def mazes(n: int, **changes) -> list[Maze]:
    rng = np.random.default_rng(0)
    given = {"height": 3, "width": 4, "n_loops": 0, **changes}
    return [drawn(**given, rng=rng) for _ in range(n)]


def graph(maze: Maze) -> coo_array:
    one, other = np.array(maze.edges).T
    n = maze.height * maze.width
    return coo_array((np.ones(len(one)), (one, other)), shape=(n, n))


class TestMazes:
    @pytest.mark.parametrize("n_loops", [0, 3])
    def test_they_are_connected_parts_of_the_grid(self, n_loops):
        for maze in mazes(20, n_loops=n_loops):
            assert connected_components(graph(maze))[0] == 1
            assert len({frozenset(edge) for edge in maze.edges}) == 11 + n_loops
            for one, other in maze.edges:
                (row, column), (its_row, its_column) = divmod(one, 4), divmod(other, 4)
                assert abs(row - its_row) + abs(column - its_column) == 1

    def test_distances_are_those_of_a_library(self):
        for maze in mazes(10, n_loops=2):
            expected = shortest_path(graph(maze), directed=False, unweighted=True)
            assert all((maze.distances(goal) == expected[goal]).all() for goal in range(12))

    def test_guesses_are_never_too_long(self):
        for maze in mazes(10):
            left = maze.distances(5)
            assert all(maze.guess(cell, 5) <= left[cell] for cell in range(12))
        assert TREE.guess(0, 5) == 3
        assert TREE.guess(2, 5) == 1

    def test_spanning_trees_are_counted(self):
        assert trees(2, 2) == pytest.approx(4)
        assert trees(3, 3) == pytest.approx(192)  # OEIS A007341
        assert trees(4, 4) == pytest.approx(100352)


class TestWalks:
    def test_by_hand(self):
        rng = np.random.default_rng(0)
        assert walk(TREE, 0, 2, "shortest", rng) == [1, 4, 5, 2]
        # From 4, cell 5 is nearer to 2 than cell 3 is.
        assert walk(TREE, 0, 2, "best_first", rng) == [1, 4, 5, 2]
        found = {tuple(walk(TREE, 0, 2, "depth_first", rng)) for _ in range(50)}
        assert found == {(1, 4, 5, 2), (1, 4, 3, BACK, 4, 5, 2)}

    def test_best_first_jumps_to_whatever_is_nearest(self):
        # 0   1 - 2
        # |       |
        # 3 - 4 - 5     from 3 to 1: cells 0 and 4 are both one step away, if there were no walls
        maze = Maze(2, 3, ((0, 3), (3, 4), (4, 5), (5, 2), (2, 1)))
        rng = np.random.default_rng(0)
        found = {tuple(walk(maze, 3, 1, "best_first", rng)) for _ in range(50)}
        assert found == {
            (0, BACK, 3, 4, 5, 2, 1),
            (4, BACK, 3, 0, BACK, 4, 5, 2, 1),
        }

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("n_loops", [0, 2])
    def test_each_is_legal_and_comes_to_the_goal(self, way, n_loops):
        rng = np.random.default_rng(1)
        for maze in mazes(30, n_loops=n_loops):
            start, goal = rng.choice(12, 2, replace=False).tolist()
            trace = walk(maze, start, goal, way, rng)
            its = judged(maze, start, goal, trace)
            assert its.reached
            assert its.legal == len(trace)
            assert its.n_back == trace.count(BACK)
            assert len(trace) <= 3 * 11 - 2
            if way == "shortest":
                assert len(trace) == maze.distances(goal)[start]

    def test_depth_first_goes_back_only_from_where_all_is_known(self):
        rng = np.random.default_rng(2)
        for maze in mazes(30, n_loops=1):
            trace = walk(maze, 0, 11, "depth_first", rng)
            for i in (i for i, its in enumerate(trace) if its == BACK):
                known = {0, *trace[:i]}
                assert set(maze.next_to[trace[i - 1]]) <= known
                assert set(maze.next_to[trace[i + 1]]) - known

    def test_best_first_takes_the_least_guess(self):
        rng = np.random.default_rng(3)
        for maze in mazes(30):
            trace = walk(maze, 0, 11, "best_first", rng)
            reached = [0]
            for i, its in enumerate(trace):
                if its == BACK or (i and trace[i - 1] == BACK):
                    continue
                new = {c for cell in reached for c in maze.next_to[cell]} - {*reached}
                assert maze.guess(its, 11) == min(maze.guess(c, 11) for c in new)
                reached.append(its)


class TestJudging:
    def test_by_hand(self):
        its = judged(TREE, 0, 2, [1, 4, 3, BACK, 4, 5, 2, 9, 9])
        assert (its.legal, its.reached, its.n_back) == (7, True, 1)
        assert its.choices == ((3, (3, 5)),)

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


SETTINGS = Settings(name="search", n_train=60, n_test=40)


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
            assert all(judge(its.vocabulary, tokens).reached for tokens in split.tokens)

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
            maze, start, goal, _ = read(its.vocabulary, tokens)
            distances = maze.distances(goal)
            assert apart == distances[start] >= 2
            named = np.flatnonzero(left >= 0)
            assert (left[named] == distances[tokens[named]]).all()
            assert left[named].tolist().index(0) == len(named) - 1

    def test_a_maze_is_in_one_split_however_it_is_told(self):
        its = generate(SETTINGS, 0)

        def asked(split) -> list[tuple]:
            found = []
            for tokens in split.tokens:
                maze, start, goal, _ = read(its.vocabulary, tokens)
                found.append((frozenset(map(frozenset, maze.edges)), start, goal))
            return found

        test, validation, train = (asked(its.splits[n]) for n in reversed([*its.splits]))
        drawn = asked(its.streams["fresh"](400, np.random.default_rng(0)))
        assert not {*test} & {*validation}
        assert not ({*test} | {*validation}) & ({*train} | {*drawn})

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
            ({"validation": 1.0}, "leaves a part"),
        ],
    )
    def test_settings_that_cannot_be_are_refused(self, changes, said):
        with pytest.raises(ValidationError, match=said):
            Settings.model_validate({**SETTINGS.model_dump(), **changes})
