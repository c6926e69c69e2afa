"""Clusters of sequences: near to their centres, none of them in two splits' places."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks import clusters

SMALL_WORLDS = [
    {"n_classes": 3, "n_centres": 2, "n_symbols": 4, "length": 6, "n_train": 60, "n_test": 40},
    {"n_classes": 2, "n_centres": 1, "n_symbols": 3, "length": 6, "n_train": 20, "n_test": 30},
]  # fmt: skip


def world(**changes):
    settings = clusters.Settings(name="clusters", **{**SMALL_WORLDS[0], **changes})
    return settings, clusters.generate(settings, 0)


def test_a_sequence_belongs_to_the_class_of_its_centre():
    settings, its = world()
    for split in its.splits.values():
        classes = split.truth["centre"] // settings.n_centres
        assert (split.targets[:, 0] == settings.n_symbols + classes).all()
        assert split.tokens.max() < settings.n_symbols
        assert split.scored == (settings.length - 1,)


def test_as_many_symbols_are_drawn_anew_as_is_said():
    settings, its = world(noise=0.4, n_train=20_000, length=8, n_symbols=4)
    train = its.splits["train"]
    for centre in range(settings.n_classes * settings.n_centres):
        rows = train.tokens[train.truth["centre"] == centre]
        usual = np.array([np.bincount(column).max() for column in rows.T]) / len(rows)
        assert usual == pytest.approx(1 - 0.4 * 3 / 4, abs=0.06)  # a new one may be the same


def test_seeds_have_other_centres():
    settings, its = world()
    other = clusters.generate(settings, 1)
    assert (its.splits["train"].tokens != other.splits["train"].tokens).any()


def test_sizes_that_leave_a_split_empty_are_refused():
    with pytest.raises(ValidationError, match="test_validation"):
        clusters.Settings(name="clusters", n_test=8)


def test_too_few_sequences_are_told():
    with pytest.raises(ValueError, match="too few sequences around the centres"):
        world(n_symbols=2, length=3)
