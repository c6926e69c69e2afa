"""Some of a run's checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(steps: Sequence[int], n: int) -> list[int]:
    """As many as n of the steps, evenly among them, the last always."""
    chosen = np.linspace(len(steps) - 1, 0, n).round().astype(int)
    return [steps[index] for index in sorted(set(chosen.tolist()))]
