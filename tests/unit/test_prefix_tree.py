"""The plan that shares work between sequences: each distinct prefix once, and only what is needed."""

from __future__ import annotations

import numpy as np
import pytest

from onset.models.batch import Questions
from onset.models.transformer.prefix_tree import Application, PrefixTree

N_TOKENS = 5
Prefix = tuple[int, ...]


def questions(n: int, length: int, scored: tuple[int, ...], seed: int) -> Questions:
    """Random sequences over so few tokens that many begin alike and some are the same."""
    return Questions(np.random.default_rng(seed).integers(N_TOKENS, size=(n, length)), scored)


# name: groups of questions, and after how many applications each is read out
CASES = {
    "one group": ([questions(40, 3, (2,), 0)], [2]),
    "one application": ([questions(40, 3, (2,), 0)], [1]),
    "two lengths": ([questions(30, 2, (1,), 0), questions(40, 3, (2,), 1)], [2, 2]),
    "a depth per length": ([questions(30, 2, (1,), 0), questions(40, 3, (2,), 1)], [1, 2]),
    "the shorter deeper": ([questions(30, 2, (1,), 0), questions(40, 4, (3,), 1)], [3, 1]),
    "several scored": ([questions(30, 4, (0, 2, 3), 0), questions(9, 2, (0, 1), 1)], [2, 2]),
    "scored before the end": ([questions(30, 4, (1,), 0)], [2]),
    "a single example": ([questions(1, 3, (2,), 0)], [3]),
}


@pytest.fixture(params=CASES)
def case(request) -> tuple[list[Questions], list[int]]:
    return CASES[request.param]


def prefixes(group: Questions, ends: tuple[int, ...] | range) -> list[Prefix]:
    return [tuple(row[: end + 1]) for row in group.tokens.tolist() for end in ends]


def needed(groups: list[Questions], depths: list[int], depth: int) -> set[Prefix]:
    """The prefixes whose states after `depth` applications are read out, or attended to later."""
    found: set[Prefix] = set()
    for group, its_depth in zip(groups, depths, strict=True):
        if its_depth == depth:
            found |= set(prefixes(group, group.scored))
        elif its_depth > depth:
            found |= set(prefixes(group, range(max(group.scored) + 1)))
    return found


def prefixes_computed(tree: PrefixTree) -> list[list[Prefix]]:
    """Which prefix each row of each application is, worked out from what it attends to."""
    levels = []
    pairs = list(zip(tree.positions.tolist(), tree.tokens.tolist(), strict=True))
    for application in tree.applications:
        if not levels:
            computed = []
            for context in contexts(application):
                positions, tokens = zip(*(pairs[row] for row in context), strict=True)
                assert positions == tuple(range(len(context)))
                computed.append(tokens)
        else:
            before = levels[-1]
            computed = []
            for context in contexts(application):
                itself = before[context[-1]]
                assert [before[row] for row in context] == [
                    itself[: i + 1] for i in range(len(itself))
                ]
                computed.append(itself)
        levels.append(computed)
    return levels


def contexts(application: Application) -> list[list[int]]:
    """The rows that each node attends to, without padding; the last is the node itself."""
    padding = application.padding
    found = []
    for i, context in enumerate(application.context.tolist()):
        kept = [row for j, row in enumerate(context) if padding is None or not padding[i, j]]
        assert kept[-1] == application.rows[i]
        assert set(context) == set(kept)  # padded with itself
        found.append(kept)
    return found


def test_every_needed_prefix_is_computed_once_and_nothing_else(case):
    groups, depths = case
    levels = prefixes_computed(PrefixTree.build(groups, depths, N_TOKENS))
    assert len(levels) == max(depths)
    for depth, computed in enumerate(levels, start=1):
        assert len(computed) == len(set(computed))
        assert set(computed) == needed(groups, depths, depth)


def test_every_pair_of_token_and_position_is_embedded_once(case):
    groups, depths = case
    tree = PrefixTree.build(groups, depths, N_TOKENS)
    pairs = list(zip(tree.tokens.tolist(), tree.positions.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))
    every = {p for group in groups for p in prefixes(group, range(max(group.scored) + 1))}
    assert set(pairs) == {(prefix[-1], len(prefix) - 1) for prefix in every}


def test_what_is_read_out_are_the_scored_prefixes_in_order(case):
    groups, depths = case
    tree = PrefixTree.build(groups, depths, N_TOKENS)
    levels = prefixes_computed(tree)
    assert [depth for depth, _ in tree.readouts] == depths
    for group, (depth, rows) in zip(groups, tree.readouts, strict=True):
        assert [levels[depth - 1][row] for row in rows.tolist()] == prefixes(group, group.scored)


def test_a_small_tree_by_hand():
    """[3, 1] read after one application, [3, 1, 2] and [3, 4, 2] after two; one question twice."""
    short = Questions(np.array([[3, 1]]), (1,))
    long = Questions(np.array([[3, 1, 2], [3, 4, 2], [3, 1, 2]]), (2,))
    tree = PrefixTree.build([short, long], [1, 2], N_TOKENS)
    # Rows: 3, then 1 and 4, then 2.
    assert tree.tokens.tolist() == [3, 1, 4, 2]
    assert tree.positions.tolist() == [0, 1, 1, 2]
    first, second = tree.applications
    # All five prefixes: 3, 31, 34, 312, 342.
    assert first.rows.tolist() == [0, 1, 2, 3, 3]
    assert first.context.tolist() == [[0, 0, 0], [0, 1, 1], [0, 2, 2], [0, 1, 3], [0, 2, 3]]
    assert first.padding.tolist() == [
        [False, True, True],
        *2 * [[False, False, True]],
        *2 * [3 * [False]],
    ]
    # The last one only where it is read out.
    assert second.rows.tolist() == [3, 4]
    assert second.context.tolist() == [[0, 1, 3], [0, 2, 4]]
    assert second.padding is None
    (_, rows_short), (_, rows_long) = tree.readouts
    assert rows_short.tolist() == [1]
    assert rows_long.tolist() == [0, 1, 0]


def test_sequences_that_begin_alike_cost_less():
    """64 questions over four first and four second tokens have no more than 4 + 16 + 64 prefixes."""
    grid = np.stack(np.meshgrid(*3 * [np.arange(4)], indexing="ij"), axis=-1).reshape(64, 3)
    tree = PrefixTree.build([Questions(np.repeat(grid, 8, axis=0), (2,))], [2], N_TOKENS)
    assert [len(application.rows) for application in tree.applications] == [4 + 16 + 64, 64]
    assert len(tree.tokens) == 3 * 4
