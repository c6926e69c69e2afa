"""Curves that fall suddenly, and curves that don't: what the nulls make of each."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.comparisons.answers.sudden_tokens import OPTIONS, QUANTITIES, compare
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.statistics import sudden
from onset.tasks import composition
from tests.members import made
from tests.worlds import settings_of

N, CHECKPOINTS, WINDOW = 400, 41, 4
TIME = np.linspace(0, 1, CHECKPOINTS)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def sigmoids(width: float, rng: np.random.Generator) -> np.ndarray:
    """Falls at all times, each within so much of it."""
    middles = rng.uniform(0.15, 0.85, N)
    return 3 / (1 + np.exp((TIME - middles[:, None]) / width))


def linear(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(2, 4, N)[:, None] * (1 - TIME)


def judged(curves: np.ndarray, rng: np.random.Generator) -> sudden.Sudden:
    return sudden.judged(curves, WINDOW, 100, rng)


class TestStatistics:
    def test_sudden_falls_at_all_times_have_a_smooth_mean_and_are_found(self, rng):
        curves = sudden.noisy(sigmoids(0.015, rng), np.full(N, 0.1), rng)
        found = judged(curves, rng)
        assert found.is_sudden.mean() > 0.95
        assert sudden.concentration(curves.mean(0)[None], WINDOW) < 0.25

    def test_smooth_falls_are_not(self, rng):
        found = judged(sudden.noisy(linear(rng), np.full(N, 0.1), rng), rng)
        assert found.beyond_smooth.mean() < 0.2  # more than .05, for the noise itself is estimated
        assert found.is_sudden.mean() < 0.05

    def test_nor_are_changes_in_any_order_however_uneven(self, rng):
        uneven = rng.exponential(1.0, (N, CHECKPOINTS)) ** 2
        curves = uneven.sum(1, keepdims=True) - uneven.cumsum(1)
        found = judged(curves, rng)
        assert (
            found.beyond_smooth.mean() > 0.5
        )  # they are uneven: this null alone would call them so
        assert found.is_sudden.mean() < 0.1

    def test_half_of_each(self, rng):
        both = np.vstack([sigmoids(0.015, rng)[: N // 2], linear(rng)[: N // 2]])
        found = judged(sudden.noisy(both, np.full(N, 0.1), rng), rng).is_sudden
        assert found[: N // 2].mean() > 0.9
        assert found[N // 2 :].mean() < 0.1

    def test_the_noise_is_told_in_spite_of_a_fall(self, rng):
        strength = np.where(np.arange(N) % 2, 0.2, 0.05)
        curves = sudden.noisy(sigmoids(0.01, rng), strength, rng)
        told = sudden.noise(curves)
        for its in (0.2, 0.05):
            assert np.median(told[strength == its]) == pytest.approx(its, rel=0.15)

    def test_nulls_begin_and_end_where_the_curve_does(self, rng):
        curves = sigmoids(0.1, rng)
        for its in (sudden.smooth_like(curves), sudden.shuffled(curves, rng)):
            assert its[:, [0, -1]] == pytest.approx(curves[:, [0, -1]])
        changes = np.diff(sudden.shuffled(curves, rng), axis=1)
        assert np.sort(changes) == pytest.approx(np.sort(np.diff(curves, axis=1)))

    def test_the_concentration_of_a_decay(self):
        steps = np.geomspace(1, 1e5, 101)
        decay = np.exp(-steps / 100)[None]
        foretold = sudden.of_decay(10, 101, 1e5)
        assert sudden.concentration(decay, 10) == pytest.approx(foretold, rel=0.02)

    def test_what_goes_at_the_pace_of_all(self, rng):
        assert sudden.explained_by_pace(linear(rng)) == pytest.approx(np.ones(N))
        assert np.median(sudden.explained_by_pace(sigmoids(0.015, rng))) < 0.8


WORLD = composition.generate(settings_of("composition"), 0)
MODEL = build(Settings(name="transformer", d_model=16, n_heads=2, d_mlp=32), *WORLD.sizes)


def run_towards(weights: np.ndarray, seed: int = 0):
    """Checkpoints on a straight way to a model whose answers are better by a bias per token."""
    before = MODEL.initial_parameters(0)
    after = {name: p + 3 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1)) / 10
             for name, p in before.items()}  # fmt: skip
    return made(
        MODEL,
        {step: {name: torch.lerp(before[name], after[name], float(w)) for name in before}
         for step, w in enumerate(weights)},
        WORLD, seed,
    )  # fmt: skip


def test_rows_of_a_run_are_as_declared():
    given = {**OPTIONS, "least": 0.05, "draws": 20}
    rows = list(compare([run_towards(np.linspace(0, 1, 12))], **given))
    assert rows
    assert {its.found.measure for its in rows} <= set(QUANTITIES)
    by_name = {(its.found.split, its.found.measure): its.found.value for its in rows}
    for split in WORLD.splits:
        if (split, "falls") not in by_name:
            assert split.endswith("_validation")
            continue
        assert 0 <= by_name[split, "falls"] <= 1
        if (split, "sudden") in by_name:
            parts = [by_name[split, f"sudden_beyond_{null}"] for null in ("smooth", "shuffled")]
            assert by_name[split, "sudden"] <= min(parts)
    shares = [its.found.value for its in rows if its.found.measure == "shape_share"]
    n_splits = len({its.found.split for its in rows if its.found.measure == "shape_share"})
    assert sum(shares) == pytest.approx(n_splits)
    assert {its.step for its in rows if its.found.measure == "shape"} == set(range(1, 12))


def test_a_model_that_stays_as_it_is_has_no_falls():
    rows = list(compare([run_towards(np.zeros(8))], **OPTIONS))
    assert {its.found.measure for its in rows} == {"falls"}
    assert all(its.found.value == 0 for its in rows)
