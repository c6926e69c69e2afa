"""Edge attribution patching with integrated gradients (Hanna et al. 2024, arXiv:2403.17806).

Where attention is sharp, its gradient vanishes; so gradients are averaged on the way from the twin's tokens
to the question's own.
"""

from __future__ import annotations

import torch

from onset.analyses.circuits.patched import Patched, Scores
from onset.models.transformer.wiring import TOKENS

N_STEPS = 8


def score_edges(patched: Patched, seed: int) -> Scores:
    """The difference that an edge carries, times the mean gradient of what reads it."""
    from_tokens = torch.tensor([[float(edge.writer == TOKENS) for edge in patched.wiring.edges]])
    found = []
    for step in range(1, N_STEPS + 1):
        kept = 1 - from_tokens * (1 - step / N_STEPS)
        found.append(patched.attributed(kept.requires_grad_()))
    return torch.stack(found).mean(0)
