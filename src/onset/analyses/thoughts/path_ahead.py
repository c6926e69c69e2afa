"""How far ahead is a path known before the first step is written? A probe by layer and number of steps.

A ridge regression from the residual stream where the walk begins to the cell that lies so many steps ahead
on the shortest path, fitted on some mazes and scored on others. If each layer does one step of a
breadth-first search, one layer more reads one step farther (Brinkmann et al. 2024, arXiv:2402.11917, find a
model that climbs a tree layer by layer); then distances may be read as well, and cells on the way back from
the goal. Two controls: the same is fitted on which cells are start and goal, which is how far one gets
without knowing the maze; and to a cell as many steps from the start on another way, which takes as much
work and is of no use for the answer (Hewitt & Liang 2019, arXiv:1909.03368, on control tasks).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset, Split
from onset.tasks.reasoning import mazes
from onset.tasks.reasoning.reading import read

NEEDS = ("written", "left", "apart", "residual_stream")
SPLITS = ("train", "test")
QUANTITIES = {
    "ahead_read": {"kind": "share", "label": "accuracy of the probe, so many steps ahead"},
    "ahead_by_ends": {"kind": "share", "label": "the same from start and goal alone"},
    "aside_read": {"kind": "share", "label": "accuracy of the probe, as far on another way"},
    "behind_read": {"kind": "share", "label": "accuracy of the probe, so many steps from the goal"},
    "behind_by_ends": {"kind": "share", "label": "the same from start and goal alone"},
    "distance_read": {"kind": "share", "label": "accuracy of the probe, steps to the goal"},
    "distance_by_ends": {"kind": "share", "label": "the same from start and goal alone"},
}

_FARTHEST = 4  # steps
_FEWEST = 10  # mazes
_NONE = -1


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Fitted on `train` and scored on `test`, of the mazes whose goal is at least so far, by the number of
    steps ahead (`component`, from 1), where ten mazes or more are asked:

    * `ahead_read` by number of block applications done (`layer`): fraction of mazes in which the probe
      reads the right cell at the last token before the walk;
    * `aside_read`: the same of the cell as many steps from the start that is told first of those that
      aren't on the path;
    * `behind_read`: of the cell so many steps before the goal, if it isn't the start;
    * `distance_read` (no component): of how many steps it is from start to goal, if that differs;
    * `ahead_by_ends`, `behind_by_ends`, `distance_by_ends`: the same from start and goal, no matter what
      the maze is.
    """
    splits = [dataset.splits[name] for name in SPLITS]
    tokens = np.concatenate([_given(split) for split in splits])
    states = model.residual_stream(parameters, torch.from_numpy(tokens).to(device_of(parameters)))
    ends = _ends(dataset, tokens)
    is_test = np.arange(len(tokens)) >= len(splits[0])
    wanted = [_wanted(dataset, split) for split in splits]
    for kind, component in wanted[0]:
        its = np.concatenate([of_split[kind, component] for of_split in wanted])
        fitted, tested = (np.flatnonzero((its >= 0) & chosen) for chosen in (~is_test, is_test))
        if min(len(fitted), len(tested)) < _FEWEST or len(np.unique(its[its >= 0])) < 2:
            continue
        of = {"split": SPLITS[1], "component": component, "n_examples": len(tested)}
        for layer, of_layer in enumerate(states[:, :, -1].cpu()):
            value = _accuracy(of_layer, its, fitted, tested)
            yield Measurement(f"{kind}_read", value, layer=layer, **of)
        if kind != "aside":
            value = _accuracy(ends, its, fitted, tested)
            yield Measurement(f"{kind}_by_ends", value, **of)


def paths(dataset: Dataset, split: Split) -> Int[np.ndarray, "mazes farthest"]:
    """Cells of a shortest path, from the first step on; −1 behind the goal."""
    asked = _Asked.of(dataset, split)
    rows, here, left = np.arange(len(asked.start)), asked.start, asked.left
    far, found = left.max() + 1, []
    for _ in range(_FARTHEST):
        there = left[rows, here] > 0
        nearer = np.where(asked.following[rows, here] & (left >= 0), left, far).argmin(1)
        here = np.where(there, nearer, here)
        found.append(np.where(there, nearer, _NONE))
    return np.stack(found, 1)


class _Asked(NamedTuple):
    """Mazes, and how far their cells are."""

    edges: mazes.Edges
    following: mazes.Next
    start: mazes.Cells
    goal: mazes.Cells
    left: Int[np.ndarray, "mazes cells"]
    """steps to the goal"""

    @classmethod
    def of(cls, dataset: Dataset, split: Split) -> _Asked:
        asked = [read(dataset.n_tokens, its) for its in split.tokens]
        edges, start, goal = (np.array([its[i] for its in asked]) for i in range(3))
        following = mazes.next_of(edges, dataset.n_tokens)
        return cls(edges, following, start, goal, mazes.distances(following, goal))


def _wanted(
    dataset: Dataset, split: Split
) -> dict[tuple[str, int | None], Int[np.ndarray, " mazes"]]:
    """What is to be read by what it is called and steps; −1: nothing."""
    asked, ahead = _Asked.of(dataset, split), paths(dataset, split)
    come = mazes.distances(asked.following, asked.start)
    rows, apart = np.arange(len(ahead)), split.truth["apart"].astype(np.int64)
    wanted: dict[tuple[str, int | None], Int[np.ndarray, " mazes"]] = {("distance", None): apart}
    for steps in range(1, _FARTHEST + 1):
        its = ahead[:, steps - 1]
        wanted["ahead", steps] = its
        aside = (come == steps) & (np.arange(dataset.n_tokens) != its[:, None])
        wanted["aside", steps] = np.where(its < 0, _NONE, _told_first(asked.edges, aside))
        if steps < _FARTHEST:
            place = np.clip(apart - steps - 1, 0, _FARTHEST - 1)
            known = (apart > steps) & (apart - steps <= _FARTHEST)
            wanted["behind", steps] = np.where(known, ahead[rows, place], _NONE)
    return wanted


def _told_first(
    edges: mazes.Edges, those: Bool[np.ndarray, "mazes cells"]
) -> Int[np.ndarray, " mazes"]:
    """Of these cells the one that an edge names first; −1 where there is none."""
    named = edges.reshape(len(edges), -1)
    its = np.take_along_axis(those, named, 1)
    first = named[np.arange(len(named)), its.argmax(1)]
    return np.where(its.any(1), first, _NONE)


def _given(split: Split) -> Int[np.ndarray, "mazes given"]:
    """What is told before the walk."""
    return np.ascontiguousarray(split.tokens[:, : int(split.truth["written"][0].argmax())])


def _ends(dataset: Dataset, tokens: Int[np.ndarray, "mazes given"]) -> Tensor:
    """Start and goal as one of all pairs."""
    pairs = tokens[:, -3].astype(np.int64) * dataset.n_tokens + tokens[:, -2]
    return F.one_hot(torch.from_numpy(np.unique(pairs, return_inverse=True)[1])).float()


def _accuracy(
    states: Tensor,
    cells: Int[np.ndarray, " mazes"],
    fitted: Int[np.ndarray, " fitted"],
    tested: Int[np.ndarray, " tested"],
) -> float:
    right = torch.from_numpy(cells.clip(min=0))
    wanted = F.one_hot(right).double()
    said = read_off(states, wanted, torch.from_numpy(fitted), torch.from_numpy(tested))
    return (said.argmax(-1) == right[torch.from_numpy(tested)]).double().mean().item()
