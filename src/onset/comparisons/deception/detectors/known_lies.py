"""A probe for lying, by logistic regression on honest answers and lies of the kind that is known."""

from __future__ import annotations

import torch

from onset.comparisons.deception.case import Case, Scores
from onset.comparisons.deception.regression import log_odds


def score_lies(case: Case, seed: int) -> Scores:
    """By layer: log-odds that it is a lie."""
    is_lie = torch.arange(len(case.honest.said) + len(case.lies.said)) >= len(case.honest.said)
    known = torch.cat([case.honest.states, case.lies.states], 1)
    both = zip(known, case.asked.states, strict=True)
    return torch.stack([log_odds(its, is_lie, others) for its, others in both])
