"""What a condition has beyond its null control."""

from __future__ import annotations

import pandas as pd
import pytest

from onset.statistics.nulls import beyond

ROWS = pd.DataFrame(
    [("mine", 0, 0.9), ("mine", 1, 0.7), ("null", 1, 0.5), ("null", 0, 0.6), ("null", 2, 0.1)],
    columns=["condition", "seed", "value"],
)


def test_seeds_are_paired():
    assert beyond(ROWS, "mine", "null").to_dict() == pytest.approx({0: 0.3, 1: 0.2})


def test_a_condition_that_was_not_run_leaves_none():
    assert beyond(ROWS, "mine", "another").empty


def test_several_values_of_a_run_are_refused():
    twice = pd.concat([ROWS, ROWS.assign(value=0.0)])
    with pytest.raises(ValueError, match="choose a measure, a split and a step"):
        beyond(twice, "mine", "null")
