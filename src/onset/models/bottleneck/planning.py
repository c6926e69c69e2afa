"""What planning asks of the networks; no training depends on it."""

from __future__ import annotations

from onset.models.bottleneck.settings import Settings

TAKES = "vectors"
"""the kind of world"""


def traits(settings: Settings) -> tuple[str, ...]:
    """What they are like (`onset.config.traits`)."""
    return ("bottleneck",)


def activations(settings: Settings, d_in: int, d_out: int) -> int:
    """Numbers that are kept of each example of a batch, at least."""
    return d_in + d_out + d_in // settings.n_inputs * settings.d_hidden


def problems(settings: Settings, d_in: int, d_out: int) -> list[str]:
    """What makes these settings unfit for vectors of so many entries."""
    n = d_in // settings.n_inputs
    if d_in % settings.n_inputs or d_out % n:
        return [
            f"n_inputs ({settings.n_inputs}) must divide the {d_in} entries of inputs into instances that "
            f"divide the {d_out} entries of targets"
        ]
    if settings.tied and d_in != d_out:
        return [f"tied weights give back as many entries as there are: {d_in}, not {d_out}"]
    return []
