"""What the pipeline needs from a world, whether of sequences or of vectors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

import numpy as np

from onset.tasks.dataset import Dataset, TaskSettings
from onset.tasks.vectors import VectorDataset, VectorTaskSettings


class World(Protocol):
    """A dataset of any kind. A measure that takes one asks of no split what only one kind has."""

    @property
    def kind(self) -> str:
        """`sequences` or `vectors`; model families say which they take."""
        ...

    @property
    def splits(self) -> Mapping[str, Any]: ...
    @property
    def streams(self) -> Mapping[str, Any]: ...
    @property
    def new_tokens(self) -> tuple[int, ...]: ...

    @property
    def sizes(self) -> tuple[int, int]:
        """What a model is built for: tokens and positions, or entries of inputs and of targets."""
        ...

    def only(self, splits: Collection[str]) -> World: ...
    def to_arrays(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]: ...


AnyTaskSettings = TaskSettings | VectorTaskSettings

_KINDS: dict[str, type[Dataset] | type[VectorDataset]] = {
    its.kind: its for its in (Dataset, VectorDataset)
}


def from_arrays(arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> World:
    """The inverse of a world's `to_arrays`: what was stored says of which kind it is."""
    return _KINDS[about.get("kind", Dataset.kind)].from_arrays(arrays, about)


def kind_of(task: AnyTaskSettings) -> str:
    """Of the dataset that a task will generate."""
    return (VectorDataset if isinstance(task, VectorTaskSettings) else Dataset).kind


def sizes_of(task: AnyTaskSettings) -> tuple[int, int]:
    """The `sizes` of the dataset that a task will generate."""
    if isinstance(task, VectorTaskSettings):
        return task.d_in, task.d_out
    return task.n_tokens, task.length


def truth_of(task: AnyTaskSettings, split: str) -> tuple[str, ...]:
    """The ground truth that a split will carry."""
    return task.truth_of(split) if hasattr(task, "truth_of") else task.truth


def length_of(task: TaskSettings, split: str) -> int:
    """Tokens in each sequence of a split."""
    return task.length_of(split) if hasattr(task, "length_of") else task.length


def in_words(task: AnyTaskSettings) -> bool:
    """Whether its examples are texts, whose tokens are the model's (`onset.tasks.texts`)."""
    return bool(getattr(task, "texts", False))


def drawn_from_parent(task: AnyTaskSettings) -> bool:
    """Whether the dataset is made from another run's model."""
    return bool(getattr(task, "from_parent", False))
