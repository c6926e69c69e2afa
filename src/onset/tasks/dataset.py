"""What a task generates: splits of token sequences, with the ground truth that measures may use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int, Shaped

VALIDATION = "_validation"
"""Suffix of the part of a held-out split that settings may be chosen on; figures use the other part."""

_OPTIONAL = ("candidates", "familiar", "scored_at")  # arrays that a split may have


@runtime_checkable
class TaskSettings(Protocol):
    """What every task's settings tell of its dataset before it exists: the number of tokens, the
    longest sequence, the most hops, all splits, those that may be trained on, and the ground truth
    that some split carries (its facts' names, and `candidates` and `familiar` where it has them).

    Where not all splits carry all of it, `truth_of(split)` says which; where not all have sequences of the
    same length, `length_of(split)` says theirs; and `traits` (`onset.config.traits`) what else measures
    may count on. Of texts (`onset.tasks.texts`) the tokens are the model's, and `n_tokens` is 0."""

    @property
    def name(self) -> str: ...
    @property
    def n_tokens(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def max_hops(self) -> int: ...
    @property
    def splits(self) -> tuple[str, ...]: ...
    @property
    def trained(self) -> tuple[str, ...]: ...
    @property
    def truth(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, eq=False)
class Split:
    """Sequences of one length, all scored at the same positions, or each at its own. Equal is only the same
    object."""

    tokens: Int[np.ndarray, "examples length"]
    """behind an example's last scored position stands what nothing that is scored can see"""
    targets: Int[np.ndarray, "examples scored"]
    """the right token after each scored position"""
    scored: tuple[int, ...]
    """positions at which the model's prediction counts; none, where each example has its own"""
    hops: int = 1
    """steps of lookup that the answer takes"""
    truth: Mapping[str, Shaped[np.ndarray, "examples ..."]] = field(default_factory=dict)
    """what the world knows and the model is not told: a value for each example, such as the bridge entity,
    or one for each of its tokens"""
    candidates: Int[np.ndarray, " candidates"] | None = None
    """the tokens that could answer any of the questions at all; None: the task doesn't tell"""
    familiar: Bool[np.ndarray, " candidates"] | None = None
    """which candidates answer a question of this kind that may be trained; the others are withheld"""
    scored_at: Int[np.ndarray, "examples scored"] | None = None
    """the positions of each example, where they aren't the same for all"""

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def of_text(
        cls,
        tokens: Int[np.ndarray, "examples length"],
        truth: Mapping[str, Shaped[np.ndarray, "examples ..."]] | None = None,
    ) -> Split:
        """Text of which each token but the first is asked for, at the one before it."""
        return cls(tokens, tokens[:, 1:], tuple(range(tokens.shape[1] - 1)), truth=truth or {})

    def truth_at(self, fact: str, position: int) -> Shaped[np.ndarray, " examples"]:
        """What is known of each example, or of its token at a position."""
        its = self.truth[fact]
        return its if its.ndim == 1 else its[:, position]

    def truth_of_next(self, fact: str) -> Shaped[np.ndarray, "examples scored"]:
        """What is known of the token after each scored position: in a text, of the right answer."""
        return np.take_along_axis(self.truth[fact], self.positions + 1, 1)

    @property
    def positions(self) -> Int[np.ndarray, "examples scored"]:
        """The scored positions of each example, whether or not they are the same for all."""
        if self.scored_at is not None:
            return self.scored_at
        return np.tile(np.array(self.scored, np.int64), (len(self), 1))


Stream = Callable[[int, np.random.Generator], Split]
"""So many examples, drawn afresh."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """All splits of one world. Equal is only the same object."""

    kind: ClassVar[str] = "sequences"
    splits: Mapping[str, Split]
    vocabulary: tuple[str, ...]
    """the readable name of every token"""
    new_tokens: tuple[int, ...] = ()
    """tokens that an earlier training has not seen; a training may be confined to them"""
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """of ground truth that is a number of something: the readable name of each number"""
    streams: Mapping[str, Stream] = field(default_factory=dict)
    """what may be trained on in addition to the splits; no part of the stored dataset"""

    @property
    def n_tokens(self) -> int:
        return len(self.vocabulary)

    @property
    def length(self) -> int:
        """Of the longest sequences."""
        return max(split.tokens.shape[1] for split in self.splits.values())

    @property
    def sizes(self) -> tuple[int, int]:
        """What a model is built for: tokens, and positions of the longest sequences."""
        return self.n_tokens, self.length

    def only(self, splits: Collection[str]) -> Dataset:
        """The same world with some of its splits."""
        kept = {name: split for name, split in self.splits.items() if name in splits}
        return replace(self, splits=kept)

    def to_arrays(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """As named arrays and a JSON-like description, to be stored."""
        arrays: dict[str, np.ndarray] = {}
        about: dict[str, Any] = {
            "kind": self.kind,
            "vocabulary": list(self.vocabulary),
            "splits": {},
        }
        if self.new_tokens:
            about["new_tokens"] = list(self.new_tokens)
        if self.names:
            about["names"] = {fact: list(its) for fact, its in self.names.items()}
        for name, split in self.splits.items():
            arrays[f"{name}/tokens"] = split.tokens
            arrays[f"{name}/targets"] = split.targets
            for fact, values in split.truth.items():
                arrays[f"{name}/truth/{fact}"] = values
            for key in _OPTIONAL:
                if (values := getattr(split, key)) is not None:
                    arrays[f"{name}/{key}"] = values
            # Under numbers of its own, because canonical JSON sorts the keys.
            about["splits"][name] = {
                "order": len(about["splits"]),
                "scored": list(split.scored),
                "hops": split.hops,
                "truth": list(split.truth),
            }
        return arrays, about

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> Dataset:
        """The inverse of `to_arrays`."""
        in_order = sorted(about["splits"].items(), key=lambda item: item[1]["order"])
        splits = {
            name: Split(
                tokens=arrays[f"{name}/tokens"],
                targets=arrays[f"{name}/targets"],
                scored=tuple(split["scored"]),
                hops=split["hops"],
                truth={fact: arrays[f"{name}/truth/{fact}"] for fact in split["truth"]},
                **{key: arrays.get(f"{name}/{key}") for key in _OPTIONAL},
            )
            for name, split in in_order
        }
        return cls(
            splits=splits,
            vocabulary=tuple(about["vocabulary"]),
            new_tokens=tuple(about.get("new_tokens", ())),
            names={fact: tuple(its) for fact, its in about.get("names", {}).items()},
        )
