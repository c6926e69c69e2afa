"""Intervals over seeds: in range, never without width, and right as often as they say, by simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from onset.statistics.intervals import Sample, intervals
from onset.statistics.kinds import KINDS
from onset.statistics.seeds import interval

N_DRAWN = 4000
N_SEEDS = (3, 5, 10)

Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def missed(
    draw: Draw, truth: float, n_seeds: int, kind: str = "share", n_examples: float = np.nan
) -> float:
    """The share of simulated experiments whose interval misses the true mean."""
    drawn = draw(np.random.default_rng(n_seeds), (N_DRAWN, n_seeds))
    n, examples = np.full((2, N_DRAWN), [[n_seeds], [n_examples]])
    sample = Sample(drawn.mean(1), np.where(np.ptp(drawn, 1) > 0, drawn.var(1, ddof=1), 0), n, examples)
    low, high = intervals(sample, KINDS[kind])
    return 1 - np.mean((low <= truth) & (truth <= high))


def beta_binomial(mean: float, precision: float, n_examples: int) -> Draw:
    """Seeds whose true shares differ (beta), each seen on so many examples."""

    def draw(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
        shares = rng.beta(mean * precision, (1 - mean) * precision, size)
        return rng.binomial(n_examples, shares) / n_examples

    return draw


def two_points(high: float, low: float, share: float, n_examples: int) -> Draw:
    """Seeds that either get there or don't."""

    def draw(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
        return rng.binomial(n_examples, np.where(rng.random(size) < share, high, low)) / n_examples

    return draw


class TestCoverage:
    @pytest.mark.parametrize("n_seeds", N_SEEDS)
    @pytest.mark.parametrize("n_examples", [50, 400])
    @pytest.mark.parametrize("precision", [1e6, 200])
    @pytest.mark.parametrize("mean", [0.01, 0.1, 0.5, 0.9, 0.98])
    def test_of_seeds_that_are_alike(self, mean, precision, n_examples, n_seeds):
        draw = beta_binomial(mean, precision, n_examples)
        assert missed(draw, mean, n_seeds, n_examples=n_examples) <= 0.06

    @pytest.mark.parametrize("n_seeds", N_SEEDS)
    @pytest.mark.parametrize("mean", [0.02, 0.1, 0.5, 0.9, 0.98])
    def test_of_seeds_that_differ_much(self, mean, n_seeds):
        """Standard deviations up to .11: beside 0 and 1 they are as skewed as they can be."""
        assert missed(beta_binomial(mean, 20, 400), mean, n_seeds, n_examples=400) <= 0.12

    @pytest.mark.parametrize("n_seeds", N_SEEDS)
    def test_of_what_isnt_a_share_of_examples(self, n_seeds):
        def draw(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
            return rng.beta(40, 10, size)

        assert missed(draw, 0.8, n_seeds) <= 0.06

    @pytest.mark.parametrize("n_seeds", N_SEEDS)
    @pytest.mark.parametrize("spread", [0.1, 0.5])
    def test_of_losses_that_differ_by_factors(self, spread, n_seeds):
        def draw(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
            return rng.lognormal(-4, spread, size)

        assert missed(draw, np.exp(-4 + spread**2 / 2), n_seeds, "nats") <= 0.07

    @pytest.mark.parametrize("n_seeds", N_SEEDS)
    def test_of_any_number(self, n_seeds):
        def draw(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
            return rng.normal(-3, 2, size)

        assert missed(draw, -3, n_seeds, "real") == pytest.approx(0.05, abs=0.012)

    @pytest.mark.parametrize(("n_seeds", "most"), [(3, 0.55), (5, 0.36), (10, 0.14)])
    def test_a_few_seeds_cant_tell_that_others_fail(self, n_seeds, most):
        """docs/statistics.md says so, with these numbers: all of three get there in half of all cases."""
        draw = two_points(0.99, 0.02, 0.8, 400)
        assert most - 0.05 < missed(draw, 0.99 * 0.8 + 0.02 * 0.2, n_seeds, n_examples=400) < most


class TestRange:
    VALUES = ([0.0, 0.1, 0.0], [1.0, 0.9, 1.0], [0.5, 0.51, 0.52], [0.0, 1.0, 1.0], [0.2, 0.2, 0.2])

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("values", VALUES)
    def test_an_interval_holds_the_mean_and_stays_in_range(self, kind, values):
        its = KINDS[kind]
        shifted = np.array(values) + (1 if kind == "rank" else 0)
        mean, low, high = interval(shifted, kind, n_examples=100)
        assert its.low <= low <= mean + 1e-12
        assert mean - 1e-12 <= high <= its.high

    def test_it_has_width_where_all_seeds_are_right(self):
        _, low, high = interval([1.0, 1.0, 1.0], "share", n_examples=200)
        assert low == pytest.approx(0.971, abs=0.002)
        assert high == 1

    def test_one_of_112_three_times_is_no_certainty(self):
        mean, low, high = interval([1 / 112] * 3, "share", n_examples=112)
        assert mean == pytest.approx(1 / 112)
        assert 0 < low < 0.001
        assert high == pytest.approx(0.06, abs=0.02)

    def test_without_examples_each_seed_counts_as_one(self):
        exact = stats.binomtest(3, 3).proportion_ci(0.95)
        assert interval([1.0, 1.0, 1.0], "share")[1:] == pytest.approx((exact.low, exact.high))

    def test_where_seeds_get_there_or_not_it_is_that_of_three_coins(self):
        exact = stats.binomtest(2, 3).proportion_ci(0.95)
        assert interval([0.0, 1.0, 1.0], "share")[1:] == pytest.approx((exact.low, exact.high))

    def test_a_scale_doesnt_change_it(self):
        of_share = np.array(interval([0.6, 0.7, 0.75], "share"))
        of_cosine = np.array(interval([0.2, 0.4, 0.5], "cosine"))
        of_angle = np.array(interval([108, 126, 135], "angle"))
        assert of_cosine == pytest.approx(2 * of_share - 1)
        assert of_angle == pytest.approx(180 * of_share)


class TestWidth:
    def test_many_alike_seeds_give_the_binomial_interval_of_all_examples(self):
        rng = np.random.default_rng(0)
        values = rng.binomial(100, 0.9, 400) / 100
        exact = stats.binomtest(round(values.sum() * 100), 40_000).proportion_ci(0.95)
        assert interval(values, "share", 100)[1:] == pytest.approx((exact.low, exact.high), abs=5e-4)

    def test_few_seeds_give_a_wider_one_than_their_examples(self):
        _, low, high = interval([0.5, 0.5, 0.5], "share", n_examples=100)
        exact = stats.binomtest(150, 300).proportion_ci(0.95)
        assert low < exact.low < exact.high < high

    def test_of_a_loss_it_is_as_wide_in_logarithms(self):
        mean, low, high = interval([0.01, 0.02, 0.012], "nats")
        assert high / mean == pytest.approx(mean / low)

    def test_of_what_is_explained_it_is_that_of_the_rest(self):
        _, low, high = interval([0.99, 0.98, 0.988], "explained")
        _, least, most = interval([0.01, 0.02, 0.012], "nats")
        assert (1 - high, 1 - low) == pytest.approx((least, most))
