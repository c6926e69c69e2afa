"""A finished run that a collection looks at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from onset.models.batch import Parameters
from onset.runs.artefacts import read_checkpoint
from onset.runs.source import Source


@dataclass(frozen=True)
class Subject(Source):
    """Its dataset, model and checkpoints, and what its training was like."""

    device: str = "cpu"
    """on which its parameters are asked for"""
    trained_on: Collection[str] = ()
    """names of splits"""
    from_scratch: bool = True
    """whether training begins with parameters drawn at random, and left as they were drawn"""

    @property
    def seed(self) -> int:
        return self.folder.seed

    @property
    def steps(self) -> list[int]:
        """Of all checkpoints; the last is what training led to."""
        return self._index["steps"]

    def parameters(self, step: int | None = None) -> Parameters:
        """Of a checkpoint, the last if none is named."""
        return read_checkpoint(self.folder, self.meant if step is None else step, self.device)
