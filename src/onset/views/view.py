"""The view of a run, as JSON-like values (see `onset.views`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.models import inspection
from onset.models.batch import Model
from onset.runs.token_names import names_of
from onset.tasks.dataset import Dataset
from onset.views import chosen
from onset.views.chosen import Example
from onset.views.excite import excited
from onset.views.packing import pack_numbers, pack_shares, triangle
from onset.views.watching import Seen, watch


def view(
    model: Model,
    read: Callable[[int], Mapping[str, Tensor]],
    steps: Sequence[int],
    dataset: Dataset,
    trained_on: Collection[str],
    seed: int,
) -> dict[str, Any]:
    """All that a view holds but its names and origin.

    Args:
        model: of any family that TransformerLens opens.
        read: the parameters of a checkpoint.
        steps: of the run's checkpoints.
        dataset: of the run.
        trained_on: names of splits.
        seed: of the run.
    """
    shown = chosen.sequences(model, dataset, trained_on, seed)
    deepest = getattr(model.settings, "n_applications", None)

    def opened(step: int) -> TransformerBridge:
        return inspection.open_bridge(model, read(step), deepest)

    bridge = opened(steps[-1])
    cfg = bridge.cfg
    n_steps, n_examples = chosen.limits(cfg.n_layers * cfg.n_heads, dataset.length, len(steps))
    followed = [steps[i] for i in chosen.spread(n_steps, len(steps))]
    examples = chosen.examples(model, dataset, trained_on, seed, n_examples)
    seen = [watch(opened(step), examples) for step in followed[:-1]] + [watch(bridge, examples)]

    used = [seen_at.tokens.ravel() for seen_at in seen]
    used += [its.tokens for its in (*examples, *shown)] + [its.right for its in examples]
    own = np.unique(np.concatenate(used))

    def number(tokens: np.ndarray) -> np.ndarray:
        return np.searchsorted(own, tokens)

    return {
        "steps": list(followed),
        "vocabulary": names_of(own, model, dataset.vocabulary, getattr(bridge, "tokenizer", None)),
        "n_heads": cfg.n_heads,
        "examples": [
            _followed(row, its, seen, its.depth or cfg.n_layers, number)
            for row, its in enumerate(examples)
        ],
        "sequences": [{"split": its.split, "tokens": number(its.tokens).tolist()} for its in shown],
        **excited(bridge, shown),
    }


def _followed(
    row: int,
    example: Example,
    seen: Sequence[Seen],
    n_layers: int,
    number: Callable[[np.ndarray], np.ndarray],
) -> dict[str, Any]:
    """One example at all checkpoints, as far as its own length and layers go."""
    length, scored = len(example.tokens), list(example.scored)
    attention = np.stack([its.attention[:n_layers, row, :, :length, :length] for its in seen])
    tokens, shares, right = (
        np.stack([getattr(its, kind)[: n_layers + 1, row] for its in seen])
        for kind in ("tokens", "shares", "right")
    )
    return {
        "split": example.split,
        "held_out": example.held_out,
        "tokens": number(example.tokens).tolist(),
        "scored": scored,
        "right": number(example.right).tolist(),
        "n_layers": n_layers,
        "attention": pack_shares(triangle(attention)),
        "lens": pack_numbers(number(tokens[:, :, :length])),
        "lens_shares": pack_shares(shares[:, :, :length]),
        "right_shares": pack_shares(right[:, :, scored]),
    }
