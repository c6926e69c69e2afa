"""Edge attribution patching: all edges at once, to first order (Syed et al. 2023, arXiv:2310.10348)."""

from __future__ import annotations

from onset.analyses.circuits.patched import Patched, Scores


def score_edges(patched: Patched, seed: int) -> Scores:
    """The difference that an edge carries, times the gradient of what reads it."""
    return patched.attributed()
