"""Logistic regression on states, as probes for truth or for lies have it."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

_INVERSE_PENALTY = 0.1


def log_odds(
    known: Float[Tensor, "known d_model"],
    labels: Bool[Tensor, " known"],
    asked: Float[Tensor, "asked d_model"],
) -> Float[Tensor, " asked"]:
    """That the label of each asked state is true, by a regression on the known ones, standardised."""
    its = make_pipeline(StandardScaler(), LogisticRegression(C=_INVERSE_PENALTY, max_iter=300))
    its.fit(known.numpy(), labels.numpy())
    return torch.from_numpy(its.decision_function(asked.numpy())).float()
