"""The residual stream of a trained transformer at one place, with the known facts about it.

Of the parent's questions in some splits, the states after so many block applications at one position, or at
all scored positions, each different beginning of a sequence once: what comes later changes no state. Equal
states, such as those of a token before the first block, are one. States are centred and scaled, so that
their mean is zero and their mean squared norm the number of dimensions; by how much is part of the world's
truth.

    train   what dictionaries learn from
    test    other beginnings of sequences, in other states
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float32, Int, Shaped
from pydantic import Field, Strict

from onset.settings import Name, NonNegativeInt, Once, PositiveInt
from onset.settings import Settings as BaseSettings
from onset.tasks.vectors import VectorDataset, VectorSplit
from onset.tasks.worlds import length_of, truth_of

Share = Annotated[float, Field(gt=0, lt=1)]


class Settings(BaseSettings):
    """Which states are taken, and from which questions."""

    name: Literal["activations"]
    d_model: PositiveInt
    """of the parent"""
    layer: NonNegativeInt
    """block applications done"""
    position: NonNegativeInt | None = None
    """in the sequence; null: all scored positions"""
    of_splits: Annotated[tuple[Name, ...], Strict(False), Field(min_length=1), Once]
    """of the parent's task, with sequences of one length"""
    facts: Annotated[tuple[Name, ...], Strict(False), Once] = ()
    """ground truth of these splits that is kept; the token at the position, the one before it, and the
    right answer there, if it is asked for, are, too"""
    held_out: Share = 0.25
    """fraction of the states that are not trained on"""

    @property
    def from_parent(self) -> bool:
        return True

    @property
    def d_in(self) -> int:
        return self.d_model

    @property
    def d_out(self) -> int:
        return self.d_model

    @property
    def splits(self) -> tuple[str, ...]:
        return ("train", "test")

    @property
    def trained(self) -> tuple[str, ...]:
        return ("train",)

    @property
    def truth(self) -> tuple[str, ...]:
        return ("token", "token_before", "answer", *self.facts)

    @property
    def traits(self) -> tuple[str, ...]:
        return () if self.position is None else ("one_place",)

    def unfit(self, model: Any, task: Any) -> list[str]:
        """What is wrong with a parent of these settings."""
        if model.name != "transformer":
            return [f"its residual stream is wanted, and it is a {model.name}"]
        said = []
        if model.d_model != self.d_model:
            said.append(f"d_model is {self.d_model}, and the parent's {model.d_model}")
        if self.layer > model.n_applications:
            said.append(f"there are {model.n_applications} block applications, no {self.layer}")
        said += [
            f"its task has no split {its!r}" for its in self.of_splits if its not in task.splits
        ]
        said += [f"its task knows no {its!r}" for its in self.facts if its not in task.truth]
        if self.position is not None and self.position >= task.length:
            said.append(
                f"its sequences have {task.length} tokens, none at position {self.position}"
            )
        return said or [
            *self._unknown_facts(task),
            *self._unfit_lengths({its: length_of(task, its) for its in self.of_splits}),
        ]

    def _unknown_facts(self, task: Any) -> Iterator[str]:
        for split in self.of_splits:
            if lacks := [its for its in self.facts if its not in truth_of(task, split)]:
                yield f"its split {split!r} knows no {lacks[0]!r}"

    def _unfit_lengths(self, lengths: Mapping[str, int]) -> Iterator[str]:
        """Of the splits' sequences, by split."""
        if len(set(lengths.values())) > 1:
            counted = ", ".join(f"{split} of {n} tokens" for split, n in lengths.items())
            yield f"of_splits must have sequences of one length: {counted}"
            return
        for split, n in lengths.items():
            if self.position is not None and self.position >= n:
                yield f"its split {split!r} has {n} tokens a sequence, none at position {self.position}"


def generate(settings: Settings, seed: int, parent: Any) -> VectorDataset:
    """States of the parent, in two parts.

    Args:
        settings: which.
        seed: chooses the parts.
        parent: the run, an `onset.source.Source`.

    Raises:
        ValueError: there are too few different states for two parts.
    """
    import torch  # only here: planning needs none of it

    states, labels = [], []
    parameters = parent.parameters()
    with torch.inference_mode():
        for name in settings.of_splits:
            split = parent.dataset.splits[name]
            found = parent.model.residual_stream(parameters, torch.from_numpy(split.tokens))
            places = split.scored if settings.position is None else (settings.position,)
            for place in places:
                states.append(found[settings.layer, :, place].numpy())
                labels.append(_labels(settings, split, place))
    begun = np.concatenate([its.pop("begun") for its in labels])
    first = _first_of_each(begun)
    first = first[_first_of_each(np.concatenate(states)[first])]
    truth = {fact: np.concatenate([its[fact] for its in labels])[first] for fact in labels[0]}
    return _in_parts(settings, np.concatenate(states)[first], truth, seed)


def _first_of_each(rows: Shaped[np.ndarray, "rows entries"]) -> Int[np.ndarray, " different"]:
    """Where each different row stands first, in order."""
    return np.sort(np.unique(rows, axis=0, return_index=True)[1])


def _labels(
    settings: Settings, split: Any, place: int
) -> dict[str, Int[np.ndarray, "examples ..."]]:
    tokens = split.tokens
    begun = np.full_like(tokens, -1)
    begun[:, : place + 1] = tokens[:, : place + 1]
    unknown = np.full(len(tokens), -1)
    answers = dict(zip(split.scored, split.targets.T, strict=True))
    return {
        "begun": begun,
        "token": tokens[:, place],
        "token_before": tokens[:, place - 1] if place else unknown,
        "answer": answers.get(place, unknown),
        **{fact: split.truth_at(fact, place) for fact in settings.facts},
    }


def _in_parts(
    settings: Settings,
    states: Float32[np.ndarray, "examples dimensions"],
    truth: dict[str, Int[np.ndarray, " examples"]],
    seed: int,
) -> VectorDataset:
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(states))
    n_test = round(settings.held_out * len(states))
    if not 0 < n_test < len(states):
        raise ValueError(
            f"held_out {settings.held_out:g} of {len(states)} states leaves a part empty"
        )
    parts = {"train": np.sort(order[n_test:]), "test": np.sort(order[:n_test])}
    centre = states[parts["train"]].mean(0)
    scale = (states[parts["train"]] - centre).std() or 1.0
    splits = {
        name: VectorSplit(
            ((states[rows] - centre) / scale).astype("f4"),
            truth={fact: values[rows] for fact, values in truth.items()},
        )
        for name, rows in parts.items()
    }
    position = -1 if settings.position is None else settings.position
    place = np.array([settings.layer, position])
    return VectorDataset(
        splits, truth={"centre": centre, "scale": np.float32([scale]), "place": place}
    )
