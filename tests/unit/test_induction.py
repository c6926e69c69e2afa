"""Sequences that repeat: what was next is next again, and nothing else can be known."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.dataset import TaskSettings
from onset.tasks.induction import Settings, generate, streams
from onset.training.batches import draw

SMALL_WORLDS = [
    {"n_symbols": 12, "length": 16, "segment": [3, 6], "n_train": 16, "n_test": 16},
    {"n_symbols": 8, "length": 8, "segment": [3, 5], "n_train": 200, "n_test": 64},
    {"n_symbols": 8, "length": 12, "segment": [4, 4], "n_train": 500, "n_test": 64},
    {"n_symbols": 4, "length": 10, "segment": [2, 2], "copies": 4, "n_train": 60, "n_test": 4},
    {"n_symbols": 12, "length": 16, "segment": [3, 6], "n_train": 16, "n_test": 16},
]
"""that no two splits share an example of; measures are tried on the first"""

PERIODIC = Settings(
    name="induction", n_symbols=20, length=24, segment=(4, 9), n_train=50, n_test=40
)
COPIES = Settings(
    name="induction", n_symbols=30, length=40, segment=(6, 6), copies=3, n_train=50, n_test=40
)
BOTH = pytest.mark.parametrize("settings", [PERIODIC, COPIES], ids=["periodic", "copies"])


def follows_as_before(tokens: np.ndarray, position: int) -> bool:
    """Whether some earlier place has the same token, and the same after it."""
    here = tokens[position : position + 2]
    return any((tokens[i : i + 2] == here).all() for i in range(position))


@BOTH
def test_the_settings_tell_of_the_dataset(settings):
    world = generate(settings, seed=0)
    assert isinstance(settings, TaskSettings)
    assert tuple(world.splits) == settings.splits
    assert (world.n_tokens, world.length) == (settings.n_tokens, settings.length)
    assert set(settings.trained) == {"train", *world.streams}
    assert len(world.splits["train"]) == 50
    assert len(world.splits["test"]) == 40


@BOTH
def test_targets_are_the_next_tokens(settings):
    for split in generate(settings, seed=0).splits.values():
        for column, position in enumerate(split.scored):
            assert (split.targets[:, column] == split.tokens[:, position + 1]).all()


@BOTH
def test_repeats_are_scored_where_all_has_been_seen_before(settings):
    split = generate(settings, seed=0).splits["repeats"]
    for tokens in split.tokens:
        assert all(follows_as_before(tokens, position) for position in split.scored)


def test_periods_are_as_long_as_asked_for_and_of_different_tokens():
    found = set()
    for tokens in generate(PERIODIC, seed=0).splits["train"].tokens:
        period = next(n for n in range(1, 24) if (tokens[n:] == tokens[:-n]).all())
        assert len(set(tokens[:period].tolist())) == period
        found.add(period)
    assert found == set(range(4, 10))


def test_copies_stand_at_random_places():
    starts = []
    for tokens in generate(COPIES, seed=0).splits["train"].tokens:
        windows = np.lib.stride_tricks.sliding_window_view(tokens, 6)
        same = (windows[:, None] == windows).all(-1).sum(1)
        its = np.flatnonzero(same >= 3)
        assert len(its) >= 3
        starts.append(its[0])
    assert len(set(starts)) > 5


def test_a_stream_is_new_at_every_step_and_the_same_at_each():
    world = generate(PERIODIC, seed=0)
    one, same, next_one = (draw(world, {"fresh": 8}, seed=1, step=step) for step in (3, 3, 4))
    tokens = [batch.questions[0].tokens for batch in (one, same, next_one)]
    assert (tokens[0] == tokens[1]).all()
    assert not (tokens[0] == tokens[2]).all()
    assert one.questions[0].scored == tuple(range(23))


def test_a_stream_is_made_of_the_settings_alone():
    rng = [np.random.Generator(np.random.Philox(5)) for _ in range(2)]
    one = generate(COPIES, seed=0).streams["fresh"](4, rng[0])
    other = streams(COPIES, generate(COPIES, 0))["fresh"](4, rng[1])
    assert (one.tokens == other.tokens).all()


def test_a_seed_is_a_world():
    one, same, other = (generate(PERIODIC, seed).splits["train"].tokens for seed in (0, 0, 1))
    assert (one == same).all()
    assert not (one == other).all()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"segment": (9, 4)}, "2 ≤ shortest ≤ longest"),
        ({"segment": (4, 21)}, "2 ≤ shortest ≤ longest"),
        ({"segment": (4, 23), "n_symbols": 40}, "never comes again"),
        ({"copies": 3}, "the same number twice"),
        ({"copies": 4, "segment": (7, 7)}, "don't fit"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate({**PERIODIC.model_dump(), **changes})
