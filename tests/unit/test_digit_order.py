"""When digits are learnt, in which order, and what tells it: curves and orders made by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from onset.statistics import digit_order
from onset.statistics.times import Times, times_of

STEPS = np.arange(0, 401, 10)


def curves(of: dict[str, np.ndarray], condition: str = "base", seed: int = 0) -> pd.DataFrame:
    """Losses by digit."""
    rows = [
        (condition, seed, step, digit, value)
        for digit, values in of.items()
        for step, value in zip(STEPS.tolist(), values, strict=True)
    ]
    return pd.DataFrame(rows, columns=["condition", "seed", "step", "digit", "value"])


def step_at(step: float) -> np.ndarray:
    return np.where(step <= STEPS, 0.0, 2.0)


def at(of: dict[str, list[float]], condition: str = "base") -> dict[str, Times]:
    """When digits get there, by seed; infinity: they don't within 400 steps."""
    return {
        digit: times_of(
            {
                (condition, seed): (time - 5, time, time + 5) if time < np.inf else (400, np.nan, np.inf)
                for seed, time in enumerate(times)
            }
        )
        for digit, times in of.items()
    }  # fmt: skip


def test_when_a_loss_has_fallen():
    found = digit_order.falls(curves({"ones": step_at(200), "tens": 2.0 + 0 * STEPS}), level=0.5)
    ones, tens = (found[its].loc["base", 0] for its in ("ones", "tens"))
    assert (ones["after"], ones["before"]) == (190, 200)
    assert 190 < ones["at"] < 200
    assert (tens["after"], tens["before"]) == (400, math.inf)
    assert np.isnan(tens["at"])


class TestSharpness:
    def test_of_a_decay(self):
        decays = 2.0 * np.exp(-STEPS / 60)
        (found,) = digit_order.sharpness(curves({"ones": decays}), 2.0)["ones"]["at"]
        assert found == pytest.approx(digit_order.SHARPNESS_OF_DECAY, rel=0.03)

    def test_of_a_step(self):
        its = digit_order.sharpness(curves({"ones": step_at(200)}), 2.0)["ones"].iloc[0]
        assert its["after"] == 0  # all of it lies between two checkpoints
        assert its["at"] < 0.06

    def test_of_what_never_falls_nothing_is_known(self):
        its = digit_order.sharpness(curves({"ones": 2.0 + 0 * STEPS}), 2.0)["ones"].iloc[0]
        assert np.isnan(its["at"])


class TestOrder:
    TIMES = at({"ones": [300, 310, 290], "tens": [100, 110, 350], "hundreds": [200, math.inf, 60]})

    def test_what_does_not_come_is_last(self):
        found = digit_order.ranked(self.TIMES)
        assert found.loc["base", 1].tolist() == [310, 110, math.inf]

    def test_which_comes_first(self):
        found = digit_order.first_of(self.TIMES, ["ones", "hundreds"], ["base"])
        assert found.tolist() == ["hundreds", "ones", "hundreds"]

    def test_where_none_comes_there_is_no_first(self):
        found = digit_order.first_of(at({"a": [math.inf], "b": [math.inf]}), ["a", "b"], ["base"])
        assert found.empty
        assert found.index.names == ["condition", "seed"]

    def test_how_far_they_are_apart(self):
        found = digit_order.spread(self.TIMES, ["ones", "tens", "hundreds"])
        assert found.iloc[0] == pytest.approx(3)
        assert np.isnan(found.iloc[1])

    def test_the_same_order_in_all_runs(self):
        digits = {name: [10 * k + seed for seed in range(3)] for k, name in enumerate("abcdef")}
        (found,) = digit_order.agreement(
            digit_order.ranked(at(digits)), np.random.default_rng(0)
        ).itertuples()
        assert found.mean == pytest.approx(1)
        assert found.p < 0.01
        assert found.n_runs == 3

    def test_orders_of_their_own(self):
        rng = np.random.default_rng(1)
        p = []
        for _ in range(40):
            orders = np.array([rng.permutation(6) for _ in range(3)])
            times = at({name: (100 + orders[:, k]).tolist() for k, name in enumerate("abcdef")})
            (found,) = digit_order.agreement(digit_order.ranked(times), rng).itertuples()
            p.append(found.p)
        assert np.mean(np.array(p) < 0.05) < 0.15
        assert 0.35 < np.mean(p) < 0.65

    def test_a_run_alone_agrees_with_nobody(self):
        found = digit_order.agreement(
            digit_order.ranked(at({"a": [1], "b": [2]})), np.random.default_rng(0)
        )
        assert found.empty


class TestExplained:
    def test_by_what_tells_the_order(self):
        times = digit_order.ranked(at({"a": [10, 30], "b": [20, 20], "c": [30, math.inf]}))
        index = pd.MultiIndex.from_product(
            [["base"], [0, 1], ["a", "b", "c"]], names=["condition", "seed", "digit"]
        )
        told = {"depth": [0, 1, 2] * 2, "same": [1, 1, 1] * 2, "signal": [3, 2, 1, 2, 3, 1]}
        found = digit_order.explained(times, pd.DataFrame(told, index))
        values = found.set_index(["seed", "explanation"])["value"].to_dict()
        assert values == pytest.approx(
            {(0, "depth"): 1, (0, "signal"): -1, (1, "depth"): 0.5, (1, "signal"): -1}
        )
        assert set(found["kind"]) == {"signed_share"}

    def test_chance(self):
        low, high = digit_order.chance(5, 3, np.random.default_rng(0))
        assert low == pytest.approx(-high, abs=0.05)
        # Spearman's correlation of n items varies with 1 / (n - 1).
        assert high == pytest.approx(1.96 * math.sqrt(1 / 4 / 3), abs=0.06)


def test_what_is_known_on_the_plateau():
    """The first digit of a run to come ends its plateau."""
    signal = pd.concat(
        curves({"ones": 1.0 * STEPS, "tens": -1.0 * STEPS, "other": 0.0 * STEPS}, seed=seed)
        for seed in (0, 1)
    )
    found = digit_order.on_the_plateau(
        signal, at({"ones": [305, 205], "tens": [105, 255]}), ["ones", "tens"]
    )
    values = found.set_index(["seed", "digit"])["value"].to_dict()
    assert values == {(0, "ones"): 100, (0, "tens"): -100, (1, "ones"): 200, (1, "tens"): -200}
