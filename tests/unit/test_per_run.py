"""Numbers per run whose means, factors and order are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.notebook import say
from onset.statistics import per_run
from onset.statistics.rows import where

INDEX = pd.MultiIndex.from_tuples(
    [(name, seed) for name in ("b", "a") for seed in (0, 1, 2)], names=["condition", "seed"]
)
STEPS = pd.Series([100.0, 400.0, np.nan, 10.0, 20.0, 30.0], INDEX)


def of(table: pd.DataFrame, condition: str) -> pd.Series:
    return where(table, condition=condition).iloc[0]


def test_means_are_over_those_runs_that_get_there():
    found = per_run.per_condition(STEPS)
    assert list(found["condition"]) == ["b", "a"]
    assert of(found, "b")[["n_runs", "n_there", "mean"]].tolist() == [3, 2, 250]
    geometric = per_run.per_condition(STEPS, geometric=True)
    assert of(geometric, "b")["mean"] == pytest.approx(200)


def test_intervals_stay_within_the_kind():
    shares = pd.Series([1.0, 0.9, 0.2, 0, 0, 0], INDEX)
    assert of(per_run.per_condition(shares, "share"), "b")["high"] == 1
    assert of(per_run.per_condition(shares), "b")["high"] > 1


def test_no_run_gets_there():
    found = of(per_run.per_condition(STEPS * np.nan, geometric=True), "a")
    assert found["n_there"] == 0
    assert np.isnan(found["mean"])


def test_factors_are_within_seeds():
    found = per_run.relative(STEPS, "a", ["b", "not there"])
    assert found["b"].tolist()[:2] == [10, 20]
    assert np.isnan(found["b", 2])
    factor = per_run.factors(STEPS, "a", ["b"])
    assert factor["mean"].item() == pytest.approx(np.sqrt(200))


def test_there_are_no_factors_without_the_other_condition():
    assert per_run.relative(STEPS, "not there", ["b"]).isna().all()
    assert per_run.relative(STEPS, "a", ["not there"]).empty
    assert per_run.factors(STEPS, "a", ["not there"]).empty


def test_each_over_its_null():
    found = per_run.over_nulls(STEPS, {"b": "a", "not there": "a"})
    assert list(found["condition"]) == ["b"]


def test_the_middle_and_the_ends():
    found = of(per_run.middle(STEPS), "a")
    assert found[["median", "lowest", "highest"]].tolist() == [20, 10, 30]


def test_columns_are_kept_apart():
    found = per_run.of_columns(pd.DataFrame({"x": STEPS, "y": 2 * STEPS}), "mark")
    assert of(where(found, mark="y"), "a")["mean"] == 40


def test_rows_of_those_that_get_there():
    rows = STEPS.rename("value").reset_index()
    assert len(per_run.rows_of_runs(rows, STEPS)) == 5
    assert set(per_run.of_conditions(STEPS, ["a"]).index.unique("condition")) == {"a"}


def test_in_words():
    b, a = per_run.per_condition(STEPS).itertuples()
    assert say.counted(b) == "2 of 3"
    assert say.if_all(say.mean)(b) == "undefined"
    assert say.if_all(say.mean)(a) == "20.00"
    nobody = next(per_run.per_condition(STEPS * np.nan).itertuples())
    assert say.otherwise("never")(nobody) == "never"
    assert say.middle(next(per_run.middle(STEPS).itertuples())) == "250 (100 to 400)"
    assert say.seeds([], none="undecided") == "undecided"
    assert say.thousands(12345) == r"12\,345"
