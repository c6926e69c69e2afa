"""Stories whose people are called by more names than a grammar has."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Int

Stories = Int[np.ndarray, "sequences told"]


def renamed(
    stories: Stories,
    names: Iterable[Int[np.ndarray, " names"]],
    n_told: int,
    n_tokens: int,
    rng: np.random.Generator,
) -> Stories:
    """The same stories; in each, everybody has a name out of all that there are, and no two the same.

    Args:
        stories: as the grammar tells them.
        names: tokens of all names, of women and of men; those that the grammar has come first.
        n_told: how many of each that is.
        n_tokens: of the vocabulary.
        rng: that names are drawn with.
    """
    now = np.tile(np.arange(n_tokens), (len(stories), 1))
    for every in names:
        order = rng.random((len(stories), len(every))).argsort(1)[:, :n_told]
        now[:, every[:n_told]] = every[order]
    return np.take_along_axis(now, stories, 1)
