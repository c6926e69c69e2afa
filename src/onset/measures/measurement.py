"""One number that a measure found in one checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Measurement(NamedTuple):
    """A row of a run's table, but for the step."""

    measure: str
    value: float
    split: str | None = None
    """None: it concerns no data, e.g. a norm of the weights"""
    layer: int | None = None
    """block applications done, from 0 (before the first)"""
    head: int | None = None
    position: int | None = None
    """place in the sequence, from 0"""
    component: int | None = None
    """which of several things of a kind: a frequency, a feature, a neuron"""
    n_examples: int | None = None
    """that the value is a mean over, where they are fewer than all of the split"""


def by_head(
    measure: str, values: Sequence[Sequence[float]], split: str | None = None, **more: int | None
) -> Iterator[Measurement]:
    """A row for each head.

    Args:
        measure: its name.
        values: by block application and head.
        split: of all.
        more: what else is the same of all, such as `n_examples`.
    """
    for layer, of_layer in enumerate(values):
        for head, value in enumerate(of_layer):
            yield Measurement(measure, value, split, layer, head, **more)
