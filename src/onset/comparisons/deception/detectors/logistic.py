"""A probe for truth, by logistic regression on honest answers alone; a lie goes against what it reads."""

from __future__ import annotations

import torch

from onset.comparisons.deception.case import Case, Scores
from onset.comparisons.deception.regression import log_odds


def score_lies(case: Case, seed: int) -> Scores:
    """By layer: log-odds that the opposite of the answer is true."""
    known, asked = case.honest, case.asked
    readings = zip(known.states, asked.states, strict=True)
    return torch.stack(
        [case.disagreement(log_odds(its, known.true, others)) for its, others in readings]
    )
