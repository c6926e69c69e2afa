"""A direction that makes a search go back: the difference of means, added while the model writes.

The mean state where a search goes back next minus the mean where it goes on (difference of means, as in
Marks & Tegmark 2023, arXiv:2310.06824; for backtracking of language models, Venhoff et al. 2025,
arXiv:2506.18167), measured on walks that are given and added in rollouts on other mazes, at several doses.
Beside it a random direction of the same norm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.measures.thoughts.searches import walks_of
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.models.rollouts import rollout
from onset.tasks.dataset import Dataset, Split

NEEDS = ("back", "left", "apart", "residual_stream", "read_on")
SPLITS = ("train", "test")
QUANTITIES = {
    "steered_back": {"kind": "count", "label": "times that the search goes back, steered"},
    "steered_reached": {"kind": "share", "label": "goal reached, steered"},
    "random_back": {"kind": "count", "label": "times that it goes back, random direction"},
    "random_reached": {"kind": "share", "label": "goal reached, random direction"},
    "back_norm": {"kind": "size", "label": "norm of the difference of means"},
}

_DOSES = (-4, -2, -1, 0, 1, 2, 4)  # times a quarter of the difference
_MOST_FITTED, _MOST_ASKED = 512, 96  # mazes


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`), from 1, where the direction is added; measured on
    `train`, steered on `test`, of that the mazes with start and goal farthest apart first:

    * `back_norm`: norm of the difference of means;
    * `steered_back`, `steered_reached`: how often a walk goes back, mean, and the fraction of mazes whose
      goal is reached, by dose (`component`), in quarters of the difference;
    * `random_back`, `random_reached`: the same with a random direction of its norm.
    """
    fitted, asked = (dataset.splits[name] for name in SPLITS)
    hardest = np.argsort(-asked.truth["apart"], kind="stable")[:_MOST_ASKED]
    rng = np.random.Generator(np.random.Philox(seed))
    for layer, direction in enumerate(_differences(model, parameters, fitted), 1):
        norm = direction.norm()
        # Not by PyTorch's generator, whose first numbers are the model's initial embeddings.
        noise = torch.from_numpy(rng.normal(size=direction.shape)).to(direction)
        ways = {"steered": direction, "random": noise * norm / noise.norm()}
        yield Measurement("back_norm", norm.item(), layer=layer)
        for way, its in ways.items():
            for dose in _DOSES:
                found = rollout(
                    model, parameters, asked.tokens[hardest], asked.truth["written"][hardest],
                    hops=asked.hops, added={layer: dose / 4 * its},
                )  # fmt: skip
                walks = walks_of(dataset, found)
                backs = float(np.mean([walk.n_back for walk in walks]))
                reached = float(np.mean([walk.reached for walk in walks]))
                of = {"split": SPLITS[1], "layer": layer, "component": dose}
                yield Measurement(f"{way}_back", backs, n_examples=len(walks), **of)
                yield Measurement(f"{way}_reached", reached, n_examples=len(walks), **of)


def _differences(
    model: ReadableModel, parameters: Parameters, split: Split
) -> Float[Tensor, "applications d_model"]:
    """After each block application, the mean state before `<` minus the mean before other cells."""
    tokens = split.tokens[:_MOST_FITTED]
    states = model.residual_stream(parameters, torch.from_numpy(tokens).to(device_of(parameters)))
    back = split.truth["back"][: len(tokens), 1:]
    on = split.truth["left"][: len(tokens), 1:] >= 0
    of_back, of_on = (states[1:, :, :-1][:, torch.from_numpy(its)].mean(1) for its in (back, on))
    return of_back - of_on
