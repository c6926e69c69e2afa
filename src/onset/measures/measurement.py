"""One number that a measure found in one checkpoint."""

from __future__ import annotations

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
