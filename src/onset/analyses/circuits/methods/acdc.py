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
    found = torch.zeros(patched.n_edges)
    for threshold in THRESHOLDS:
        kept = torch.ones(1, patched.n_edges)
        share = 1.0
        for i, its in reversed([*enumerate(patched.wiring.readings)]):
            for edge in reversed(its.edges):
                kept[0, edge] = 0
                without = patched.shares(kept, begin=i).item()
                if abs(share - without) < threshold:
                    share = without
                else:
                    kept[0, edge] = 1
        found[kept[0] > 0] = threshold
    return found
