"""Is there a direction in what attention writes that says whether a one is carried, and is it used?

The direction is the difference of the mean states with and without a carry, where the digit is predicted.
It is read on other questions, and added or taken away there, as the other carry would have it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.answers.columns import columns_of
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import Dataset

NEEDS = ("columns", "heads")
SPLITS = ("test",)
QUANTITIES = {
    "carry_read": {"kind": "share", "label": "carries read off a direction"},
    "carry_read_null": {"kind": "share", "label": "shuffled carries read off a direction"},
    "carry_alike": {"kind": "cosine", "label": "cosine with the directions of other digits"},
    "carry_steered": {"kind": "share", "label": "answers with the other carry: its direction"},
    "carry_steered_null": {"kind": "share", "label": "answers with the other carry: a random one"},
}

_MOST = 256

States = Float[Tensor, "questions d_model"]


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By block application (`layer`) and column (`component`, 0: the ones) into which a one is carried in
    some questions and not in others, on the second half of the first 256 questions:

    * `carry_read`: fraction of carries that are told by the side of the middle between the two means of the
      first half on which the state lies; `carry_read_null`: the same of carries that have been shuffled;
    * `carry_alike`: mean cosine of the direction with those of the other columns;
    * `carry_steered`: fraction answered with the digit of the other carry when the direction is added or
      taken away; `carry_steered_null`: the same with a random direction that is as long.
    """
    split = dataset.splits[SPLITS[0]]
    bridge = inspection.open_bridge(model, parameters)
    names = [f"blocks.{layer}.hook_attn_out" for layer in range(bridge.cfg.n_layers)]
    tokens = torch.from_numpy(numbers(model, split.tokens[:_MOST])).to(bridge.W_E.device)
    _, cache = bridge.run_with_cache(tokens, names_filter=names)
    rng = np.random.Generator(np.random.Philox(seed))
    half = len(tokens) // 2
    columns = [its for its in columns_of(split, _MOST) if its.varies]
    for layer, name in enumerate(names):
        directions = {}
        for column in columns:
            where = {"split": SPLITS[0], "layer": layer, "component": column.number}
            where["n_examples"] = len(tokens) - half
            states = cache[name][:, column.position]
            shuffled = rng.permutation(column.carries)
            for measured, carries in (
                ("carry_read", column.carries),
                ("carry_read_null", shuffled),
            ):
                direction, middle = _direction(states[:half], carries[:half])
                told = (states[half:] @ direction > middle).numpy(force=True) == carries[half:]
                yield Measurement(measured, float(told.mean()), **where)
            direction, _ = _direction(states[:half], column.carries[:half])
            directions[column.number] = direction
            noise = torch.from_numpy(rng.standard_normal(len(direction))).to(direction)
            other = torch.from_numpy(numbers(model, column.otherwise_carried[half:]))
            sign = torch.from_numpy(1 - 2 * column.carries[half:])[:, None].to(direction)
            for measured, along in (
                ("carry_steered", direction),
                ("carry_steered_null", noise * direction.norm() / noise.norm()),
            ):
                hook = partial(_added, position=column.position, states=sign * along)
                said = bridge.run_with_hooks(tokens[half:], fwd_hooks=[(name, hook)])
                answers = said[:, column.position].argmax(-1).cpu()
                yield Measurement(measured, (answers == other).double().mean().item(), **where)
        yield from _alike(directions, layer)


def _direction(
    states: States, carries: Int[np.ndarray, " questions"]
) -> tuple[Float[Tensor, " d_model"], Float[Tensor, ""]]:
    """From the mean without a carry to the mean with one, and where the middle lies along it."""
    carried = torch.from_numpy(carries == 1).to(states.device)
    one, none = states[carried].mean(0), states[~carried].mean(0)
    direction = one - none
    return direction, (one + none) @ direction / 2


def _alike(directions: dict[int, Float[Tensor, " d_model"]], layer: int) -> Iterator[Measurement]:
    """How each direction lies to the others; nothing where there are no others."""
    if len(directions) < 2:
        return
    units = torch.stack([its / its.norm() for its in directions.values()])
    cosines = units @ units.T
    others = (cosines.sum(1) - cosines.diagonal()) / (len(units) - 1)
    for column, value in zip(directions, others.tolist(), strict=True):
        yield Measurement("carry_alike", value, SPLITS[0], layer, component=column)


def _added(
    written: Float[Tensor, "questions length d_model"], hook: object, position: int, states: States
) -> Tensor:
    written = written.clone()
    written[:, position] += states
    return written
