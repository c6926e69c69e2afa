"""Every edge patched by itself: what there is to know of single edges, and what others are graded by."""

from __future__ import annotations

import torch

from onset.analyses.circuits.patched import Patched, Scores


def score_edges(patched: Patched, seed: int) -> Scores:
    """By how much the merit of answers shrinks."""
    left = []
    for i, its in enumerate(patched.wiring.readings):
        kept = torch.ones(len(its.edges), patched.n_edges)
        kept[list(range(len(its.edges))), list(its.edges)] = 0
        left.append(patched.merits(kept, begin=i))
    return patched.whole - torch.cat(left)
