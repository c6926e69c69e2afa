"""Losses that fall as a power of something, and what power the frequencies of skills let one expect.

If skills are learnt one after another, the most frequent first, and each at once, then the loss is that of
the skills that aren't known yet: their frequencies' sum (Michaud et al. 2023, arXiv:2303.13506, "Theory").
With frequencies proportional to i^−(α + 1) without end, n known skills leave n^−α; a training that needs
1/p steps, or examples, for a skill of frequency p knows n ∝ S^(1/(α + 1)) after S of them, and a network of
N parameters has room for n ∝ N skills.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from jaxtyping import Float

from onset.statistics.per_run import by_run

KNOWN = 0.5
"""squared error below which a skill is known; 1: nothing is"""


def exponent(across: Float[np.ndarray, " n"], losses: Float[np.ndarray, " n"]) -> float:
    """−d log(loss) / d log(across), by least squares; NaN of fewer than two."""
    if len(across) < 2:
        return np.nan
    return float(-np.polyfit(np.log(across), np.log(losses), 1)[0])


def remaining(
    frequencies: Float[np.ndarray, " skills"], known: Float[np.ndarray, " n"]
) -> Float[np.ndarray, " n"]:
    """The loss when so many skills are known, the most frequent first; in between, a straight line."""
    tail = np.append(1.0, 1.0 - np.cumsum(np.sort(frequencies)[::-1]))
    return np.interp(known, np.arange(len(tail)), tail)


def foreseen(
    frequencies: Float[np.ndarray, " skills"],
    across: Float[np.ndarray, " n"],
    first: float,
    power: float,
) -> Float[np.ndarray, " n"]:
    """The losses that frequencies let one expect, of no more skills than there are.

    Args:
        frequencies: of the skills.
        across: steps, examples or widths, the smallest first.
        first: skills that are known at the first of them.
        power: skills are known in proportion to this power of them: 1/(α + 1), or 1 of sizes.
    """
    return remaining(frequencies, first * (across / across[0]) ** power)


def exponents(
    points: pd.DataFrame, frequencies: Mapping[tuple[str, int], np.ndarray], power: float
) -> dict[str, pd.Series]:
    """What each run's losses, or those of a row of runs, fall with, and what is foreseen.

    Args:
        points: condition, seed, across, loss, known (skills), the smallest first within a run.
        frequencies: of the skills, by condition and seed.
        power: as of `foreseen`.

    Returns:
        `measured` and `foreseen`, by condition and seed: NaN where at fewer than two points some skill is
        known, and not all of the loss is gone.
    """
    found: dict[str, dict[tuple[str, int], float]] = {"measured": {}, "foreseen": {}}
    for run, its in points.groupby(["condition", "seed"], sort=False, observed=True):
        begun = its[(its["known"] >= 1).cummax() & (its["loss"] > 0)]
        across, losses = begun[["across", "loss"]].to_numpy(float).T
        found["measured"][run] = exponent(across, losses)
        found["foreseen"][run] = np.nan
        if len(begun) > 1:
            first = float(begun["known"].iloc[0])
            ideal = foreseen(frequencies[run], across, first, power)
            there = ideal > 1e-9
            found["foreseen"][run] = exponent(across[there], ideal[there])
    return {name: by_run(its) for name, its in found.items()}
