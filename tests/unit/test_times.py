"""Times that are known to lie between checkpoints: intervals that hold the truth, and how they read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from onset.notebook import say
from onset.statistics import times
from onset.statistics.censored import interval_of_mean, kaplan_meier_median
from onset.statistics.milestones import reached
from onset.statistics.rows import where
from onset.statistics.times import estimate, times_of
from onset.statistics.wording import format_bound, format_censored, format_time

INF, NAN = np.inf, np.nan
SAID = times_of(
    {
        ("all", 0): (540, 560, 617), ("all", 1): (540, 590, 617), ("all", 2): (617, 640, 703),
        ("most", 0): (1500, 1552, 1600), ("most", 1): (1700, 1770, 1800), ("most", 2): (3000, NAN, INF),
        ("few", 0): (1500, 1552, 1600), ("few", 1): (3000, NAN, INF), ("few", 2): (3000, NAN, INF),
        ("none", 0): (3000, NAN, INF), ("none", 1): (3000, NAN, INF), ("none", 2): (3000, NAN, INF),
        ("alone", 0): (540, 560, 617),
    }
)  # fmt: skip


def of(condition: str) -> times.Times:
    return SAID.loc[[condition]]


class TestInterval:
    def test_of_points_it_is_students(self):
        points = np.array([1.0, 1.3, 1.9, 0.4])
        half = stats.sem(points) * stats.t.ppf(0.975, 3)
        expected = points.mean() - half, points.mean() + half
        assert interval_of_mean(points, points) == pytest.approx(expected, abs=5e-3)

    def test_it_is_never_narrower_than_what_all_brackets_share(self):
        low, high = interval_of_mean(np.array([5.0] * 10), np.array([6.0] * 10))
        assert (low, high) == pytest.approx((5, 6), abs=0.01)
        of_three = interval_of_mean(np.array([5.0] * 3), np.array([6.0] * 3))
        assert of_three == pytest.approx((4.73, 6.27), abs=0.02)

    def test_runs_that_are_not_there_move_it(self):
        at = np.array([1.0, 1.1, 1.2, 1.3, 1.4])
        after, before = at - 0.01, at + 0.01
        after[3:], before[3:] = 1.3, INF
        low, high = interval_of_mean(after, before)
        all_there = interval_of_mean(at[:3] - 0.01, at[:3] + 0.01)
        assert low > all_there[0]
        assert high > all_there[1]

    def test_scale_and_origin_do_not_matter(self):
        after, before = np.array([1.0, 2.0, 4.0]), np.array([2.0, 3.0, INF])
        scaled = interval_of_mean(5 + 100 * after, 5 + 100 * before)
        expected = 5 + 100 * np.array(interval_of_mean(after, before))
        assert scaled == pytest.approx(expected, rel=1e-3)

    def test_where_nobody_gets_there_it_has_no_upper_end(self):
        assert interval_of_mean(np.full(3, 9.0), np.full(3, INF)) == (-INF, INF)
        low, high = interval_of_mean(np.full(10, 9.0), np.full(10, INF))
        assert (low, high) == (pytest.approx(9, abs=0.1), INF)
        assert interval_of_mean(np.full(3, -INF), np.full(3, INF)) == (-INF, INF)

    def test_a_narrow_place_that_all_brackets_share_is_found(self):
        lower, upper = np.array([0, 0.502, 0.1, 0.3]), np.array([0.503, 1, 0.9, 0.8])
        low, high = interval_of_mean(lower, upper)
        assert low < 0.502 < 0.503 < high
        assert high - low < 0.8

    def test_one_run_has_none(self):
        assert np.isnan(interval_of_mean(np.array([1.0]), np.array([2.0]))).all()


def simulated(n: int, censored: float, rng: np.random.Generator) -> times.Times:
    """Times whose median is 1000, that vary by a third, seen at checkpoints a seventh apart."""
    grid = 1000 * 1.15 ** (np.arange(-40, 40) + rng.uniform())
    end = 1000 * np.exp(0.35 * stats.norm.ppf(1 - censored)) if censored else grid[-1]
    grid = np.append(grid[grid < end], end)
    rows = [
        {"condition": "one", "seed": seed, "step": grid, "value": (grid >= its).astype(float)}
        for seed, its in enumerate(1000 * np.exp(rng.normal(0, 0.35, n)))
    ]
    return reached(pd.concat(map(pd.DataFrame, rows)), 0.5)


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("censored", [0.0, 0.3])
def test_the_interval_holds_the_median_as_often_as_it_says(n, censored):
    rng = np.random.default_rng([n, int(10 * censored)])
    found = [estimate(simulated(n, censored, rng)) for _ in range(100)]
    held = np.mean([its.low <= 1000 <= its.high for its in found])
    assert held >= 0.9  # two standard errors below 0.95
    assert np.median([its.low for its in found]) > {3: 200, 5: 500, 10: 700}[n]
    highest = INF if censored else {3: 3300, 5: 2000, 10: 1400}[n]
    assert np.median([its.high for its in found]) <= highest


def test_without_the_runs_that_do_not_get_there_it_would_miss():
    rng = np.random.default_rng(1)
    samples = [simulated(10, 0.3, rng) for _ in range(40)]
    medians = [[estimate(its).mean, estimate(its.dropna()).mean] for its in samples]
    kept, dropped = np.median(medians, axis=0)
    assert kept == pytest.approx(1000, rel=0.08)
    assert dropped < 900


class TestMedian:
    def test_by_hand(self):
        assert kaplan_meier_median(np.array([1.0, 2, 3]), np.array([])) == 2
        assert kaplan_meier_median(np.array([1.0, 2]), np.array([9.0])) == 2
        assert kaplan_meier_median(np.array([1.0]), np.array([9.0, 9])) == INF
        assert kaplan_meier_median(np.array([]), np.array([9.0])) == INF
        assert kaplan_meier_median(np.array([-INF, -INF, 3.0]), np.array([])) == -INF

    def test_a_run_that_was_watched_for_less_counts_as_long_as_it_was(self):
        # Kaplan and Meier: 3/4 after the first; of the two that are left then, one goes at 3.
        assert kaplan_meier_median(np.array([1.0, 3, 4]), np.array([2.0])) == 3

    def test_between_two_runs(self):
        assert kaplan_meier_median(np.array([1.0, 2, 4]), np.array([9.0])) == 3

    def test_ties(self):
        assert kaplan_meier_median(np.array([5.0, 5, 5]), np.array([9.0])) == 5


class TestEstimate:
    def test_where_all_get_there_the_mean_is_geometric(self):
        its = estimate(of("all"))
        assert its.mean == pytest.approx((560 * 590 * 640) ** (1 / 3))
        assert (its.n_there, its.n_runs) == (3, 3)
        assert 450 < its.low < 540
        assert 640 < its.high < 800

    def test_of_one_run_there_is_no_interval(self):
        assert np.isnan([estimate(of("alone")).low, estimate(of("alone")).high]).all()

    def test_from_the_start(self):
        curve = pd.DataFrame({"step": [0, 10], "value": [1.0, 1.0]})
        both = pd.concat([curve.assign(condition="one", seed=seed) for seed in (0, 1, 2)])
        its = estimate(reached(both, 0.5))
        assert (its.mean, its.low) == (0, 0)
        assert its.high < 2

    def test_by_the_first_checkpoint(self):
        its = estimate(times_of({("one", seed): (0, 99, 100) for seed in range(3)}))
        assert (its.mean, its.low) == (pytest.approx(99), 0)
        assert 100 < its.high < 150

    def test_a_run_of_which_nothing_is_known_makes_nothing_surer(self):
        three = times_of({("one", seed): (5 + seed, 6 + seed, 7 + seed) for seed in range(3)})
        more = pd.concat([three, times_of({("one", 3): (0, NAN, INF)})])
        its, of_more = estimate(three), estimate(more)
        assert (of_more.low, of_more.high) == (its.low, its.high)
        assert (of_more.n_there, of_more.n_runs) == (3, 4)

    def test_nothing_is_known(self):
        its = estimate(times_of({("one", 0): (0, NAN, INF), ("one", 1): (0, NAN, INF)}))
        assert np.isnan(its.mean)
        assert format_censored(its) == "undefined"


class TestPairs:
    both = times_of(
        {
            ("one", 0): (10, 15, 20), ("one", 1): (30, 35, 40), ("one", 2): (50, NAN, INF),
            ("base", 0): (20, 25, 40), ("base", 1): (100, NAN, INF), ("base", 2): (20, 22, 25),
        }
    )  # fmt: skip

    def test_a_ratio_is_known_as_far_as_both_times_are(self):
        found = times.relative(self.both, "base", ["one", "not there"]).loc["one"]
        assert found.loc[0].tolist() == pytest.approx([10 / 40, 15 / 25, 20 / 20])
        assert found.loc[1].fillna(-1).tolist() == pytest.approx([0, -1, 40 / 100])
        assert found.loc[2].fillna(-1).tolist() == pytest.approx([50 / 25, -1, INF])

    def test_without_the_other_condition_nothing_is_known(self):
        found = times.relative(self.both, "not there", ["one"])
        assert found["at"].isna().all()
        assert np.isnan(times.factors(self.both, "not there", ["one"])["mean"]).all()
        assert times.relative(self.both, "base", ["not there"]).empty

    def test_runs_on_either_side_count(self):
        (its,) = times.factors(self.both, "base", ["one"]).itertuples()
        # One lies below 0.4, one at 0.6, one beyond 2.
        assert its.mean == pytest.approx(0.6)
        assert format_censored(its, 2) == "0.60 [0.00, > 2] (median; known in 1 of 3)"

    def test_each_over_its_null(self):
        found = times.over_nulls(self.both, {"one": "base", "not there": "base"})
        assert list(found.index.unique("condition")) == ["one"]

    def test_a_difference_may_be_negative(self):
        lag = times.difference(self.both.loc["one"], self.both.loc["base"])
        assert lag.loc[0].tolist() == [-30, -10, 0]
        assert lag.loc[1].fillna(0).tolist() == [-INF, 0, -60]
        its = estimate(lag.loc[[0, 0, 0]], signed=True)
        assert its.mean == -10
        assert its.low < -30
        assert its.high > 0

    def test_who_is_sooner(self):
        ten = times_of(
            {("a", seed): (10, 12, 20) for seed in range(10)}
            | {("b", seed): (20, 22, 30) for seed in range(8)}
            | {("b", 8): (15, 18, 30), ("b", 9): (90, NAN, INF)}
        )
        found = times.sooner(ten, "a", "b")
        assert (found.n_sooner, found.n_later, found.n_seeds) == (9, 0, 10)
        assert found.p == pytest.approx(2 / 2**9)
        assert times.sooner(ten, "b", "a")[:2] == (0, 9)
        assert times.sooner(ten, "a", "a").p == 1
        assert say.sooner(found) == "sooner in 9 of 10 seeds, later in 0 (p = 0.004)"


def test_tables_have_a_row_per_condition_or_per_name():
    found = times.per_condition(SAID)
    assert list(found["condition"]) == ["all", "most", "few", "none", "alone"]
    assert list(found["n_there"]) == [3, 2, 1, 0, 1]
    both = times.of_several({"once": SAID, "twice": SAID * 2}, "mark")
    assert where(both, mark="twice", condition="all")["mean"].item() == pytest.approx(
        2 * 595.74, 1e-3
    )
    drawn = times.as_drawn({"x": of("all"), "y": of("most")}, "shown")
    assert drawn["seed_2"].fillna(0).tolist() == [640, 0]
    sides = times.side_by_side({"x": SAID})
    assert sides.loc[("most", 2)].fillna(0).tolist() == [3000, 0, INF]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("all", "596 [502, 725]"),
        ("most", "1770 [392, > 3000] (median; 2 of 3 runs by step 3000)"),
        ("few", "> 3000 (1 of 3 runs by then)"),
        ("none", "> 3000 (0 of 3 runs by then)"),
        ("alone", "560"),
    ],
)
def test_as_said(condition, said):
    (row,) = times.per_condition(of(condition)).itertuples()
    assert format_time(row) == say.time(row) == said


def test_bounds_as_said():
    beyond, below = (times.Estimate(3, 0, mean, -INF, INF, 8.0, 64.0) for mean in (INF, -INF))
    assert (format_bound(beyond), format_bound(below)) == ("> 64", "< 8")


def test_a_ratio_that_is_only_known_to_be_small_is_set_beside_others_as_above_0():
    three = pd.DataFrame({"after": 0.0, "at": NAN, "before": [0.3, 0.4, 0.35]})
    its = estimate(three).summary
    assert (its.mean, its.low) == (0.0, 0.0)
    assert 0.3 < its.high < 1
    unbounded = times.Estimate(2, 2, -5.0, -INF, INF, NAN, NAN)
    assert format_censored(unbounded) == "−5 [−∞, ∞]"
