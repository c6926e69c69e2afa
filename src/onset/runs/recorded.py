"""Checkpoints of a training that others have done: which they are is all that a run stores of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onset import models
from onset.runs.artefacts import Beginning, write_checkpoint
from onset.store.layout import RunFolder
from onset.store.origin import Origin


def write_recorded(
    folder: RunFolder,
    steps: Iterable[int],
    model: Mapping[str, Any],
    sizes: tuple[int, int],
    origin: Origin,
) -> Iterator[int]:
    """Write one step's after the other; each is loaded, so that one that isn't there is noticed now.

    Args:
        folder: the run's.
        steps: that there is a checkpoint of.
        model: settings that stand for the checkpoints of all steps.
        sizes: of the task.
        origin: the run's.

    Yields:
        Each step, when that is done.

    Raises:
        OSError: a checkpoint isn't there, or the hub can't be reached.
        ValueError: its tensors aren't those of the architecture.
    """
    for step in steps:
        its = Beginning(models.at_step(model, step), sizes, folder.seed)
        write_checkpoint(folder, step, its.parameters(), origin, its)
        yield step
