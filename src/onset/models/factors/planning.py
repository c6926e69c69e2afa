"""What planning asks of the networks; no training depends on it."""

from __future__ import annotations

from onset.models.factors.settings import Settings

TAKES = "vectors"
"""the kind of world"""


def traits(settings: Settings) -> tuple[str, ...]:
    """What they are like (`onset.config.traits`)."""
    return ("factors",)


def activations(settings: Settings, d_in: int, d_out: int) -> int:
    """Numbers that are kept of each example of a batch, at least."""
    return d_in + d_out + settings.of_each() * sum(settings.factors) * settings.n_signs


def problems(settings: Settings, d_in: int, d_out: int) -> list[str]:
    """What makes these settings unfit for vectors of so many entries."""
    n = settings.n_signs
    if d_in % n or d_out != n:
        return [
            f"n_signs ({n}) must be the {d_out} entries of targets, and divide the {d_in} of inputs "
            "into places"
        ]
    least = 2 * n if settings.activation == "relu" else n
    if settings.width < least:
        why = ", as a ReLU lets half of what it is given through" if least > n else ""
        return [f"width: {settings.width} is too narrow to pass {n} signs on; {least} or more{why}"]
    return []
