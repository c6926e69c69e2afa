"""Ways through many dimensions that are known beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from onset.measures.answers import prediction
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.notebook.spaces import losses_of_tokens
from onset.notebook.ways import ways_of_losses
from onset.results import Run
from onset.statistics.trajectories import explained_by_chance, principal_way, turns
from onset.tasks import induction

TASK = induction.Settings(
    name="induction", n_symbols=12, length=10, segment=(3, 5), n_train=8, n_test=8
)
WORLD = induction.generate(TASK, seed=0)
STEPS = [0, 10, 20, 30, 40]


def corner(angle: float) -> np.ndarray:
    """Two steps along one axis, two in a direction at an angle to it, in a space of seven dimensions."""
    along, across = np.cos(angle), np.sin(angle)
    on = [[2 + steps * along, steps * across] for steps in (1, 2)]
    plane = np.array([[0, 0], [1, 0], [2, 0], *on])
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(7, 7)))[0]
    return plane @ rotation[:2] + 3.0


class TestTurns:
    @pytest.mark.parametrize("degrees", [0, 60, 90, 135])
    def test_a_corner_is_found_with_its_angle(self, degrees):
        way = principal_way(corner(np.radians(degrees)), STEPS, n=2)
        found = turns(way.places)
        assert found[20] == pytest.approx(degrees, abs=1e-4)
        assert found.max() == pytest.approx(degrees, abs=1e-4)
        assert list(found.index) == STEPS[1:-1]

    def test_two_components_hold_a_plane(self):
        way = principal_way(corner(1.0), STEPS, n=2)
        assert way.explained.sum() == pytest.approx(1)
        assert way.places[1].iloc[-1] > way.places[1].iloc[0]
        assert np.allclose(way.directions @ way.directions.T, np.eye(2))


class Resting(Run):
    """A run whose parameters stay what they are."""

    condition, seed, dataset = "one", 0, WORLD
    scheduled_steps = [0, 5]
    model = Transformer(
        Settings(name="transformer", d_model=16, n_heads=2, d_mlp=16), TASK.n_tokens, TASK.length
    )

    def parameters(self, step=None):
        return self.model.initial_parameters(0)


def test_losses_of_tokens_have_the_mean_that_measures_find():
    run = Resting(Path())
    losses = losses_of_tokens(run, "repeats")
    with torch.inference_mode():
        rows = prediction.measure(run.model, run.parameters(), WORLD)
        loss = {(m.measure, m.split): m.value for m in rows}["loss", "repeats"]
    assert losses.shape == (2, WORLD.splits["repeats"].targets.size)
    assert losses.mean(1) == pytest.approx([loss, loss], rel=1e-5)


class Jumping(Resting):
    """One whose parameters are drawn anew at each step, and which has a finer stretch."""

    steps = [0, 5, 6, 7, 9, 11]
    scheduled_steps = [0, 5, 9, 11]

    def parameters(self, step=None):
        return self.model.initial_parameters(step)


def test_a_way_of_losses_is_told_with_its_largest_turn():
    run = Jumping(Path())
    ways = ways_of_losses([run], "repeats")
    angles = turns(principal_way(losses_of_tokens(run, "repeats"), run.scheduled_steps, n=2).places)
    (told,) = ways.components.itertuples()
    assert (told.turn, told.at) == (angles.max(), angles.idxmax())
    assert 0 < told.explained <= 1
    assert ways.places["turn"].isna().tolist() == [
        True,
        *[its not in angles for its in (5, 9)],
        True,
    ]
    assert ways.turns()["mean"].tolist() == angles.tolist()


class TestByChance:
    def test_even_steps_explain_what_theory_says(self):
        straight = np.arange(400.0)[:, None] @ np.ones((1, 3))
        expected = 6 / np.pi**2 / np.array([1, 4, 9])
        assert explained_by_chance(straight) == pytest.approx(expected, rel=0.01)

    def test_it_is_what_a_real_walk_has(self):
        lengths = np.geomspace(1, 20, 60)[:, None]
        walk = np.cumsum(lengths * np.random.default_rng(0).normal(size=(60, 20_000)), axis=0)
        way = principal_way(walk, range(60))
        assert explained_by_chance(walk) == pytest.approx(way.explained, rel=0.05)

    def test_one_long_step_is_one_component(self):
        points = np.array([[0.0], [0.0], [5.0], [5.0]])
        assert explained_by_chance(points, n=2) == pytest.approx([1, 0])


def test_signs_are_such_that_ways_can_be_compared():
    points = corner(1.2)
    one, other = principal_way(points, STEPS, 2).places, principal_way(-points, STEPS, 2).places
    pd.testing.assert_frame_equal(one, other)
