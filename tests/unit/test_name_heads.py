"""Which class a head is put into."""

import math

import pandas as pd
import pytest

from onset.statistics.name_heads import (
    BACKUP,
    INHIBITION,
    MOVER,
    NEGATIVE,
    NONE,
    SUBJECT,
    with_classes,
)

NOTHING = {
    "effect": 0.0,
    "right": 0.0,
    "rival": 0.0,
    "repeat": 0.0,
    "path": math.nan,
    "makes_up": math.nan,
}


def classes(*heads: dict[str, float], lead: float = 5.0) -> list[str]:
    rows = [{"layer": 0, "head": i, **NOTHING, **its} for i, its in enumerate(heads)]
    found = with_classes(pd.DataFrame(rows), lead)
    return found.sort_values("head")["class"].tolist()


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"effect": 0.5, "right": 0.6, "rival": 0.2}, MOVER),
        ({"effect": -0.5, "right": 0.6}, NEGATIVE),
        ({"effect": 2.0, "repeat": 0.7, "right": 0.1}, SUBJECT),
        ({"effect": 2.0, "rival": 0.2, "repeat": 0.1, "right": 0.1}, SUBJECT),
        ({"repeat": 0.6, "path": 0.3}, INHIBITION),
        ({"repeat": 0.1, "path": 0.3, "effect": 0.5}, NONE),
        ({"makes_up": 0.2}, BACKUP),
        ({"makes_up": 0.2, "effect": -0.5}, NONE),
        ({"effect": 0.5}, NONE),
        ({"effect": 0.5, "right": 0.3, "rival": 0.2, "repeat": 0.2}, SUBJECT),
    ],
)
def test_classes(head, expected):
    assert classes(head) == [expected]


def test_heads_that_do_nothing_are_left_out():
    assert classes({"effect": 0.05, "right": 0.9}, {"effect": 0.2, "right": 0.9}) == [MOVER]


def test_what_counts_grows_with_the_lead():
    assert classes({"effect": 0.2, "right": 0.9}, lead=20.0) == []


def test_the_largest_effects_come_first():
    rows = [{"layer": 1, "head": i, **NOTHING, "effect": e} for i, e in enumerate((0.2, -0.9, 0.4))]
    assert with_classes(pd.DataFrame(rows), 5.0)["head"].tolist() == [1, 2, 0]
