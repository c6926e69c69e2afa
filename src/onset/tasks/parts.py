"""A world's facts divided into splits: random and validation parts, none of them too small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AnySet

import numpy as np
from jaxtyping import Bool, Int

from onset.tasks.dataset import VALIDATION

SMALLEST_SPLIT = 4
"""examples to be expected; below it, an unlucky seed could leave none"""

Mask = Bool[np.ndarray, " facts"]
Tokens = Int[np.ndarray, "sequences length"]


def random_part(mask: Mask, fraction: float, rng: np.random.Generator) -> Mask:
    """A random fraction of the facts in the mask."""
    members = rng.permutation(np.flatnonzero(mask))
    chosen = np.zeros_like(mask)
    chosen[members[: round(fraction * len(members))]] = True
    return chosen


def validation_apart(
    held_out: Mapping[str, Mask], fraction: float, rng: np.random.Generator
) -> dict[str, Mask]:
    """Each held-out split without its validation part, and that part as a split of its own."""
    masks = {}
    for name, mask in held_out.items():
        validation = random_part(mask, fraction, rng)
        masks[name], masks[name + VALIDATION] = mask & ~validation, validation
    return masks


def refuse_small_splits(
    trained: Mapping[str, float], held_out: Mapping[str, float], validation: float, keys: str
) -> None:
    """Refuse settings that leave too few examples in some split.

    Args:
        trained: examples to be expected in each split that may be trained.
        held_out: the same of held-out splits, their validation parts included.
        validation: the fraction of these that is set apart.
        keys: the settings that could be changed, for the message.

    Raises:
        ValueError: naming the splits.
    """
    sizes = dict(trained)
    for split, size in held_out.items():
        sizes[split] = size * (1 - validation)
        sizes[split + VALIDATION] = size * validation
    small = [f"{split} ({size:.1f})" for split, size in sizes.items() if size < SMALLEST_SPLIT]
    if small:
        raise ValueError(
            f"these sizes leave splits (nearly) empty, at least {SMALLEST_SPLIT} examples are "
            f"wanted: {', '.join(small)}; change {keys}"
        )


def rows(tokens: Tokens) -> set[bytes]:
    """The sequences, to tell whether others are among them."""
    return {row.tobytes() for row in tokens}


def drawn_apart(taken: AnySet[bytes], draw: Callable[[int], Tokens], size: int) -> Tokens:
    """So many random sequences of which none is taken: those that are, are drawn again.

    Args:
        taken: `rows` of other splits, which leave enough sequences to be drawn.
        draw: so many random sequences.
        size: how many are wanted.
    """
    tokens = draw(size)
    while again := [i for i, row in enumerate(tokens) if row.tobytes() in taken]:
        tokens[again] = draw(len(again))
    return tokens
