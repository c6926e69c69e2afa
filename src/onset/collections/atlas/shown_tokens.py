"""Sequences shown to heads: random tokens that repeat, and the same number that don't."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

LONGEST = 64
"""tokens of a probe, of models that take more"""

_N_SEQUENCES = 64


class Probe(NamedTuple):
    """Row i of both has the same first tokens."""

    repeated: Int[np.ndarray, "sequences length"]
    fresh: Int[np.ndarray, "sequences length"]
    """no token twice: what a head pays to the same places here, it pays to places and not to tokens"""


def probe(n_tokens: int, length: int, seed: int = 0) -> Probe:
    """Segments of different tokens, drawn at random and repeated to the full length.

    From four tokens on, segments are a quarter to a half of the sequence, three at least: what came after
    a duplicate is then never the token before. Three tokens are the first two and the first again, and
    two don't repeat.

    Args:
        n_tokens: of the vocabulary; all are drawn, whatever they mean.
        length: of the model's sequences; no longer than the vocabulary, and at most LONGEST.
        seed: of what is random.
    """
    length = min(length, n_tokens, LONGEST)
    low, high = (max(3, length // 4), max(3, -(-length // 2))) if length > 3 else (2, 2)
    rng = np.random.Generator(np.random.Philox(seed))
    fresh = np.stack([rng.choice(n_tokens, length, replace=False) for _ in range(_N_SEQUENCES)])
    segments = rng.integers(low, high, size=_N_SEQUENCES, endpoint=True)
    repeated = [np.resize(its[:n], length) for its, n in zip(fresh, segments, strict=True)]
    return Probe(np.stack(repeated), fresh)
