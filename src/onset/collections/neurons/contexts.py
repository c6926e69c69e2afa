"""Places as texts: the tokens before one, the one there in «», and a few that follow."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from jaxtyping import Bool, Float, Int

from onset.collections.neurons.shown import Shown

BEFORE, AFTER = 12, 4
"""tokens of the context"""
N_TOP, N_COUNTER = 5, 3
"""places of a neuron at which it is most active, and of each sort of counterexample"""


def texts_of(seen: Shown) -> Callable[[int], str]:
    """The text of a place, by its number; made once, however many neurons show it."""

    @cache
    def text(place: int) -> str:
        tokens = seen.groups[seen.group[place]].tokens[seen.row[place]]
        at = int(seen.position[place])
        names = [seen.names.vocabulary[token] for token in tokens.tolist()]
        names[at] = f"«{names[at]}»"
        shown = names[max(0, at - BEFORE) : at + 1 + AFTER]
        cut = ["…"] * (at > BEFORE), ["…"] * (at + 1 + AFTER < len(names))
        return " ".join([*cut[0], *shown, *cut[1]])

    return text


def listed(
    chosen: Int[np.ndarray, " chosen"],
    values: Float[np.ndarray, " places"],
    number: Int[np.ndarray, " places"],
    text: Callable[[int], str],
) -> str:
    """Places, a line each: the neuron's value there, a tab, and the text.

    Args:
        chosen: of the layer's places.
        values: of the neuron at them all.
        number: of each in `Shown`.
        text: as `texts_of` makes it.
    """
    return "\n".join(f"{values[its]:.3g}\t{text(int(number[its]))}" for its in chosen)


def top(values: Float[np.ndarray, "places neurons"]) -> Int[np.ndarray, "top neurons"]:
    """The places at which each neuron is most active, the most first."""
    n = min(N_TOP, len(values))
    largest = np.argpartition(-values, n - 1, axis=0)[:n]
    order = np.argsort(-np.take_along_axis(values, largest, 0), axis=0, kind="stable")
    return np.take_along_axis(largest, order, 0)


def counterexamples(
    values: Float[np.ndarray, " places"],
    active: Bool[np.ndarray, " places"],
    named: Bool[np.ndarray, " places"],
    other_half: Bool[np.ndarray, " places"],
) -> tuple[Int[np.ndarray, " missed"], Int[np.ndarray, " unexplained"]]:
    """On the half for scoring: named places where the neuron isn't active, the least first, and places
    that aren't named where it is, the most active first."""
    missed = np.flatnonzero(named & ~active & other_half)
    unexplained = np.flatnonzero(active & ~named & other_half)
    least = missed[np.argsort(values[missed], kind="stable")]
    most = unexplained[np.argsort(-values[unexplained], kind="stable")]
    return least[:N_COUNTER], most[:N_COUNTER]
