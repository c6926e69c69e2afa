"""Exponents of losses, measured and foreseen from how often skills are asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.statistics.power_laws import exponent, exponents, foreseen, remaining

ALPHA = 0.4


def zipf(n: int) -> np.ndarray:
    its = np.arange(1, n + 1, dtype=float) ** -(1 + ALPHA)
    return its / its.sum()


def test_the_exponent_of_a_power():
    across = np.array([1.0, 2.0, 8.0])
    assert exponent(across, 3 * across**-0.7) == pytest.approx(0.7)
    assert np.isnan(exponent(across[:1], across[:1]))


def test_what_remains_when_some_are_known():
    left = remaining(np.array([0.5, 0.2, 0.3]), np.array([0.0, 1, 2, 2.5, 3, 9]))
    assert left == pytest.approx([1, 0.5, 0.2, 0.1, 0, 0])


@pytest.mark.parametrize(
    ("power", "expected"), [(1.0, ALPHA), (1 / (1 + ALPHA), ALPHA / (1 + ALPHA))]
)
def test_without_end_the_exponents_are_those_of_the_theory(power, expected):
    """α of sizes, α/(1 + α) of steps and examples (Michaud et al. 2023)."""
    skills = zipf(10_000_000)
    across = np.geomspace(10, 1000, 9)
    # What is left of skills that end is less than of those that don't: by the same at each point.
    endless = foreseen(skills, across, 10.0, power) + len(skills) ** -ALPHA / ALPHA * skills[0]
    assert exponent(across, endless) == pytest.approx(expected, abs=0.02)


def test_few_skills_end_sooner():
    across = np.geomspace(10, 300, 9)
    assert exponent(across, foreseen(zipf(64), across, 1.0, 0.7)) > ALPHA / (1 + ALPHA)


def test_of_each_run_from_where_a_skill_is_known():
    across = np.array([1.0, 10.0, 20.0, 40.0])
    its = pd.DataFrame(
        {
            "condition": "one", "seed": 3, "across": across, "loss": [1, *across[1:] ** -0.5],
            "known": [0, 1, 0, 2],
        }
    )  # fmt: skip
    found = exponents(its, {("one", 3): zipf(64)}, 0.7)
    assert found["measured"]["one", 3] == pytest.approx(0.5)
    ideal = foreseen(zipf(64), across[1:], 1.0, 0.7)
    assert found["foreseen"]["one", 3] == pytest.approx(exponent(across[1:], ideal))
