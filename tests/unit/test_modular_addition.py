"""The table of sums: every pair once, answers by arithmetic, parts as large as asked for."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.dataset import TaskSettings
from onset.tasks.modular_addition import Settings, generate

SMALL_WORLDS = [
    {"p": 13, "train_fraction": 0.6},
    {"p": 5},
    {"p": 7, "train_fraction": 0.6, "answers": "random"},
]
"""that no two splits share an example of; measures are tried on the first"""

P = 17
SETTINGS = Settings(name="modular_addition", p=P, train_fraction=0.4)
WORLD = generate(SETTINGS, seed=0)


def pairs(*names: str) -> list[tuple[int, int]]:
    tokens = np.concatenate([WORLD.splits[name].tokens for name in names])
    return sorted(map(tuple, tokens[:, :2].tolist()))


def test_the_settings_tell_of_the_dataset():
    assert isinstance(SETTINGS, TaskSettings)
    assert tuple(WORLD.splits) == SETTINGS.splits
    assert (WORLD.n_tokens, WORLD.length) == (SETTINGS.n_tokens, SETTINGS.length)


def test_every_pair_is_in_one_split():
    assert pairs(*WORLD.splits) == [(a, b) for a in range(P) for b in range(P)]


def test_the_parts_are_as_large_as_asked_for():
    held_out = P**2 - round(0.4 * P**2)
    sizes = {name: len(split) for name, split in WORLD.splits.items()}
    assert sizes["train"] == round(0.4 * P**2)
    assert sizes["test_validation"] == round(0.25 * held_out)


@pytest.mark.parametrize("name", SETTINGS.splits)
def test_answers_are_sums(name):
    split = WORLD.splits[name]
    assert (split.targets[:, 0] == split.tokens[:, :2].sum(1) % P).all()
    assert {WORLD.vocabulary[token] for token in split.tokens[:, 2]} == {"="}
    assert split.scored == (2,)


def test_random_answers_are_of_the_same_pairs_and_tell_nothing():
    null = generate(SETTINGS.model_copy(update={"answers": "random"}), seed=0)
    for name, split in null.splits.items():
        assert (split.tokens == WORLD.splits[name].tokens).all()
        assert (split.targets != WORLD.splits[name].targets).mean() > 0.8
        assert split.targets.max() < P


def test_a_seed_is_a_world():
    again, other = generate(SETTINGS, seed=0), generate(SETTINGS, seed=1)
    assert (again.splits["train"].tokens == WORLD.splits["train"].tokens).all()
    assert not (other.splits["train"].tokens == WORLD.splits["train"].tokens).all()


def test_too_small_a_table_is_refused():
    with pytest.raises(ValidationError, match="train_fraction or validation"):
        Settings(name="modular_addition", p=3)
