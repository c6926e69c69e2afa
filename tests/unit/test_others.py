"""Predictions from other conditions and seeds, and how two numbers go together, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.statistics import others

POINTS = pd.DataFrame(
    [("a", 0, 1.0, 2.0), ("a", 1, 2.0, 4.0), ("b", 0, 3.0, 6.0), ("b", 1, 4.0, 0.0)],
    columns=["condition", "seed", "before", "after"],
)


def test_each_run_as_those_of_other_conditions_and_seeds_let_expect_it():
    found = others.by_others(POINTS, "before", "after")
    # Through (3, 6) and (4, 0): 24 − 6x; through (1, 2) and (2, 4): 2x.
    assert found["line_of_other_conditions"].tolist() == pytest.approx([18, 12, 6, 8])
    assert found["mean_of_other_conditions"].tolist() == [3, 3, 3, 3]
    # Through (2, 4) and (4, 0): 8 − 2x; through (1, 2) and (3, 6): 2x.
    assert found["line_of_other_seeds"].tolist() == pytest.approx([6, 4, 2, 8])
    assert found["mean_of_other_seeds"].tolist() == [2, 4, 2, 4]
    assert found["same_condition"].tolist() == [4, 2, 0, 6]
    assert list(POINTS) == ["condition", "seed", "before", "after"]


def test_a_run_without_others_is_told_nothing_of():
    found = others.by_others(POINTS.iloc[:1], "before", "after").iloc[0]
    assert found.drop(["condition", "seed", "before", "after"]).isna().all()


def test_errors_are_those_of_seeds():
    points = POINTS.assign(guess=[3.0, 4.0, 3.0, 1.0])  # off by 1, 0, 3, 1: by 2 and 0.5
    (found,) = others.errors(points, "after", ["guess"]).itertuples()
    assert (found.prediction, found.mean) == ("guess", 1.25)
    assert 0 < found.low < 1.25 < found.high  # an error has no sign


def test_how_two_numbers_go_together():
    found = others.agreement(POINTS.assign(after=[-1.0, 1.0, 1.0, 3.0]), "before", "after")
    assert (found.n, found.same_sign) == (4, 3)
    assert found.correlation == pytest.approx(np.corrcoef([1, 2, 3, 4], [-1, 1, 1, 3])[0, 1])
    assert found.within == pytest.approx(1)


def test_a_line_by_its_ends():
    found = others.line_through(POINTS.iloc[:3], "before", "after")
    assert found.to_numpy().ravel().tolist() == pytest.approx([1, 2, 3, 6])
    assert others.line_through(POINTS.iloc[:1], "before", "after").empty
