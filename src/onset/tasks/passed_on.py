"""Signs to be passed on: of several places, what stands in the first is to be said again.

The simplest task that is done by parts that must all be there: as many factors as there are have to let the
signs through, and, where a model reads all places, it has to find out which to read. Signs of the first
place are all combinations of −1 and 1, so that they are uncorrelated, without noise; those of other places
are drawn.

    train   each combination of signs in the first place, `copies` times, trained whole
    test    the same with other signs in the other places; with one place, there is nothing else to be drawn
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from onset.settings import PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.vectors import VectorDataset, VectorSplit


class Settings(BaseSettings):
    """How many signs, in how many places."""

    name: Literal["passed_on"]
    n_signs: Annotated[PositiveInt, Field(le=12)] = 4
    n_places: PositiveInt = 1
    copies: PositiveInt = 1
    """of each combination of signs"""

    @property
    def d_in(self) -> int:
        return self.n_places * self.n_signs

    @property
    def d_out(self) -> int:
        return self.n_signs

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return self.copies * 2**self.n_signs * self.d_in

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", "test")

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train",)

    @property
    def samples(self) -> tuple[str, ...]:
        return ("test",)

    @property
    def truth(self) -> tuple[str, ...]:
        return ()


def generate(settings: Settings, seed: int) -> VectorDataset:
    """Both splits of one seed."""
    rng = np.random.Generator(np.random.Philox(seed))
    return VectorDataset({name: _drawn(settings, rng) for name in settings.splits})


def _drawn(settings: Settings, rng: np.random.Generator) -> VectorSplit:
    n = settings.n_signs
    combinations = np.arange(2**n)[:, None] >> np.arange(n) & 1
    first = np.tile(combinations, (settings.copies, 1))
    others = rng.integers(2, size=(len(first), settings.d_in - n))
    inputs = (2 * np.hstack([first, others]) - 1).astype(np.float32)
    return VectorSplit(inputs, inputs[:, :n].copy())
