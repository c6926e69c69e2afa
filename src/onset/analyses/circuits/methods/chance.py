"""The null: edges in a random order."""

from __future__ import annotations

import numpy as np
import torch

from onset.analyses.circuits.patched import Patched, Scores
from onset.statistics.chance import own_stream


def score_edges(patched: Patched, seed: int) -> Scores:
    """A number between 0 and 1."""
    return torch.from_numpy(own_stream(seed).random(patched.n_edges, dtype=np.float32))
