"""Signs to be passed on: what stands in the first place, in all combinations."""

from __future__ import annotations

import numpy as np

from onset.tasks import passed_on

SMALL_WORLDS = [
    {"n_signs": 2},
    {"n_signs": 2, "n_places": 3, "copies": 2},
]


def test_signs_of_the_first_place_are_uncorrelated_and_asked_for():
    settings = passed_on.Settings(name="passed_on", n_signs=3, n_places=2, copies=4)
    for split in passed_on.generate(settings, 0).splits.values():
        assert split.inputs.shape == (32, 6)
        assert (split.targets == split.inputs[:, :3]).all()
        assert np.array_equal(split.targets.T @ split.targets / 32, np.eye(3))


def test_only_other_places_differ_between_seeds_and_splits():
    settings = passed_on.Settings(name="passed_on", n_signs=3, n_places=2)
    one, other = (passed_on.generate(settings, seed).splits for seed in (0, 1))
    for split in ("train", "test"):
        assert (one[split].targets == other[split].targets).all()
        assert (one[split].inputs != other[split].inputs).any()
    assert (one["train"].inputs != one["test"].inputs).any()
