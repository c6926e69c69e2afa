"""Analyses and comparisons of the study `assumptions`, where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.dictionaries import found_directions, more_than_dimensions
from onset.analyses.residual import cycles
from onset.comparisons.dictionaries.sparsity_as_proxy import compare as ranked
from onset.comparisons.residual.drift import _between
from onset.models.dictionary.model import build
from onset.models.dictionary.settings import Settings as Dictionaries
from onset.tasks import features
from onset.tasks.vectors import VectorDataset, VectorSplit
from tests.members import made

SPARSE = {"n_parents": 0, "n_children": 0, "hierarchy": 0.0}


def dictionary(directions: np.ndarray, n: int = 1):
    """A model whose latents read and write along these directions, n times."""
    n_latents, n_dimensions = directions.shape
    settings = Dictionaries(
        name="dictionary", kind="topk", n_latents=n_latents, sparsities=tuple(range(2, 2 + n))
    )
    decoder = torch.from_numpy(directions)[None].repeat(n, 1, 1)
    parameters = {
        "decoder.weight": decoder,
        "decoder.bias": torch.zeros(n, n_dimensions),
        "encoder.weight": decoder.mT.clone(),
        "encoder.bias": torch.zeros(n, n_latents),
    }
    return build(settings, n_dimensions, n_dimensions), parameters


ANY = dictionary(np.eye(4, dtype="f4"))
"""what isn't looked at"""


def world(seed: int = 0, **settings) -> VectorDataset:
    its = {"n_features": 12, "n_dimensions": 8, "active": 4.0, "n_test": 6000, **SPARSE, **settings}
    return features.generate(features.Settings(name="features", **its), seed)


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, int], float]:
    its = world(correlation=0.0)
    model, parameters = dictionary(its.truth["directions"])
    rows = found_directions.analyse(model, parameters, its, seed=0)
    return {(row.measure, row.component): row.value for row in rows}


def test_a_difference_of_means_goes_to_the_truth_with_labels(found):
    cosines = [found["true_by_means", n] for n in found_directions.N_LABELS]
    assert cosines[0] < cosines[-1]
    assert cosines[-1] > 0.95


def test_the_truth_is_the_truth_and_a_random_direction_tells_nothing(found):
    assert found["true_by_truth", 16] == pytest.approx(1)
    assert abs(found["true_by_random", 1024]) < 0.5
    assert abs(found["read_by_random", 1024] - 0.5) < 0.2
    assert found["aside_by_random", 1024] > found["aside_by_truth", 1024]


def test_features_that_go_together_mislead_a_difference_of_means():
    its = world(correlation=0.8, n_features=16, n_dimensions=16)
    model, parameters = dictionary(its.truth["directions"])
    rows = found_directions.analyse(model, parameters, its, seed=0)
    together = {(row.measure, row.component): row.value for row in rows}
    assert together["true_by_means", 1024] < 0.9


def test_twice_as_many_directions_help_where_there_are_more_features():
    gained = {}
    for name, n, seed in (("many", 60, 0), ("normal", 0, 1)):
        if n:
            its = world(seed, n_features=n, n_dimensions=16, active=1.5, n_test=1800)
        else:
            states = np.random.default_rng(0).standard_normal((1800, 16)).astype("f4")
            its = VectorDataset({"test": VectorSplit(states)})
        model, parameters = dictionary(np.eye(16, dtype="f4"))
        rows = more_than_dimensions.analyse(model, parameters, its, seed=0)
        gained[name] = {row.measure: row.value for row in rows}
    assert gained["many"]["gained_beyond"] > 0.02
    assert abs(gained["normal"]["gained_beyond"]) < 0.02
    for its in gained.values():
        assert its["gained_beyond"] == pytest.approx(its["gained"] - its["gained_by_normal"])


@pytest.mark.parametrize(("written", "least", "most"), [("circle", 0.9, 1), ("any", -1, 0.6)])
def test_a_circle_is_read_where_there_is_one(written, least, most):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 17, 1200)
    places = rng.standard_normal((17, 12)) if written == "any" else np.zeros((17, 12))
    if written == "circle":
        angles = 2 * np.pi * 3 * np.arange(17) / 17
        places[:, :2] = np.stack([np.cos(angles), np.sin(angles)], 1)
    states = (places[values] + 0.05 * rng.standard_normal((1200, 12))).astype("f4")
    splits = {
        "train": VectorSplit(states[:900], truth={"sum": values[:900]}),
        "test": VectorSplit(states[900:], truth={"sum": values[900:]}),
    }
    found = {its.measure: its.value for its in cycles.analyse(*ANY, VectorDataset(splits), 0)}
    if written == "circle":
        assert least < found["circle_of_sum"] <= most
        assert found["shuffled_circle_of_sum"] < 0.5
        assert found["line_of_sum"] < 0.3
    else:
        # In no order, a circle in order is read no better than one in another.
        assert abs(found["circle_of_sum"] - found["shuffled_circle_of_sum"]) < 0.3


def test_facts_of_few_values_are_no_cycles():
    splits = {
        name: VectorSplit(np.zeros((8, 4), "f4"), truth={"sex": np.arange(8) % 2})
        for name in ("train", "test")
    }
    assert not list(cycles.analyse(*ANY, VectorDataset(splits), 0))


def test_one_linear_map_is_told_from_one_for_each_token():
    rng = np.random.default_rng(0)
    one = rng.standard_normal((80, 10))
    turn = np.linalg.qr(rng.standard_normal((10, 10)))[0]
    mapped, scaled, any_way = (
        _between(one, other, np.random.default_rng(1))
        for other in (one @ turn, 2 * one, rng.standard_normal((80, 10)))
    )
    assert mapped["mapped"] > 0.99
    assert mapped["scaled"] < 0.2
    assert mapped["mapped_by_chance"] < 0.2
    assert scaled["scaled"] == pytest.approx(1)
    assert scaled["kept"] == pytest.approx(1)
    assert any_way["mapped"] < 0.2


def test_dictionaries_are_ranked_by_sparsity_and_by_what_they_are_for():
    its = world(active=2.0)
    model, parameters = dictionary(its.truth["directions"], n=3)
    rows = list(ranked([made(model, {1: parameters}, its)]))
    found = {row.found.measure: row.found.value for row in rows}
    # All have the true features, so that sparsity goes with nothing there.
    assert found["with_sparsity_recovered"] == 0
    assert found["with_explained_recovered"] == 0
    assert -1 <= found["with_sparsity_useful"] <= 1
    assert {"best_l0_clean", "held_with_sparsity_shuffled"} <= set(found)
