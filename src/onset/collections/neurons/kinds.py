"""Kinds of neurons: by the facts that their descriptions go by, if these are clean."""

from __future__ import annotations

import numpy as np

CLEAN = 0.7
"""of φ, on places not used to choose the description: half of the variance of where the neuron is active"""
NO_KIND, SILENT = "none", "silent"


def kind(facts: str, cleanliness: float, silent: bool) -> str:
    """The kind of a neuron.

    Args:
        facts: that its description goes by.
        cleanliness: of its description.
        silent: whether it never gets above zero.
    """
    if silent:
        return SILENT
    return facts if cleanliness >= CLEAN else NO_KIND


def is_clean(cleanliness: np.ndarray | list[float]) -> np.ndarray:
    return np.asarray(cleanliness, float) >= CLEAN
