"""How far ahead is a path known before the first step is written? A probe by layer and number of steps.

A ridge regression from the residual stream where the walk begins to the cell that lies so many steps ahead
on the shortest path, fitted on some mazes and scored on others. If each layer does one step of a
breadth-first search, one layer more reads one step farther (Brinkmann et al. 2024, arXiv:2402.11917, find a
model that climbs a tree layer by layer). As a control the same is fitted on which cells are start and goal:
how far one gets without knowing the maze.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset, Split
from onset.tasks.reasoning import mazes
from onset.tasks.reasoning.search import read

NEEDS = ("written", "left", "apart", "residual_stream")
SPLITS = ("train", "test")
QUANTITIES = {
    "ahead_read": {"kind": "share", "label": "accuracy of the probe, so many steps ahead"},
    "ahead_by_ends": {"kind": "share", "label": "the same from start and goal alone"},
}

_FARTHEST = 4  # steps
_FEWEST = 10  # mazes


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Fitted on `train` and scored on `test`, of the mazes whose goal is at least so far, by the number of
    steps ahead (`component`, from 1), where ten mazes or more are asked:

    * `ahead_read` by number of block applications done (`layer`): fraction of mazes in which the probe
      reads the right cell at the last token before the walk;
    * `ahead_by_ends`: the same from start and goal, no matter what the maze is.
    """
    splits = [dataset.splits[name] for name in SPLITS]
    tokens = np.concatenate([_given(split) for split in splits])
    states = model.residual_stream(parameters, torch.from_numpy(tokens).to(device_of(parameters)))
    path = np.concatenate([paths(dataset, split) for split in splits])
    ends = _ends(dataset, tokens)
    is_test = np.arange(len(tokens)) >= len(splits[0])
    for ahead in range(1, _FARTHEST + 1):
        cells = path[:, ahead - 1]
        fitted, tested = (np.flatnonzero((cells >= 0) & its) for its in (~is_test, is_test))
        if min(len(fitted), len(tested)) < _FEWEST:
            continue
        of = {"split": SPLITS[1], "component": ahead, "n_examples": len(tested)}
        for layer, its in enumerate(states[:, :, -1].cpu()):
            value = _accuracy(its, cells, fitted, tested)
            yield Measurement("ahead_read", value, layer=layer, **of)
        yield Measurement("ahead_by_ends", _accuracy(ends, cells, fitted, tested), **of)


def paths(dataset: Dataset, split: Split) -> Int[np.ndarray, "mazes farthest"]:
    """Cells of a shortest path, from the first step on; −1 behind the goal."""
    asked = [read(dataset.n_tokens, its) for its in split.tokens]
    following = mazes.next_of(np.array([its.edges for its in asked]), dataset.n_tokens)
    left = mazes.distances(following, np.array([its.goal for its in asked]))
    rows, here = np.arange(len(asked)), np.array([its.start for its in asked])
    far = left.max() + 1
    found = []
    for _ in range(_FARTHEST):
        there = left[rows, here] > 0
        nearer = np.where(following[rows, here] & (left >= 0), left, far).argmin(1)
        here = np.where(there, nearer, here)
        found.append(np.where(there, nearer, -1))
    return np.stack(found, 1)


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
