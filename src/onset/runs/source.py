"""A finished run that another uses: in an intervention, or as the source of its dataset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from onset import models
from onset.models.batch import AnyModel, Parameters
from onset.runs.artefacts import read_checkpoint, read_checkpoint_index, read_dataset
from onset.store.layout import RunFolder
from onset.tasks.worlds import World


@dataclass(frozen=True)
class Source:
    """Its dataset, model and checkpoints."""

    folder: RunFolder
    step: int | None = None
    """of the checkpoint that is meant; None: the last"""

    @cached_property
    def dataset(self) -> World:
        return read_dataset(self.folder)

    @cached_property
    def model(self) -> AnyModel:
        """The architecture; its functions take `parameters`."""
        return models.build(self._index["settings"]["model"], *self.dataset.sizes)

    def parameters(self, step: int | None = None) -> Parameters:
        """Of a checkpoint; of the one that is meant, if none is named."""
        return read_checkpoint(self.folder, self.meant if step is None else step)

    @property
    def meant(self) -> int:
        """The step of the checkpoint that is meant."""
        return self._index["steps"][-1] if self.step is None else self.step

    @cached_property
    def _index(self) -> dict[str, Any]:
        return read_checkpoint_index(self.folder)
