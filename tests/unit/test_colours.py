"""The colours of maps: each kind's own range, zero in the middle where there is something on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from onset.figures.colours import colour_scale
from onset.statistics.kinds import KINDS

VALUES = np.array([[0.2, 3.0], [np.nan, 1.5]])


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("share", 0, 1),
        ("angle", 0, 180),
        ("nats", 0, 3),
        ("rank", 1, 3),
        ("cosine", -1, 1),
        ("logits", -3, 3),
        ("explained", -1, 1),
    ],
)
def test_the_range_is_the_kinds_or_the_values(kind, low, high):
    found = colour_scale(kind, VALUES)
    assert (found["vmin"], found["vmax"]) == (low, high)


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_range_whatever_there_is(kind):
    for values in (np.full((1, 2), np.nan), np.zeros((1, 1)), -VALUES):
        found = colour_scale(kind, values)
        assert np.isfinite([found["vmin"], found["vmax"]]).all()
        assert found["vmin"] < found["vmax"]


def test_what_has_two_sides_is_told_from_what_has_one():
    assert colour_scale("cosine", VALUES)["cmap"] != colour_scale("share", VALUES)["cmap"]
    assert colour_scale("nats", VALUES)["cmap"] == colour_scale("share", VALUES)["cmap"]
