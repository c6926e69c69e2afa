"""Whether a state reveals its position.

A causal model without positional embeddings may work out positions for itself, since early ones see
little (Haviv et al. 2022, arXiv:2203.16634).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off, read_off_by_kernel
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset

NEEDS = ("residual_stream",)
SPLITS = ("test",)
QUANTITIES = {
    "position_explained": {"kind": "explained", "label": "R² of the position, linear"},
    "position_explained_by_kernel": {
        "kind": "explained",
        "label": "R² of the position, by a kernel",
    },
}

_SPLIT = "test"
_N_SEQUENCES = 24
_FITTED_ON = 0.75  # of the sequences


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """R² of the position as it is read off the residual stream, on sequences that the reading isn't fitted
    on, by block applications done (`layer`): `position_explained` by ridge regression,
    `position_explained_by_kernel` by one with a Gaussian kernel."""
    split = dataset.splits[_SPLIT]
    tokens = torch.from_numpy(split.tokens[:_N_SEQUENCES]).to(device_of(parameters))
    n, length = tokens.shape
    positions = torch.arange(length, device=tokens.device).double().repeat(n)[:, None]
    rows = torch.arange(n * length, device=tokens.device)
    fitted, tested = rows.split([int(_FITTED_ON * n) * length, (n - int(_FITTED_ON * n)) * length])
    right = positions[tested]
    scatter = (right - right.mean()).square().sum()
    ways = {"position_explained": read_off, "position_explained_by_kernel": read_off_by_kernel}
    for layer, states in enumerate(model.residual_stream(parameters, tokens)):
        for name, way in ways.items():
            said = way(states.flatten(0, 1), positions, fitted, tested)
            explained = 1 - (said - right).square().sum() / scatter
            yield Measurement(name, explained.item(), layer=layer)
