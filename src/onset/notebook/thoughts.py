"""Thoughts that a reader begins or changes, and what a model makes of them."""

from __future__ import annotations

import numpy as np

from onset.models.rollouts import rollout
from onset.runs.run import Run


def goes_on(run: Run, text: str, step: int | None = None) -> str:
    """A sequence as a model goes on with it, up to the longest that it can read.

    It says what it thinks most likely. To see what follows from a step of a thought, change that step and
    leave out what comes after it.

    Args:
        run: whose model.
        text: names (`run.dataset.vocabulary`) with spaces between, from the beginning.
        step: of the checkpoint, by default the last.

    Raises:
        ValueError: the world has no token of such a name, or the sequence is too long.
    """
    given = run.tokens(text).numpy()
    length = run.dataset.length
    tokens = np.zeros((1, length), np.int64)
    tokens[:, : given.shape[1]] = given
    written = np.arange(length)[None] >= given.shape[1]
    found = rollout(run.model, run.parameters(step), tokens, written)
    return " ".join(run.dataset.vocabulary[token] for token in found[0])
