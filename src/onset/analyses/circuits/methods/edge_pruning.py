"""Masks over edges, learnt by gradient descent (Bhaskar et al. 2024, "Finding transformer circuits with
edge pruning", arXiv:2406.16778), with the relaxed gates of Louizos et al. 2018 (arXiv:1712.01312)."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from onset.analyses.circuits.patched import Patched, Scores

N_STEPS = 60
RATE = 0.3
PRICE = 0.5
"""of keeping all edges, where losing all of the lead costs 1"""
_LOW, _HIGH, _TEMPERATURE = -0.1, 1.1, 2 / 3
_OWN = 8_011  # a stream that no model's initial parameters are drawn from


def score_edges(patched: Patched, seed: int) -> Scores:
    """How likely an edge's gate is to be open in the end."""
    rng = np.random.Generator(np.random.Philox(key=[seed, _OWN]))
    gates = torch.full((1, patched.n_edges), 2.0, requires_grad=True)
    optimiser = torch.optim.Adam([gates], lr=RATE)
    for _ in range(N_STEPS):
        drawn = torch.from_numpy(rng.random((1, patched.n_edges), dtype=np.float32))
        noise = drawn.clamp(1e-6, 1 - 1e-6).logit()
        open_by = ((noise + gates) / _TEMPERATURE).sigmoid()
        kept = (open_by * (_HIGH - _LOW) + _LOW).clamp(0, 1)
        share = patched.share_of(patched.merits_of(patched.run(kept)))
        patched.n_runs += 2
        loss = (1 - share).square().sum() + PRICE * _is_open(gates).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return _is_open(gates.detach()[0])


def _is_open(gates: Tensor) -> Tensor:
    """Probability of not being shut altogether."""
    return (gates - _TEMPERATURE * math.log(-_LOW / _HIGH)).sigmoid()
