"""Features in narrow layers: worlds, networks and measures against answers known beforehand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from torch.testing import assert_close

from onset.figures.superposition import plot_dimensionality, plot_phases_of
from onset.measures.superposition import features, geometry, instances, one_by_one
from onset.measures.superposition.two_features import (
    PHASES,
    best,
    boundary,
    candidates,
    expected_loss,
    phase_of,
)
from onset.models.bottleneck import planning
from onset.models.bottleneck import settings as bottleneck
from onset.models.bottleneck.model import Bottleneck
from onset.statistics import feature_swaps
from onset.tasks import superposition
from onset.tasks.vectors import VectorDataset
from onset.training.batches import draw, full
from onset.training.loop import train
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

SMALL_WORLDS = [
    {"densities": [0.5, 0.1], "restarts": 2, "n_test": 64},
    *(
        {"n_features": 2, "densities": [0.5, 1.0], "n_test": 64, "target": target}
        for target in ("identity", "absolute", "and")
    ),
]
"""that no two splits share an example of; measures are tried on the first"""


def task(**changes) -> superposition.Settings:
    given = {"n_features": 3, "densities": [1.0, 0.25], "importances": [0.5, 2.0], "n_test": 4000}
    return superposition.Settings(name="superposition", **{**given, **changes})


def network(d_in: int, d_out: int | None = None, **changes) -> Bottleneck:
    given = {"n_inputs": 3, "d_hidden": 2}
    settings = bottleneck.Settings(name="bottleneck", **{**given, **changes})
    return Bottleneck(settings, d_in, d_out or d_in)


def doubles(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


class TestWorld:
    def test_the_grid_goes_density_by_density_with_all_restarts(self):
        grid = task(restarts=2).grid
        assert grid[:4] == [(1.0, 0.5), (1.0, 0.5), (1.0, 2.0), (1.0, 2.0)]
        assert len(grid) == 8
        assert task(restarts=2).d_in == 24

    def test_features_are_there_as_often_as_they_should_and_then_uniform(self):
        its = task(n_test=20000)
        world = superposition.generate(its, 0)
        x = world.splits["test"].inputs.reshape(20000, 4, 3)
        for (density, _), values in zip(its.grid, x.transpose(1, 0, 2), strict=True):
            assert (values > 0).mean() == pytest.approx(density, abs=0.01)
            there = values[values > 0]
            assert there.max() <= 1
            # Mean and variance of what is uniform between 0 and 1.
            assert there.mean() == pytest.approx(1 / 2, abs=0.01)
            assert there.var() == pytest.approx(1 / 12, abs=0.005)
        # Features are independent of each other, in an instance and across them.
        correlation = np.corrcoef(x.reshape(20000, -1).T) - np.eye(12)
        assert np.abs(correlation).max() < 0.04

    def test_importance_falls_by_its_factor_from_feature_to_feature(self):
        weights = superposition.generate(task(), 0).weights.reshape(4, 3)
        np.testing.assert_allclose(weights[:2], [[1, 0.5, 0.25], [1, 2, 4]])

    def test_absolute_values(self):
        split = superposition.generate(task(target="absolute", n_test=20000), 0).splits["test"]
        np.testing.assert_array_equal(split.targets, np.abs(split.inputs))
        assert split.inputs.min() < -0.99
        there = split.inputs[split.inputs != 0]
        assert there.mean() == pytest.approx(0, abs=0.01)
        assert there.var() == pytest.approx(1 / 3, abs=0.01)
        assert (split.inputs[:, 6:] != 0).mean() == pytest.approx(0.25, abs=0.01)

    def test_both_of_each_pair(self):
        its = task(target="and")
        split = superposition.generate(its, 0).splits["test"]
        x = split.inputs.reshape(-1, 4, 3)
        assert set(np.unique(x)) == {0, 1}
        assert its.pairs == [(1, 0), (2, 0), (2, 1)]
        both = np.stack([x[..., i] * x[..., j] for i, j in its.pairs], -1)
        np.testing.assert_array_equal(split.targets.reshape(-1, 4, 3), both)

    def test_a_stream_draws_every_batch_anew_and_again_the_same(self):
        world = superposition.generate(task(), 0)
        one, two, again = (draw(world, {"fresh": 8}, 0, step) for step in (1, 2, 1))
        assert_close(one.inputs, again.inputs, rtol=0, atol=0)
        assert not torch.equal(one.inputs, two.inputs)

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"densities": [0.5, 1e-30]}, "with 1e-30 no feature would ever be drawn"),
            ({"importances": [1.0, 1e15], "n_features": 10}, r"1e\+15 to the power of 9"),
            ({"importances": [1e4], "n_features": 4, "target": "and"}, "at most 6.21e"),
        ],
    )
    def test_what_single_precision_does_not_hold_is_refused(self, wrong, said):
        with pytest.raises(ValidationError, match=said):
            task(**wrong)

    def test_the_rarest_and_the_heaviest_are_still_finite(self):
        its = task(densities=[2.0**-23], importances=[2.0**31], n_test=2**14)
        world = superposition.generate(its, 0)
        assert np.isfinite(world.splits["test"].inputs).all()
        assert np.isfinite(np.square(world.weights)).all()

    @pytest.mark.parametrize("wrong", [{"densities": [0.0]}, {"densities": []}, {"n_features": 1}])
    def test_what_makes_no_world_is_refused(self, wrong):
        with pytest.raises(ValidationError):
            task(**wrong)


class TestNetwork:
    WORLD = superposition.generate(task(n_test=50), 0)

    def test_each_instance_is_the_formula_on_its_own_entries(self):
        model, batch = network(12), full(self.WORLD, "test")
        parameters = model.initial_parameters(0)
        parameters["decode.bias"].normal_()
        losses = model.losses(parameters, batch)
        for n in range(4):
            w, b = parameters["encode.weight"][n], parameters["decode.bias"][n, :, 0]
            x = batch.inputs[:, 3 * n : 3 * n + 3]
            said = torch.relu(x @ w.T @ w + b)
            weights = batch.weights[3 * n : 3 * n + 3]
            assert_close(losses[n], ((said - x).square() * weights).sum(1).mean())
        assert_close(model.loss(parameters, batch), losses.sum())

    def test_untied_it_is_an_mlp(self):
        world = superposition.generate(task(target="and", n_test=50), 0)
        model = network(12, 12, tied=False, hidden_activation="relu", output_activation="none")
        parameters, batch = model.initial_parameters(0), full(world, "test")
        parameters["encode.bias"].normal_()
        w, c = parameters["encode.weight"][1], parameters["encode.bias"][1, :, 0]
        said = torch.relu(batch.inputs[:, 3:6] @ w.T + c) @ parameters["decode.weight"][1].T
        ours = model.outputs(parameters, model.by_instance(batch.inputs))[1].T
        assert_close(ours, said + parameters["decode.bias"][1, :, 0])

    def test_instances_are_trained_as_each_would_be_alone(self):
        """On the same examples: Adam on a sum of losses is Adam on each."""
        model, alone = network(12), network(3)
        start = model.initial_parameters(0)
        settings = TrainingSettings(
            steps=20, batch_size=16, mixture={"test": 1.0}, learning_rate=0.01
        )
        x, weights = self.WORLD.splits["test"].inputs, self.WORLD.weights
        end = _trained(model, self.WORLD, settings, start)
        for n in range(4):
            own = slice(3 * n, 3 * n + 3)
            split = type(self.WORLD.splits["test"])(x[:, own])
            world = VectorDataset({"test": split}, weights[own])
            its = _trained(alone, world, settings, {k: p[n : n + 1] for k, p in start.items()})
            for name, parameter in its.items():
                assert_close(end[name][n : n + 1], parameter, rtol=1e-3, atol=1e-5)

    def test_weights_start_as_glorot_says(self):
        model = network(3 * 4000)
        weight = model.initial_parameters(1)["encode.weight"]
        assert weight.std().item() == pytest.approx((2 / 5) ** 0.5, rel=0.02)
        assert not model.initial_parameters(1)["decode.bias"].any()
        scaled = network(3 * 4000, weight_scale=0.1).initial_parameters(1)["encode.weight"]
        assert_close(scaled, 0.1 * weight)

    @pytest.mark.parametrize(
        ("changes", "sizes", "says"),
        [
            ({}, (12, 12), None),
            ({"n_inputs": 5}, (12, 12), "must divide"),
            ({}, (12, 8), "tied weights give back"),
            ({"tied": False}, (12, 8), None),
            ({"tied": False}, (12, 7), "must divide"),
        ],
    )
    def test_what_does_not_fit_is_said(self, changes, sizes, says):
        found = planning.problems(network(12, **changes).settings, *sizes)
        assert (says in found[0]) if says else (found == [])


def _trained(model, world, settings, start) -> dict[str, torch.Tensor]:
    end = train(model, world, settings, (), 0, TrainingState(0, start), lambda state: None)
    return {name: p.detach() for name, p in end.parameters.items()}


def turned(corners: np.ndarray, dimensions: int, seed: int = 0) -> np.ndarray:
    """In more dimensions, rotated or reflected, in another order."""
    rng = np.random.default_rng(seed)
    there = np.zeros((len(corners), dimensions))
    there[:, : corners.shape[1]] = corners
    rotation = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))[0]
    return rng.permutation(there) @ rotation


def ideal(figure: str) -> np.ndarray:
    found = geometry.corners_of(figure)
    return found[len(found) // 2]


class TestDimensionality:
    @pytest.mark.parametrize(("figure", "fraction"), geometry.FIGURES.items())
    def test_corners_of_regular_figures_have_their_fraction(self, figure, fraction):
        """Dimensions over corners, where the frame is tight; of the antiprism that needs its height."""
        corners = ideal(figure)
        if figure == "square_antiprism":
            corners = next(
                its for its in geometry.corners_of(figure) if abs(its[0, 2] - 0.55) < 0.03
            )
        weights = torch.from_numpy(turned(corners, 4)).T[None]
        its = features.held(weights)
        assert_close(its.feature_norm, torch.ones_like(its.feature_norm))
        tolerance = 0.01 if figure == "square_antiprism" else 1e-6
        assert_close(its.dimensionality, torch.full_like(its.dimensionality, fraction),
                     rtol=0, atol=tolerance)  # fmt: skip
        wanted = 1 / its.dimensionality - 1
        assert_close(its.interference, wanted)

    def test_a_pair_of_unequal_length(self):
        its = features.held(torch.tensor([[[2.0, -1.0]]]))
        # 4 / (4 + 1) and 1 / (1 + 4); on each other's direction 1 and 4.
        assert_close(its.dimensionality, torch.tensor([[0.8, 0.2]]))
        assert_close(its.interference, torch.tensor([[1.0, 4.0]]))

    def test_what_is_not_there_has_none(self):
        its = features.held(torch.tensor([[[1.0, 0.0]]]))
        assert_close(its.dimensionality, torch.tensor([[1.0, 0.0]]))

    def test_dimensionalities_sum_to_the_dimensions_of_a_tight_frame(self):
        three = np.concatenate([ideal("pentagon") @ np.eye(2, 3), [[0, 0, 1], [0, 0, -1]]])
        its = features.held(torch.from_numpy(three).T[None])
        assert its.dimensionality.sum().item() == pytest.approx(3)


class TestFigures:
    @pytest.mark.parametrize("figure", geometry.FIGURES)
    @pytest.mark.parametrize("seed", range(3))
    def test_are_known_however_they_lie(self, figure, seed):
        corners = turned(ideal(figure), 5, seed)
        lengths = np.random.default_rng(seed).uniform(0.7, 1.2, (len(corners), 1))
        assert geometry.figures(corners * lengths) == [figure] * len(corners)

    def test_beside_each_other(self):
        pentagon = np.pad(ideal("pentagon"), ((0, 0), (0, 2)))
        digon = np.array([[0, 0, 1, 0], [0, 0, -1, 0]])
        alone, weak = np.array([[0, 0, 0, 0.9]]), np.array([[0.2, 0.1, 0.1, 0.1]])
        found = geometry.figures(np.concatenate([pentagon, digon, alone, weak]))
        assert found == ["pentagon"] * 5 + ["digon"] * 2 + ["dedicated"] + ["ignored"]

    def test_an_octahedron_is_three_pairs(self):
        assert geometry.figures(np.concatenate([np.eye(3), -np.eye(3)])) == ["digon"] * 6

    @pytest.mark.parametrize(
        "vectors",
        [
            [[1.0, 0.0], [1.0, 0.0]],
            [[1.0, 0.0], [0.7, 0.7]],
            [[1.0, 0.0], [-0.5, 0.87], [-0.5, 0.86]],
            [[np.cos(a), np.sin(a)] for a in 2 * np.pi * np.arange(6) / 6],
        ],
        ids=["twice the same", "at an angle", "a triangle folded", "a hexagon"],
    )
    def test_others_are_others(self, vectors):
        assert set(geometry.figures(np.array(vectors))) == {"other"}

    def test_hardly_any_by_chance(self):
        """Two directions in a plane are opposite to a tenth with probability 2 arccos(.9) / 2π."""
        assert geometry.by_chance("digon", 2, 3000) == pytest.approx(
            np.arccos(0.9) / np.pi, abs=0.02
        )
        for figure in ("pentagon", "tetrahedron", "square_antiprism"):
            assert geometry.by_chance(figure, 3, 500) < 0.02

    def test_the_measure_counts_and_turns(self):
        weights = torch.from_numpy(turned(ideal("pentagon"), 2)).T[None].float()
        model = network(5, n_inputs=5)
        found = list(geometry.measure(model, {"encode.weight": weights}, TestNetwork.WORLD))
        values = {its.measure: its.value for its in found}
        assert values["in_pentagon"] == 5
        assert sum(v for n, v in values.items() if n.startswith("in_")) == 5
        assert sum(v for n, v in values.items() if n.startswith("random_in_")) == 5


P, R = doubles(1.0, 0.5, 0.1, 0.02), doubles(0.3, 1.0, 3.0, 0.5)


class TestTwoFeatures:
    def test_closed_forms_are_the_exact_losses_of_the_candidates(self):
        one, none, mean = torch.ones_like(P), torch.zeros_like(P), P / 2
        solutions = [
            ((one, none), (none, mean)),
            ((none, one), (mean, none)),
            ((one, -one), (none, none)),
        ]
        for (w, b), closed in zip(solutions, candidates(P, R), strict=True):
            exact = expected_loss(torch.stack(w, -1), torch.stack(b, -1), P, R)
            assert_close(exact, closed, rtol=1e-12, atol=1e-14)

    @pytest.mark.parametrize("relu", [True, False])
    @pytest.mark.parametrize(
        ("w", "b"),
        [((0.8, -0.6), (-0.1, 0.2)), ((0.5, 0.9), (0.1, -0.3)), ((1.2, 0.0), (0.0, 0.4))],
    )
    def test_exact_losses_are_what_sampling_finds(self, w, b, relu):
        rng = np.random.default_rng(0)
        x = rng.random((1_000_000, 2)) * (rng.random((1_000_000, 2)) < 0.4)
        said = (x @ w)[:, None] * np.array(w) + b
        error = (x - (np.maximum(said, 0) if relu else said)) ** 2
        exact = expected_loss(doubles(*w), doubles(*b), torch.tensor(0.4), torch.tensor(0.7), relu)
        assert exact.item() == pytest.approx(error @ [1, 0.7] @ np.ones(len(x)) / len(x), rel=0.01)

    def test_at_the_border_two_candidates_cost_the_same(self):
        importance = doubles(0.1, 0.5, 1.0, 2.0, 10.0)
        its = candidates(boundary(importance), importance)
        assert_close(its.superposed, torch.minimum(its.ignored, its.dedicated))
        assert boundary(doubles(1.0)).item() == pytest.approx(4 / 7)

    def test_the_best_is_no_worse_than_any_candidate_and_is_what_it_says(self):
        w, b, loss = best(P, R)
        assert (loss <= torch.stack(candidates(P, R)).amin(0) * 1.02).all()
        assert_close(expected_loss(w, b, P, R), loss)
        assert phase_of(w) == ["ignored", "superposed", "superposed", "superposed"]

    def test_phases_are_of_the_second_feature(self):
        w = doubles(1.0, 0.1, 0.1, -0.9, 0.8, -0.8, 0.3, 0.3).view(4, 2)
        assert phase_of(w) == ["ignored", "dedicated", "superposed", "neither"]

    def test_a_network_trained_in_a_dense_and_a_sparse_world_finds_them(self):
        """The whole road: two worlds whose best solutions differ, several restarts, the best of them."""
        its = task(n_features=2, densities=[1.0, 0.05], importances=[0.5], restarts=6)
        model = network(its.d_in, n_inputs=2, d_hidden=1)
        settings = TrainingSettings(
            steps=1200, batch_size=128, mixture={"fresh": 1.0}, learning_rate=0.01,
            decay_fraction=0.5,
        )  # fmt: skip
        end = _trained(model, superposition.generate(its, 0), settings, model.initial_parameters(0))
        w = end["encode.weight"][:, 0].double().view(2, 6, 2)
        b = end["decode.bias"][..., 0].double().view(2, 6, 2)
        p, r = doubles(1.0, 0.05)[:, None], doubles(0.5)
        losses = expected_loss(w, b, p, r)
        chosen = w[torch.arange(2), losses.argmin(1)]
        assert phase_of(chosen) == ["ignored", "superposed"]
        assert (losses.amin(1) < 1.1 * best(p[:, 0], r)[2]).all()


class TestOneByOne:
    def test_variances_are_those_of_the_world(self):
        for target in ("absolute", "and"):
            its = task(target=target, densities=[0.4], importances=[1.0], n_test=40000)
            targets = superposition.generate(its, 0).splits["test"].targets
            assert targets.var(0) == pytest.approx(one_by_one.variance(target, 0.4), rel=0.05)

    def test_the_most_important_are_computed_and_the_rest_lost(self):
        weights = np.array([0.1, 0.4, 0.2, 0.3])
        lost = one_by_one.loss("and", 0.5, weights, neurons=2)
        assert lost == pytest.approx((0.1 + 0.2) * 0.25 * 0.75)
        # |x| takes two neurons.
        lost = one_by_one.loss("absolute", 1.0, weights, neurons=5)
        assert lost == pytest.approx((0.1 + 0.2) / 12)
        assert one_by_one.loss("and", 0.5, weights, neurons=4) == 0


class TestLevels:
    # Two instances: each falls at a step of its own, when two of its features change places.
    LOSSES = np.array([[8, 8, 4, 4, 4, 4.0], [8, 8, 8, 8, 2, 2.0]])
    PLACES = np.array([
        [[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1.0]],
        [[1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1.0]],
    ])  # fmt: skip

    def test_falls_and_moves(self):
        np.testing.assert_allclose(feature_swaps.falls(self.LOSSES)[0], [0, np.log(2), 0, 0, 0])
        np.testing.assert_allclose(
            feature_swaps.moves(self.PLACES), [[0, 1, 0, 0, 0], [0, 0, 0, 1, 0]]
        )
        assert not feature_swaps.falls(self.LOSSES[:, ::-1]).any()

    def test_they_go_with_their_own_and_not_with_others(self):
        """Of two, what one does more than the pace of both the other does less."""
        own, others = feature_swaps.coincidence(self.LOSSES, self.PLACES)
        np.testing.assert_allclose(own, 1)
        np.testing.assert_allclose(others, -1)

    def test_a_common_pace_alone_is_no_coincidence(self):
        rng = np.random.default_rng(0)
        pace = np.exp(-np.arange(200) / 20)
        losses = np.exp(-np.cumsum(pace * rng.uniform(0.5, 1.5, (8, 200)), axis=1))
        places = np.cumsum(pace * rng.uniform(0.5, 1.5, (8, 200)), axis=1)[..., None]
        own, others = feature_swaps.coincidence(losses, places)
        assert abs(own.mean()) < 0.1
        assert abs(others.mean()) < 0.1

    def test_all_falls_in_one_jump_or_evenly(self):
        assert feature_swaps.in_jumps(self.LOSSES, share=0.2) == pytest.approx([1, 1])
        even = np.exp(-np.arange(11.0))[None]
        assert feature_swaps.in_jumps(even, share=0.2) == pytest.approx([0.2])


def test_instances_are_measured_one_by_one():
    world = superposition.generate(task(densities=[1.0, 0.25], importances=[1.0]), 0)
    model = network(6, d_hidden=3)
    parameters = model.initial_parameters(0)
    # The first gives everything back, the second says nothing.
    parameters["encode.weight"] = torch.stack([torch.eye(3), torch.zeros(3, 3)])
    found = {(m.measure, m.component): m.value for m in instances.measure(model, parameters, world)}
    x = world.splits["test"].inputs[:, 3:]
    assert found["loss", 0] == pytest.approx(0, abs=1e-12)
    assert found["loss", 1] == pytest.approx((x**2).sum(1).mean(), rel=1e-5)
    assert found["loss_of_means", 1] == pytest.approx(x.var(0).sum(), rel=1e-4)
    assert (found["n_explained", 0], found["n_explained", 1]) == (3, 0)


def test_features_are_listed_instance_after_instance():
    model = network(6, d_hidden=1)
    weights = torch.tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]])
    found = features.measure(model, {"encode.weight": weights}, TestNetwork.WORLD)
    norms = {its.component: its.value for its in found if its.measure == "feature_norm"}
    assert norms == {0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6}


class TestPictures:
    CELLS = pd.DataFrame(
        [
            (0.1, 0.5, "ignored"),
            (0.1, 2.0, "superposed"),
            (1.0, 0.5, "neither"),
            (1.0, 2.0, "dedicated"),
        ],
        columns=["density", "importance", "phase"],
    )

    def test_a_map_has_the_phase_of_each_cell(self):
        figure = plot_phases_of({"one": self.CELLS, "two": self.CELLS}, PHASES)
        assert [axis.get_title() for axis in figure.axes] == ["one", "two"]
        (mesh,) = figure.axes[0].collections
        drawn = np.asarray(mesh.get_array()).reshape(2, 2)  # densities, importances
        assert [[PHASES[int(n)] for n in row] for row in drawn] == [
            ["ignored", "superposed"],
            ["neither", "dedicated"],
        ]
        plt.close(figure)

    def test_a_short_range_of_sparsities_still_has_numbers(self):
        drawn = pd.DataFrame({"density": [0.66, 0.5, 0.46], "dimensionality": [0.5, 0.6, 0.7]})
        long = drawn.assign(density=[1.0, 0.1, 0.01])
        figure = plot_dimensionality({"short": drawn, "long": long}, {"1/2": 0.5})
        short_axis, long_axis = figure.axes[:2]
        assert [t.get_text() for t in short_axis.get_xticklabels()] == ["1.5", "2.2"]
        assert long_axis.get_xticks().tolist() == [1, 10, 100]
        plt.close(figure)
