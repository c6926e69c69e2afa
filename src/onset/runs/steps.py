"""Some of a run's checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from onset.training.settings import CheckpointSettings


def scheduled(index: Mapping[str, Any]) -> list[int]:
    """The steps of a run's checkpoints without those that it has only in finer stretches.

    What is to represent a whole training is taken from among these: otherwise a stretch that is there to
    say when something happens would have most of it.

    Args:
        index: of the run (`runs.artefacts.read_checkpoint_index`).
    """
    # Runs of older versions say otherwise what is finer, or that nothing is: it isn't asked for here.
    schedule = {**index["settings"]["checkpoints"], "finer": ()}
    its = CheckpointSettings.model_validate(schedule)
    return its.scheduled(index["settings"]["training"]["steps"])


def spread(index: Mapping[str, Any], n: int) -> list[int]:
    """As many as n of the scheduled steps, evenly among them, the last always."""
    steps = scheduled(index)
    chosen = np.linspace(len(steps) - 1, 0, n).round().astype(int)
    return [steps[place] for place in sorted(set(chosen.tolist()))]
