"""Greedy pruning from the logits backwards (ACDC: Conmy et al. 2023, arXiv:2304.14997).

Edge by edge, one is cut for good if the lead then changes by less than a threshold. There the distance from
the whole model's answers is measured (KL); here, as by all methods, the lead.
"""

from __future__ import annotations

import torch

from onset.analyses.circuits.patched import Patched, Scores

THRESHOLDS = (0.01, 0.03, 0.1, 0.3)
"""of the difference that all edges make"""


def score_edges(patched: Patched, seed: int) -> Scores:
    """The highest threshold at which an edge stays, 0 if it does at none; with equal scores, the later the
    cut, the higher."""
    thresholds = torch.tensor(THRESHOLDS)
    kept = torch.ones(len(thresholds), patched.n_edges)
    shares = torch.ones(len(thresholds))
    for i, its in reversed([*enumerate(patched.wiring.readings)]):
        for edge in reversed(its.edges):
            # All thresholds are asked about an edge in one go: by themselves, such runs are too small.
            tried = kept.clone()
            tried[:, edge] = 0
            without = patched.shares(tried, begin=i)
            cut = (shares - without).abs() < thresholds
            kept[cut, edge] = 0
            shares = torch.where(cut, without, shares)
    return (kept * thresholds[:, None]).amax(0)
