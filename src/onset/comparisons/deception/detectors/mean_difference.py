"""A probe for truth, by the difference of means of true and false sentences, from honest answers alone.

Mass-mean probing (Marks & Tegmark 2023, arXiv:2310.06824), without a correction for covariance.
"""

from __future__ import annotations

import torch

from onset.comparisons.deception.case import Case, Scores


def score_lies(case: Case, seed: int) -> Scores:
    """By layer: how far the state is towards the opposite of the answer, from half way between the
    means."""
    known, asked = case.honest, case.asked
    true = known.states[:, known.true].mean(1)
    false = known.states[:, ~known.true].mean(1)
    from_middle = asked.states - ((true + false) / 2)[:, None]
    readings = torch.einsum("lnd,ld->ln", from_middle, true - false)
    return torch.stack([case.disagreement(its) for its in readings])
