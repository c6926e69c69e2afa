"""Attribution patching by parts (Nanda 2023, "Attribution patching: activation patching at industrial
scale").

An edge is worth no more than the lesser of its two ends, whichever edge between them carries it.
"""

from __future__ import annotations

import torch

from onset.analyses.circuits.patched import Patched, Scores
from onset.models.transformer.wiring import LOGITS


def score_edges(patched: Patched, seed: int) -> Scores:
    """The score of the writer or that of the part that reads it, whichever is nearer to 0."""
    edges = patched.wiring.edges
    by_part = dict.fromkeys(patched.wiring.writers, 0.0)
    for edge, score in zip(edges, patched.attributed().tolist(), strict=True):
        by_part[edge.writer] += score
    by_part[LOGITS] = float("inf")
    ends = [(by_part[edge.writer], by_part[edge.part]) for edge in edges]
    return torch.tensor([min(its, key=abs) for its in ends])
