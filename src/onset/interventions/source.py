"""A finished run that an intervention looks at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from onset.artefacts import read_checkpoint, read_checkpoint_index, read_dataset
from onset.models.batch import Parameters
from onset.store.layout import RunFolder
from onset.tasks.dataset import Dataset


@dataclass(frozen=True)
class Source:
    """Its checkpoints, and the questions that heads are judged by."""

    folder: RunFolder

    @cached_property
    def dataset(self) -> Dataset:
        return read_dataset(self.folder)

    def parameters(self, step: int | None = None) -> Parameters:
        """Of a checkpoint; of the last, if none is named."""
        if step is None:
            step = read_checkpoint_index(self.folder)["steps"][-1]
        return read_checkpoint(self.folder, step)
