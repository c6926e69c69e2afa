"""A model's rollouts on a dataset, computed once per checkpoint, then shared."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Int

from onset.measures.answers.asking import kept
from onset.models.batch import Model, Parameters
from onset.models.rollouts import rollout
from onset.tasks.dataset import VALIDATION, Dataset, Split


@kept
def rollouts_of_splits(
    model: Model, parameters: Parameters, dataset: Dataset
) -> dict[str, Int[np.ndarray, "_examples _length"]]:
    """Each split as the model goes on with it, saying what it thinks most likely; but for what is trained
    on, and validation parts.

    The model writes what the split's truth says is `written`.
    """
    return {
        name: rollout(model, parameters, its.tokens, its.truth["written"], hops=its.hops)
        for name, its in dataset.splits.items()
        if "written" in its.truth and name != "train" and not name.endswith(VALIDATION)
    }


def thought_of(split: Split) -> Bool[np.ndarray, "examples length"]:
    """Which states the model writes before it answers, with the last token."""
    found = split.truth["written"] & (split.truth["step"] > 0)
    found[:, -1] = False
    return found
