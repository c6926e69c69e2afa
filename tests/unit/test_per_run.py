"""Numbers per run whose means are known, and runs that have none."""

from __future__ import annotations

import numpy as np
import pandas as pd

from onset.notebook import say
from onset.statistics import per_run
from onset.statistics.rows import where

INDEX = pd.MultiIndex.from_tuples(
    [(name, seed) for name in ("b", "a") for seed in (0, 1, 2)], names=["condition", "seed"]
)
NUMBERS = pd.Series([100.0, 400.0, np.nan, 10.0, 20.0, 30.0], INDEX)


def of(table: pd.DataFrame, condition: str) -> pd.Series:
    return where(table, condition=condition).iloc[0]


def test_means_are_over_those_runs_that_have_a_number():
    found = per_run.per_condition(NUMBERS)
    assert list(found["condition"]) == ["b", "a"]
    assert of(found, "b")[["n_runs", "n_there", "mean"]].tolist() == [3, 2, 250]


def test_intervals_stay_within_the_kind():
    shares = pd.Series([1.0, 0.9, 0.2, 0, 0, 0], INDEX)
    assert of(per_run.per_condition(shares, "share"), "b")["high"] <= 1
    assert of(per_run.per_condition(shares), "b")["high"] > 1


def test_no_run_has_a_number():
    found = of(per_run.per_condition(NUMBERS * np.nan), "a")
    assert found["n_there"] == 0
    assert np.isnan(found["mean"])


def test_rows_of_those_that_have_one():
    rows = NUMBERS.rename("value").reset_index()
    assert len(per_run.rows_of_runs(rows, NUMBERS)) == 5
    assert set(per_run.of_conditions(NUMBERS, ["a"]).index.unique("condition")) == {"a"}


def test_in_words():
    b, a = per_run.per_condition(NUMBERS).itertuples()
    assert say.counted(b) == "2 of 3"
    assert say.rounded(0)(b).startswith("250 [")
    assert say.rounded(0)(b).endswith("] (2 of 3 runs)")
    assert say.interval(a) == "20.00 [−4.84, 44.84]"
    nobody = next(per_run.per_condition(NUMBERS * np.nan).itertuples())
    assert say.interval(nobody) == "undefined (0 of 3 runs)"
    assert say.otherwise("never")(nobody) == "never"
    assert say.seeds([], none="undecided") == "undecided"
    assert say.seeds([0.5, np.nan, 0.5]) == "0.50 [0.50, 0.50] (2 of 3 runs)"
    assert say.thousands(12345) == r"12\,345"
