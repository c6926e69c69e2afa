"""Random numbers of nulls, from a stream that nothing else is drawn from.

Torch's numbers of a run's seed are those that its model's parameters begin with, the embeddings first, and
NumPy's Philox of that seed those that its world is drawn from. Directions drawn from either are no
null: they are the model's first embeddings, or the world's own.
"""

from __future__ import annotations

import numpy as np

_OF_NULLS = 8_009


def own_stream(seed: int) -> np.random.Generator:
    """The nulls' generator of this seed."""
    return np.random.Generator(np.random.Philox(key=[seed, _OF_NULLS]))
