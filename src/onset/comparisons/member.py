"""One of the runs that stand together, and a number that is found of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from onset import models
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.runs.artefacts import read_checkpoint, read_checkpoint_index, read_dataset
from onset.runs.steps import spread
from onset.store.layout import RunFolder
from onset.tasks.worlds import World

ItsModel = TypeVar("ItsModel")
ItsWorld = TypeVar("ItsWorld")


@dataclass(frozen=True)
class Member(Generic[ItsModel, ItsWorld]):
    """A finished run: its dataset, its model, and those of its checkpoints that are looked at."""

    folder: RunFolder
    condition: str
    """`STUDY/CONDITION` where it is of another study"""
    n_checkpoints: int = 1
    meant: int | None = None
    """the step of the one checkpoint that is meant, e.g. of a parent; None: as many as are asked for"""
    splits: tuple[str, ...] = ()
    """of the dataset, to be looked at; none named: all"""
    device: str = "cpu"

    @property
    def seed(self) -> int:
        return self.folder.seed

    @cached_property
    def dataset(self) -> ItsWorld:
        world: Any = self._world
        return world.only(self.splits) if self.splits else world

    @cached_property
    def training_data(self) -> ItsWorld:
        """All of the dataset, and the streams that are drawn afresh."""
        world: Any = read_dataset(self.folder, streams=True)
        return world

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that the training was told."""
        return self._index["settings"]

    @cached_property
    def model(self) -> ItsModel:
        """The architecture; its functions take `parameters`."""
        built: Any = models.build(self.settings["model"], *self._world.sizes)
        return built

    @cached_property
    def steps(self) -> list[int]:
        """Of the checkpoints to look at, in order."""
        if self.meant is not None:
            return [self.meant]
        return spread(self._index, self.n_checkpoints)

    def parameters(self, step: int | None = None) -> Parameters:
        """Of a checkpoint; of the last one to look at, if none is named."""
        return read_checkpoint(self.folder, self.steps[-1] if step is None else step, self.device)

    @cached_property
    def _world(self) -> World:
        return read_dataset(self.folder)

    @cached_property
    def _index(self) -> dict[str, Any]:
        return read_checkpoint_index(self.folder)


class Compared(NamedTuple):
    """A row of a comparison's table."""

    found: Measurement
    of: Member | None = None
    """whose number it is; None: of all that stand together"""
    other: Member | None = None
    """the one that it is set beside"""
    step: int | None = None
    """the checkpoint that it is about, where there are several"""
    other_step: int | None = None
    """the one that this is set beside, of the other run or of the same"""


ABOUT = ("condition", "seed", "other_condition", "other_seed", "step", "other_step")
"""columns of the table that say what a number is about, in front of those of `Measurement`"""


def columns_of(rows: list[Compared], members: list[Member]) -> dict[str, list]:
    """The table's columns.

    Where a number is of all that stand together, its condition and its seed are those that all have.
    """
    shared = {
        key: there.pop() if len(there := {getattr(its, key) for its in members}) == 1 else None
        for key in ("condition", "seed")
    }
    columns: dict[str, list] = {key: [] for key in (*ABOUT, *Measurement._fields)}
    for row in rows:
        of, other = row.of, row.other
        about = (
            of.condition if of else shared["condition"],
            of.seed if of else shared["seed"],
            other and other.condition,
            other and other.seed,
            row.step,
            row.other_step,
        )
        for column, entry in zip(columns.values(), (*about, *row.found), strict=True):
            column.append(entry)
    return columns
