"""Curves whose milestones are known, and outcomes that early numbers do or don't tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.statistics.milestones import fallen, half, highest, locked_in, reached, value_at
from onset.statistics.prediction import as_powers, auc, foresight, foretold


def curve(seed: int, values: list[float], condition: str = "one") -> pd.DataFrame:
    """A value every hundred steps, in an order that isn't theirs."""
    steps = 100 * np.arange(len(values))
    table = pd.DataFrame({"condition": condition, "seed": seed, "step": steps, "value": values})
    return table.iloc[::-1]


CURVES = pd.concat(
    [curve(0, [0, 0.2, 0.8, 1]), curve(1, [0.9, 0.1, 0.3, 0.2]), curve(2, [0, 0, 0, 0])]
)


def of(found: pd.DataFrame, seed: int) -> list[float]:
    """After, at and before of a run; −1 where it doesn't get there."""
    return found.loc[("one", seed)].fillna(-1).tolist()


def test_a_level_is_reached_between_two_checkpoints():
    found = reached(CURVES, 0.5)
    assert of(found, 0) == pytest.approx([100, 150, 200])
    assert of(found, 1) == [0, 0, 1]  # from the start
    assert of(found, 2) == [300, -1, np.inf]


def test_what_is_there_at_the_first_checkpoint_may_have_been_there_before():
    assert of(reached(CURVES[CURVES["step"] > 100], 0.5), 0) == [0, 200, 200]


def test_halves_by_split():
    found = half(pd.concat([CURVES.assign(split="id"), CURVES.assign(split="oo", value=0.0)]))
    assert found["split"].tolist() == ["id", "oo"]
    assert found["n_there"].tolist() == [2, 0]
    assert found["mean"].tolist() == [150, np.inf]


def test_a_fall_is_counted_from_the_maximum():
    its = pd.concat([curve(0, [2, 8, 4, 0]), curve(1, [1, 2, 3, 4]), curve(2, [4, 1, 4.5, 2.25])])
    found = fallen(its, 0.5)
    assert of(found, 0) == pytest.approx([100, 200, 200])
    assert of(found, 1) == [300, -1, np.inf]
    assert of(found, 2) == pytest.approx([200, 300, 300])


def test_the_highest_lies_between_its_neighbours():
    its = pd.concat([curve(0, [0, 3, 1]), curve(1, [0, 1, 2]), curve(2, [5, 0, 0])])
    found = highest(its)
    assert of(found, 0) == [0, 100, 200]
    assert of(found, 1) == [100, 200, 200]
    assert of(found, 2) == [0, 0, 100]


def test_values_at_a_step_of_each_runs_own():
    steps = pd.Series({("one", 0): 150.0, ("one", 1): 300.0, ("one", 2): np.nan})
    found = value_at(CURVES, steps)
    assert found["one", 0] == pytest.approx(0.5)
    assert found["one", 1] == pytest.approx(0.2)
    assert np.isnan(found["one", 2])


def test_locked_in_from_the_last_change_on():
    strengths = pd.DataFrame(
        {1: [3, 1, 3, 3], 2: [2, 3, 2, 1], 3: [1, 2, 1, 2]}, index=[0, 10, 20, 30]
    )
    assert locked_in(strengths, [1]) == (10, 15, 20)
    assert locked_in(strengths, [1, 3]) == (20, 25, 30)
    assert locked_in(strengths, [1, 2, 3]) == (0, 0, 1)
    assert locked_in(strengths, [2])[::2] == (30, np.inf)


def test_an_area_under_the_curve():
    chosen = np.array([True, False, True, False])
    assert auc(np.array([4, 1, 3, 2]), chosen) == 1
    assert auc(np.array([4, 1, 2, 3]), chosen) == 0.75
    assert auc(np.array([1, 1, 1, 1]), chosen) == 0.5
    assert np.isnan(auc(np.arange(4), np.zeros(4, bool)))


class TestForetold:
    rng = np.random.default_rng(0)
    outcome = pd.Series(rng.normal(size=12), pd.MultiIndex.from_product([["one"], range(12)]))
    noise = pd.DataFrame(rng.normal(size=(12, 3)), outcome.index, columns=["x", "y", "z"])

    def test_a_number_that_tells_is_chosen_and_used(self):
        found = foretold(self.noise.assign(told=3 - 2 * self.outcome), self.outcome)
        assert (found["feature"] == "told").all()
        assert found["foretold"].to_numpy() == pytest.approx(self.outcome.to_numpy())

    def test_the_median_is_that_of_the_others(self):
        found = foretold(self.noise, self.outcome)
        for run, row in found.iterrows():
            assert row["median"] == np.median(self.outcome.drop(index=[run]))

    def test_a_run_has_no_say_in_what_is_foretold_of_it(self):
        other = self.outcome.copy()
        other.iloc[3] += 100
        one, two = (foretold(self.noise, its).iloc[3] for its in (self.outcome, other))
        assert one.tolist() == two.tolist()

    def test_foresight_is_told_from_luck(self):
        told = foresight(self.noise.assign(told=self.outcome * 2), self.outcome, 0, 50)
        assert told.error == pytest.approx(0)
        assert told.p == pytest.approx(1 / 51)
        luck = foresight(self.noise, self.outcome, 0, 50)
        assert luck.p > 0.05
        assert luck.median_error == told.median_error


def test_shares_of_longer_chains_as_powers_of_those_of_short_ones():
    shares = pd.DataFrame(
        [("one", 0, "two", 0.5), ("one", 0, "four", 0.25), ("one", 1, "two", 0.8)],
        columns=["condition", "seed", "split", "value"],
    )
    found = as_powers(shares, "two", {"four": 3}).set_index("measure")
    assert found.loc["predicted", "value"] == pytest.approx(0.125)
    assert found.loc["shortfall", "value"] == pytest.approx(-0.125)
    assert found["kind"].to_dict() == {"predicted": "share", "shortfall": "signed_share"}
    assert set(found["seed"]) == {0}  # the other run has no longer chains
