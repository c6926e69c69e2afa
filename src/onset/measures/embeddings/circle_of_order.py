"""Do things that come in an endless order, such as days, lie on a circle in the embeddings?

Engels et al. 2024 (arXiv:2405.14860) find days and months on circles inside language models. Here, as in
the Fourier analysis of modular addition: of the variance of embeddings around their mean, which share is a
wave that goes around once in this order? The null is the same in shuffled orders.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset

NEEDS = ("candidates", "turn", "residual_stream")
QUANTITIES = {
    "order_on_circle": {"kind": "share", "label": "variance along a circle in this order"},
    "order_on_circle_null": {"kind": "share", "label": "the same in shuffled orders"},
    "orders_as_round": {"kind": "share", "digits": 3, "label": "shuffled orders as round as this"},
}

_ORDERS = 2000


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """Per split whose candidates stand in an endless order (`turn`), of what the first block is given:

    * `order_on_circle`: share of the variance that is a wave of one turn in this order;
    * `order_on_circle_null`: mean share in orders that are shuffled;
    * `orders_as_round`: fraction of these in which it is as large.
    """
    for name, split in dataset.splits.items():
        if "turn" not in split.truth or split.candidates is None:
            continue
        tokens = torch.from_numpy(split.candidates)[:, None].to(device_of(parameters))
        states = model.residual_stream(parameters, tokens)[0, :, 0].double().numpy(force=True)
        n, share = len(states), share_on_circle(states)
        rng = np.random.Generator(np.random.Philox(0))
        shuffled = np.array([share_on_circle(rng.permutation(states)) for _ in range(_ORDERS)])
        yield Measurement("order_on_circle", share, name, n_examples=n)
        yield Measurement("order_on_circle_null", shuffled.mean().item(), name, n_examples=n)
        yield Measurement("orders_as_round", (shuffled >= share).mean().item(), name)


def share_on_circle(states: Float[np.ndarray, "places d_model"]) -> float:
    """Of the variance around the mean: of states in an order, what a wave of one turn explains."""
    power = np.square(np.abs(np.fft.rfft(states - states.mean(0), axis=0))).sum(1)
    # What stands for two frequencies, k and −k, counts twice.
    power[1 : (len(states) + 1) // 2] *= 2
    return float(power[1] / power[1:].sum())
