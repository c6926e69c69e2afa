"""Are a speaker's attributes linearly represented, from how few tokens, and along how many directions?

For each place of a turn, a ridge regression from the residual stream to one-hot vectors of the values is
fitted on some dialogues and scored on others, beside the best reader's likeliest value. It is fitted to
shuffled attributes, too. Linear probes for attributes of a user by turn: Chen et al. 2024
(arXiv:2406.07882).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.measures.listeners.turns import FITTED, HELD_OUT, by_turn, states_of, turns_of
from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset
from onset.tasks.language.dialogues import BEFORE_WORD, REPLY, SIGNS, TURN
from onset.tasks.language.listener_words import ATTRIBUTES

NEEDS = ("age", "dialect", "knowledge", "pet", "mood", "ideal_age", "residual_stream")
SPLITS = ("train", "test", "composed")
QUANTITIES = {
    "read_*": {"kind": "share", "label": "accuracy of the probe: *"},
    "shuffled_read_*": {"kind": "share", "label": "accuracy of the probe, shuffled: *"},
    "means_read_*": {"kind": "share", "label": "values told by the nearest mean: *"},
    "ideal_*": {"kind": "share", "label": "accuracy of the best reader: *"},
    "main_axis_*": {"kind": "share", "label": "spread of the means along one axis: *"},
}

_BY_TOKEN = 2  # turns
_SEED = 0  # of shuffles


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`), fitted on `train`, scored on `test` and `composed`:

    * `read_ATTRIBUTE`: accuracy of the probe where a word that depends on the attribute comes next for the
      first time in a reply (the place before the first word, where nothing depends on it), over all turns;
      `shuffled_read_ATTRIBUTE`: the same with attributes exchanged among dialogues;
    * `means_read_ATTRIBUTE`: the same by the nearest of the values' mean states, one direction per value;
    * `main_axis_ATTRIBUTE`, of attributes with more than two values: the part of the variance between
      these means that lies along one axis; 1: values stand in a line, ½: three of them in a triangle;
    * `read_ATTRIBUTE` in `test` by token (`position`) in the first two turns, and then where a reply
      begins; `ideal_ATTRIBUTE`: the same of the best reader, and over all turns where a reply begins.
    """
    states = states_of(model, parameters, dataset)
    asked = _Asked.of(dataset, {name: its.shape[1] for name, its in states.items()})
    for place in range(SIGNS, TURN):
        for layer in range(len(states[FITTED])):
            rows = torch.cat([its[layer][:, :, place].flatten(0, 1) for its in states.values()])
            for (way, name), right in asked.read(rows).items():
                if place == BEFORE_WORD[name]:
                    for split, its in asked.by_split(right):
                        yield Measurement(f"{way}_{name}", float(its.mean()), split, layer)
                if way == "read":
                    (_, its), *_ = asked.by_split(right)
                    for turn in _shown(place, its.shape[1]):
                        at = {"layer": layer, "position": turn * TURN + place}
                        yield Measurement(f"read_{name}", float(its[:, turn].mean()), "test", **at)
            for name in (its for its in ATTRIBUTES if BEFORE_WORD[its] == place):
                yield from asked.by_means(name, rows, layer)
    yield from _ideal(dataset)


@dataclass(frozen=True)
class _Asked:
    """The turns of `train`, `test` and `composed`, one after another, and what is to be read in them."""

    n_turns: int
    sizes: Mapping[str, int]
    """dialogues of each split"""
    labels: Mapping[tuple[str, str], Int[np.ndarray, " rows"]]
    """by way, `read` or `shuffled_read`, and attribute"""

    @classmethod
    def of(cls, dataset: Dataset, sizes: Mapping[str, int]) -> _Asked:
        rng = np.random.Generator(np.random.Philox(_SEED))
        labels = {}
        for name in ATTRIBUTES:
            its = [turns_of(dataset.splits[split], name, n) for split, n in sizes.items()]
            labels["read", name] = np.concatenate(its).ravel()
            mixed = [values[rng.permutation(len(values))] for values in its]
            labels["shuffled_read", name] = np.concatenate(mixed).ravel()
        return cls(its[0].shape[1], sizes, labels)

    @property
    def n_fitted(self) -> int:
        return self.sizes[FITTED] * self.n_turns

    def read(
        self, states: Float[Tensor, "rows d_model"]
    ) -> dict[tuple[str, str], Bool[np.ndarray, " tested"]]:
        """Where each probe is right, in all but the first split."""
        fitted = torch.arange(self.n_fitted)
        tested = torch.arange(self.n_fitted, len(states))
        wanted = {
            key: F.one_hot(torch.from_numpy(its)).double() for key, its in self.labels.items()
        }
        said = read_off(states, torch.cat([*wanted.values()], -1), fitted, tested)
        columns = said.split([its.shape[1] for its in wanted.values()], -1)
        return {
            key: its.argmax(-1).numpy() == self.labels[key][self.n_fitted :]
            for key, its in zip(wanted, columns, strict=True)
        }

    def by_split(
        self, right: Bool[np.ndarray, " tested"]
    ) -> Iterator[tuple[str, Bool[np.ndarray, "n turns"]]]:
        ends = np.cumsum([self.sizes[name] for name in HELD_OUT])[:-1]
        parts = np.split(right.reshape(-1, self.n_turns), ends)
        yield from zip(HELD_OUT, parts, strict=True)

    def by_means(
        self, name: str, states: Float[Tensor, "rows d_model"], layer: int
    ) -> Iterator[Measurement]:
        """What the means of the values say, and how they lie to each other."""
        labels = torch.from_numpy(self.labels["read", name])
        fitted = torch.arange(len(labels)) < self.n_fitted
        means = torch.stack(
            [states[fitted & (labels == its)].mean(0) for its in labels.unique()]
        ).double()
        nearest = torch.cdist(states[~fitted].double(), means).argmin(-1)
        right = (nearest == labels[~fitted]).numpy()
        for split, its in self.by_split(right):
            yield Measurement(f"means_read_{name}", float(its.mean()), split, layer)
        if len(means) > 2:
            between = torch.linalg.svdvals(means - means.mean(0)).square()
            main = (between[0] / between.sum()).item() if between.sum() else 1.0
            yield Measurement(f"main_axis_{name}", main, layer=layer)


def _shown(place: int, n_turns: int) -> list[int]:
    """The turns in which a place of a turn is shown."""
    return [*range(n_turns)] if place == REPLY else [*range(min(_BY_TOKEN, n_turns))]


def _ideal(dataset: Dataset) -> Iterator[Measurement]:
    for split in HELD_OUT:
        truth = dataset.splits[split].truth
        for name in ATTRIBUTES:
            right = by_turn(truth[f"ideal_{name}"].argmax(-1) == truth[name])
            yield Measurement(f"ideal_{name}", float(right[:, :, REPLY].mean()), split)
            for place in range(SIGNS, TURN) if split == "test" else ():
                for turn in _shown(place, right.shape[1]):
                    at = {"position": turn * TURN + place}
                    yield Measurement(
                        f"ideal_{name}", float(right[:, turn, place].mean()), split, **at
                    )
