"""The null: edges in a random order."""

from __future__ import annotations

import numpy as np
import torch

from onset.analyses.circuits.patched import Patched, Scores

_OWN = 8_009  # a stream that no model's initial parameters are drawn from


def score_edges(patched: Patched, seed: int) -> Scores:
    """A number between 0 and 1."""
    rng = np.random.Generator(np.random.Philox(key=[seed, _OWN]))
    return torch.from_numpy(rng.random(patched.n_edges, dtype=np.float32))
