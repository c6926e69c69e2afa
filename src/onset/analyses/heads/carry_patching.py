"""Which heads bring the carry: what a head says in a question with the other carry is put in its place.

Activation patching (Vig et al. 2020, arXiv:2004.12265) with TransformerLens's hooks, where a digit is
predicted. The donor is another question in which the digit's own pair has the same sum, and the carry is
the other one; so if the heads that are patched bring the carry, the answer becomes the donor's. Null: a
donor with the same carry, whose answer is the question's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.answers.columns import Column, columns_of
from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import Dataset

NEEDS = ("columns", "heads")
SPLITS = ("test",)
QUANTITIES = {
    "carry_patched_follows": {"kind": "share", "label": "answers like the donor: one head"},
    "layer_patched_follows": {"kind": "share", "label": "answers like the donor: all heads"},
    "same_carry_follows": {"kind": "share", "label": "answers like a donor with the same carry"},
    "carry_donors": {"kind": "count", "label": "questions with a donor of the other carry"},
}

_MOST = 128
Rows = Int[np.ndarray, " pairs"]


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By column (`component`, 0: the ones) into which a one is carried in some questions and not in others,
    over those of the first 128 questions whose digit is right and for which there is a donor:

    * `carry_patched_follows` by block application (`layer`) and `head`: fraction answered with the donor's
      digit when the head's output is the donor's;
    * `layer_patched_follows` by `layer`: the same of all its heads together;
    * `same_carry_follows` by `layer`: the same with donors of the same carry;
    * `carry_donors`: of how many questions the first two are; 0, if an untrained model gives all the same
      answer: then there is nothing to be patched.
    """
    split = dataset.splits[SPLITS[0]]
    bridge = inspection.open_bridge(model, parameters)
    n_layers, n_heads = bridge.cfg.n_layers, bridge.cfg.n_heads
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(n_layers)]
    tokens = torch.from_numpy(numbers(model, split.tokens[:_MOST])).to(bridge.W_E.device)
    intact, cache = bridge.run_with_cache(tokens, names_filter=names)
    rng = np.random.Generator(np.random.Philox(seed))
    for column in (its for its in columns_of(split, _MOST) if its.varies):
        targets = torch.from_numpy(numbers(model, column.targets)).to(tokens.device)
        right = (intact[:, column.position].argmax(-1) == targets).numpy(force=True)
        other, same = (donors(column, right, alike, rng) for alike in (False, True))
        n_other = len(other[0])
        yield Measurement("carry_donors", float(n_other), SPLITS[0], component=column.number)
        patched = [("carry_patched_follows", other, head) for head in range(n_heads)]
        patched += [("layer_patched_follows", other, None), ("same_carry_follows", same, None)]
        for layer, name in enumerate(names):
            given = cache[name][:, column.position]
            for measured, (rows, givers), head in patched:
                if not len(rows):
                    continue
                heads = slice(None) if head is None else slice(head, head + 1)
                hook = partial(_replaced, position=column.position, heads=heads, by=given[givers])
                said = bridge.run_with_hooks(tokens[rows], fwd_hooks=[(name, hook)])
                follows = said[:, column.position].argmax(-1) == targets[givers]
                yield Measurement(
                    measured, follows.double().mean().item(), SPLITS[0], layer, head,
                    component=column.number, n_examples=len(rows),
                )  # fmt: skip


def donors(
    column: Column, may: np.ndarray, alike: bool, rng: np.random.Generator
) -> tuple[Rows, Rows]:
    """For each question another one with the same sum of the pair, and the same carry or the other one.

    Args:
        column: whose pair.
        may: which questions may be taken, shape (questions,).
        alike: whether the carry is the same.
        rng: of the choice.

    Returns:
        Questions that have one, and one of theirs each.
    """
    rows, givers = [], []
    for row in np.flatnonzero(may):
        its = may & (column.pairs == column.pairs[row])
        its &= (column.carries == column.carries[row]) == alike
        its[row] = False
        if its.any():
            rows.append(row)
            givers.append(rng.choice(np.flatnonzero(its)))
    return np.array(rows, int), np.array(givers, int)


def _replaced(
    z: Float[Tensor, "questions length heads d_head"],
    hook: object,
    position: int,
    heads: slice,
    by: Float[Tensor, "questions heads d_head"],
) -> Tensor:
    z = z.clone()
    z[:, position, heads] = by[:, heads]
    return z
