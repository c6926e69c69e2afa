"""What planning asks of dictionaries; no training depends on it."""

from __future__ import annotations

from onset.models.dictionary.settings import Settings

TAKES = "vectors"
"""the kind of world"""


def traits(settings: Settings) -> tuple[str, ...]:
    """What they are like (`onset.config.traits`)."""
    twins = len(set(settings.sparsities)) < len(settings.sparsities)
    return ("dictionary", "twins") if twins else ("dictionary",)


def activations(settings: Settings, d_in: int, d_out: int) -> int:
    """Numbers that are kept of each example of a batch, at least."""
    return len(settings.sparsities) * (settings.n_latents + d_out)


def problems(settings: Settings, d_in: int, d_out: int) -> list[str]:
    """What makes these settings unfit for a task with such inputs and targets."""
    if d_in != d_out:
        return [f"a dictionary says its inputs again, and the task has targets of {d_out} entries"]
    return []
