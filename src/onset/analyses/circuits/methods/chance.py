"""The null: edges in a random order."""

from __future__ import annotations

import torch

from onset.analyses.circuits.patched import Patched, Scores


def score_edges(patched: Patched, seed: int) -> Scores:
    """A number between 0 and 1."""
    return torch.rand(patched.n_edges, generator=torch.Generator().manual_seed(seed))
