"""What is shown: sequences from different splits, and checkpoints spread over training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from onset.models.batch import Model
from onset.runs.token_names import numbers
from onset.tasks.dataset import VALIDATION, Dataset
from onset.views.packing import cells

MOST_CHECKPOINTS = 16
MOST_EXAMPLES = 4
MOST_SEQUENCES = 256
MOST_BYTES = 1 << 19
"""of attention: what makes a page too heavy is the square of the length"""


class Example(NamedTuple):
    """A sequence, in the numbers of the model's bridge."""

    split: str
    held_out: bool
    tokens: Int[np.ndarray, " length"]
    scored: tuple[int, ...]
    right: Int[np.ndarray, " scored"]
    depth: int | None
    """block applications after which it is answered; None in families whose depth is fixed"""


def limits(n_maps: int, length: int, n_checkpoints: int) -> tuple[int, int]:
    """How many checkpoints, and examples at each, are not too many bytes.

    Args:
        n_maps: attention patterns of an example: layers times heads.
        length: of the longest sequences.
        n_checkpoints: that there are.
    """
    each = n_maps * cells(length)
    checkpoints = min(max(2, MOST_BYTES // each), MOST_CHECKPOINTS, n_checkpoints)
    return checkpoints, min(max(1, MOST_BYTES // (each * checkpoints)), MOST_EXAMPLES)


def spread(n: int, of: int) -> list[int]:
    """At most `n` of so many places, evenly, the last one among them, and for more than one the first."""
    return np.unique(np.rint(np.linspace(of - 1, 0, min(n, of))).astype(int)).tolist()


def examples(
    model: Model, dataset: Dataset, trained_on: Collection[str], seed: int, n: int
) -> list[Example]:
    """Of held-out splits, as many different ones as can be, and one that is trained on.

    Args:
        model: says after which layer a question is answered.
        dataset: of the run. Parts for validation are left out.
        trained_on: names of splits.
        seed: of the run; it chooses the sequences.
        n: how many.
    """
    held_out, trained = _splits(dataset, trained_on)
    both = bool(held_out and trained and n > 1)
    mine = held_out or trained
    n_mine = n - both
    names = [mine[i] for i in spread(n_mine, len(mine))]
    names = [names[i % len(names)] for i in range(n_mine)] + trained[:both]
    wanted = Counter(names)
    drawn = {
        name: _drawn(model, dataset, name, name in trained, seed, wanted[name]) for name in wanted
    }
    # A split that is too small for all that are wanted of it gives fewer.
    return [its for name in wanted for its in drawn[name]]


def sequences(
    model: Model, dataset: Dataset, trained_on: Collection[str], seed: int
) -> list[Example]:
    """What heads and neurons are shown: as many of each held-out split, at most MOST_SEQUENCES in all."""
    held_out, trained = _splits(dataset, trained_on)
    names = held_out or trained
    each = max(1, MOST_SEQUENCES // len(names))
    return [
        its
        for name in names[:MOST_SEQUENCES]
        for its in _drawn(model, dataset, name, name in trained, seed, each)
    ]


def padded(rows: Sequence[Int[np.ndarray, " _length"]]) -> Int[np.ndarray, "rows longest"]:
    """Rows of one length: what comes after a sequence, nothing in it sees."""
    together = np.zeros((len(rows), max(map(len, rows))), np.int64)
    for place, row in zip(together, rows, strict=True):
        place[: len(row)] = row
    return together


def _splits(dataset: Dataset, trained_on: Collection[str]) -> tuple[list[str], list[str]]:
    """Names of held-out and of trained splits that have sequences."""
    names = [n for n, its in dataset.splits.items() if len(its) and not n.endswith(VALIDATION)]
    return [n for n in names if n not in trained_on], [n for n in names if n in trained_on]


def _drawn(
    model: Model, dataset: Dataset, name: str, trained: bool, seed: int, n: int
) -> list[Example]:
    split = dataset.splits[name]
    depth = getattr(model, "depth", lambda hops: None)(split.hops)
    rng = np.random.Generator(np.random.Philox(seed))
    tokens, targets = numbers(model, split.tokens), numbers(model, split.targets)
    places = split.positions.tolist()
    ends = [tokens.shape[1] if split.scored_at is None else max(its) + 1 for its in places]
    return [
        Example(
            name, not trained, tokens[row, : ends[row]], tuple(places[row]), targets[row], depth
        )
        for row in rng.permutation(len(split))[:n]
    ]
