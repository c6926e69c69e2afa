"""What planning asks of transformers; no training depends on it."""

from __future__ import annotations

from onset.models.transformer.settings import Settings

TAKES = "sequences"
"""the kind of world"""


def traits(settings: Settings) -> tuple[str, ...]:
    """What they are like (`onset.config.traits`)."""
    has = {
        "residual_stream": True,
        "midway": True,
        "read_on": not settings.only_ours,
        "heads": True,
        "head_weights": True,
        "embeddings": True,
        "neurons": settings.d_mlp > 0,
        "symmetries": settings.d_mlp > 0 and not settings.only_ours,
        "layers": settings.n_applications > 1,
        "per_hop": settings.n_layers == 1 and settings.readout != "last",
        "like_gpt2": settings.like_gpt2,
    }
    return tuple(trait for trait, its in has.items() if its)


def activations(settings: Settings, n_tokens: int, length: int) -> int:
    """Numbers that are kept of each example of a batch, at least."""
    s = settings
    of_block = 4 * s.d_model + s.d_mlp + s.n_heads * length
    return length * s.n_applications * of_block + n_tokens


def problems(settings: Settings, max_hops: int, n_tokens: int, length: int) -> list[str]:
    """What makes these settings unfit for a task whose questions have up to `max_hops` hops.

    Any number of tokens and positions will do: they are made to measure.
    """
    needed = {
        "per_hop": ("a block application per hop: n_layers × n_loops", settings.n_applications),
        "per_loop": ("a loop per hop: n_loops", settings.n_loops),
    }
    what, n = needed.get(settings.readout, ("", max_hops))
    if n < max_hops:
        return [
            f"readout {settings.readout} needs {what} is {n}, the task has questions of {max_hops} hops"
        ]
    return []
