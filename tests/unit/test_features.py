"""Vectors of known features: how often, how large, and what depends on what."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.runs.artefacts import read_dataset, write_dataset
from onset.store.layout import RunFolder
from onset.store.origin import Origin
from onset.tasks.features import NO_PARENT, Settings, World, conditional, generate, streams
from onset.training.batches import draw

SMALL_WORLDS = [
    {
        "n_features": 40,
        "n_dimensions": 16,
        "active": 2.0,
        "n_parents": 4,
        "n_children": 2,
        "n_test": 512,
    },
    {"n_features": 6, "n_dimensions": 3, "active": 2.0, "n_parents": 1, "n_test": 512},
    {"n_features": 1, "n_dimensions": 1, "active": 0.5, "n_parents": 0, "n_test": 64},
]
"""that no two splits share an example of; measures are tried on the first"""

SMALL = {"n_features": 40, "n_dimensions": 12, "active": 3.0, "n_parents": 4, "n_children": 3}


def settings(**changes) -> Settings:
    return Settings(**{"name": "features", **SMALL, "n_test": 8000, **changes})


def drawn(**changes):
    dataset = generate(settings(**changes), 0)
    return dataset, dataset.splits["test"].truth["amounts"] > 0


def close(share: np.ndarray, wanted: np.ndarray, n: int) -> bool:
    """Within five standard errors."""
    return bool((np.abs(share - wanted) <= 5 * np.sqrt(wanted * (1 - wanted) / n) + 1e-9).all())


@pytest.mark.parametrize("hierarchy", [0.0, 0.5, 1.0])
def test_features_are_as_frequent_as_said_whatever_hangs_on_what(hierarchy):
    dataset, active = drawn(hierarchy=hierarchy)
    assert close(active.mean(0), dataset.truth["frequencies"], len(active))
    assert dataset.truth["frequencies"].sum() == pytest.approx(3.0)


def test_examples_are_sums_of_what_is_in_them():
    dataset, active = drawn()
    split, truth = dataset.splits["test"], dataset.truth
    amounts = split.truth["amounts"].astype("f4")
    np.testing.assert_allclose(split.inputs, amounts @ truth["directions"], atol=5e-3)
    np.testing.assert_allclose(np.linalg.norm(truth["directions"], axis=1), 1, rtol=1e-5)
    scale = (amounts / truth["magnitudes"])[active]
    assert 0.499 < scale.min() < 0.52
    assert 1.48 < scale.max() < 1.501


def test_children_are_active_with_their_parents_alone():
    dataset, active = drawn(hierarchy=1.0)
    parents = dataset.truth["parents"]
    children = np.flatnonzero(parents != NO_PARENT)
    assert len(children) == 12
    assert set(parents[children]) == {0, 1, 2, 3}
    assert not (active[:, children] & ~active[:, parents[children]]).any()
    assert active[:, children].any(0).all()


def test_without_a_hierarchy_children_know_nothing_of_their_parents():
    dataset, active = drawn(hierarchy=0.0)
    parents, frequencies = dataset.truth["parents"], dataset.truth["frequencies"]
    for child in np.flatnonzero(parents != NO_PARENT):
        there = active[active[:, parents[child]], child]
        assert close(there.mean(), frequencies[child], len(there))


def test_probabilities_given_the_parent_make_the_frequency():
    world = World(**generate(settings(), 0).truth)
    of_parent = np.where(world.parents == NO_PARENT, 0.5, world.frequencies[world.parents])
    for hierarchy in (0.0, 0.3, 1.0):
        with_parent, without = conditional(world, hierarchy)
        mean = of_parent * with_parent + (1 - of_parent) * without
        np.testing.assert_allclose(mean, world.frequencies)


def test_features_of_a_group_are_active_together():
    together = {}
    for correlation in (0.0, 0.6):
        dataset, active = drawn(correlation=correlation, hierarchy=0.0, group=5)
        groups = dataset.truth["groups"]
        frequencies = dataset.truth["frequencies"]
        assert close(active.mean(0), frequencies, len(active))
        pairs = [
            (active[:, i] & active[:, j]).mean() / (frequencies[i] * frequencies[j])
            for i in range(40)
            for j in range(i)
            if groups[i] == groups[j]
        ]
        together[correlation] = np.mean(pairs)
    assert together[0.0] == pytest.approx(1, abs=0.15)
    assert together[0.6] > 3


def test_a_stored_world_is_drawn_from_again(tmp_path):
    its = settings(n_test=16)
    world = generate(its, 3)
    folder = RunFolder(tmp_path / "study/condition/seed_3")
    write_dataset(folder, world, its.model_dump(mode="json"), Origin(folder.run, "a", "b"))
    found = read_dataset(folder, streams=True)
    ours, theirs = (draw(each, {"train": 9}, 3, 7).inputs for each in (world, found))
    np.testing.assert_array_equal(ours, theirs)
    other = streams(its, generate(its, 4))["train"](9, np.random.default_rng(0))
    assert not np.array_equal(other.inputs, ours)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"active": 35.0}, "active in"),
        ({"zipf_exponent": 400.0}, "less frequent than can be computed with"),
        ({"zipf_exponent": 1e6, "zipf_shift": 0.0, "active": 0.5}, "less frequent than can be"),
        ({"n_parents": 20}, "more than 40 features"),
        ({"magnitude_spread": 0.5}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        settings(**changes)
