"""What a task generates if it has no token sequences: splits of vectors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Shaped

_OF_THE_WORLD = "world.truth"  # no split's name: those have no points


@runtime_checkable
class VectorTaskSettings(Protocol):
    """What the settings of a task of vectors tell of its dataset before it exists: the entries of inputs
    and targets, all splits, those that may be trained on, and the names of the ground truth.

    A property `samples` names splits that aren't held out: they are drawn in the same way as the streams,
    to estimate the mean over the whole world, and where the world isn't continuous both may contain the
    same example.

    With a true property `from_parent`, the dataset is made from another run's model: conditions name a
    `parent`, and `generate(settings, seed, parent)` gets it as a `Source`. Such settings may have a
    method `unfit(model, task)` that says what is wrong with a parent of these settings, as a list of
    texts.
    """

    @property
    def name(self) -> str: ...
    @property
    def d_in(self) -> int: ...
    @property
    def d_out(self) -> int: ...
    @property
    def splits(self) -> tuple[str, ...]: ...
    @property
    def trained(self) -> tuple[str, ...]: ...
    @property
    def truth(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, eq=False)
class VectorSplit:
    """Vectors, and what is to be said to each. Equal is only the same object."""

    inputs: Float32[np.ndarray, "examples d_in"]
    targets: Float32[np.ndarray, "examples d_out"] | None = None
    """None: the inputs themselves, as of an autoencoder"""
    truth: Mapping[str, Shaped[np.ndarray, "examples ..."]] = field(default_factory=dict)
    """what the world knows of each example and the model is not told, e.g. the features in it"""

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def wanted(self) -> Float32[np.ndarray, "examples d_out"]:
        """What is to be said."""
        return self.inputs if self.targets is None else self.targets


VectorStream = Callable[[int, np.random.Generator], VectorSplit]
"""So many examples, drawn afresh."""


@dataclass(frozen=True, eq=False)
class VectorDataset:
    """All splits of one world. Equal is only the same object."""

    kind: ClassVar[str] = "vectors"
    splits: Mapping[str, VectorSplit]
    weights: Float32[np.ndarray, " d_out"] | None = None
    """how much an error in each entry of the targets counts; None: all the same"""
    truth: Mapping[str, np.ndarray] = field(default_factory=dict)
    """what is true of the world as a whole, e.g. the directions of its features"""
    streams: Mapping[str, VectorStream] = field(default_factory=dict)
    """what may be trained on in addition to the splits; no part of the stored dataset"""

    @property
    def sizes(self) -> tuple[int, int]:
        """What a model is built for: entries of inputs, entries of targets."""
        split = next(iter(self.splits.values()))
        return split.inputs.shape[1], split.wanted.shape[1]

    @property
    def new_tokens(self) -> tuple[int, ...]:
        """There are no tokens."""
        return ()

    def only(self, splits: Collection[str]) -> VectorDataset:
        """The same world with some of its splits."""
        kept = {name: split for name, split in self.splits.items() if name in splits}
        return replace(self, splits=kept)

    def to_arrays(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """As named arrays and a JSON-like description, to be stored."""
        arrays = {f"{_OF_THE_WORLD}/{fact}": values for fact, values in self.truth.items()}
        about: dict[str, Any] = {"kind": self.kind, "truth": list(self.truth), "splits": {}}
        if self.weights is not None:
            arrays["weights"] = self.weights
        for name, split in self.splits.items():
            arrays[f"{name}/inputs"] = split.inputs
            if split.targets is not None:
                arrays[f"{name}/targets"] = split.targets
            for fact, values in split.truth.items():
                arrays[f"{name}/truth/{fact}"] = values
            # Under numbers of its own, because canonical JSON sorts the keys.
            about["splits"][name] = {"order": len(about["splits"]), "truth": list(split.truth)}
        return arrays, about

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]
    ) -> VectorDataset:
        """The inverse of `to_arrays`."""
        in_order = sorted(about["splits"].items(), key=lambda item: item[1]["order"])
        splits = {
            name: VectorSplit(
                inputs=arrays[f"{name}/inputs"],
                targets=arrays.get(f"{name}/targets"),
                truth={fact: arrays[f"{name}/truth/{fact}"] for fact in split["truth"]},
            )
            for name, split in in_order
        }
        truth = {fact: arrays[f"{_OF_THE_WORLD}/{fact}"] for fact in about["truth"]}
        return cls(splits=splits, weights=arrays.get("weights"), truth=truth)
