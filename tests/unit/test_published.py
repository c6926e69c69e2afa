"""Whether ours agrees with what is published: by a border that stands in the config."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from onset.config.published import PublishedSettings
from onset.statistics.agreement import agrees
from onset.statistics.seeds import Summary

SAID = {"quantity": "accuracy", "published": ".9", "source": "Somebody 2024, table 1"}


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ({"value": 0.9, "within": 0.1}, (pytest.approx(0.8), pytest.approx(1.0))),
        ({"value": 100, "factor": 2}, (50, 200)),
        ({"above": 0.5}, (0.5, None)),
        ({"value": 0.0, "below": 0.1}, (None, 0.1)),
        ({"above": 0.5, "below": 0.7}, (0.5, 0.7)),
    ],
)
def test_where_ours_agrees(rule, allowed):
    its = PublishedSettings(**SAID, **rule)
    assert its.range == allowed
    assert its.told["allowed"] == list(allowed)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({}, "when does ours agree"),
        ({"value": 0.9}, "when does ours agree"),
        ({"value": 0.9, "within": 0.1, "factor": 2}, "when does ours agree"),
        ({"value": 0.9, "within": 0.1, "above": 0.5}, "when does ours agree"),
        ({"within": 0.1}, "within of which value"),
        ({"value": -1, "factor": 2}, "above 0, not -1"),
        ({"above": 0.7, "below": 0.5}, "nothing is above 0.7 and below 0.5"),
    ],
)
def test_a_rule_that_decides_nothing_is_refused(rule, says):
    with pytest.raises(ValidationError, match=says):
        PublishedSettings(**SAID, **rule)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.85, 0.95, True),
        (0.8, 1.0, True),
        (0.3, 0.79, False),
        (1.01, 1.2, False),
        (0.79, 0.95, None),
        (0.0, 2.0, None),  # it holds the number, and says nothing
        (math.nan, math.nan, None),
    ],
)
def test_an_interval_agrees_disagrees_or_is_too_wide(low, high, said):
    assert agrees(Summary(0.9, low, high), 0.8, 1.0) is said


def test_without_an_end_all_beyond_is_allowed():
    assert agrees(Summary(5, 4, 6), 0.5, None) is True
    assert agrees(Summary(5, 4, 6), None, 0.5) is False
