"""On which device what is computed."""

from __future__ import annotations

_WITHOUT_FLOAT64 = ("mps",)


def device_of_looks(device: str) -> str:
    """Where models are looked into whose training is on `device`.

    Measures and analyses count in double precision. Apple's GPU has none: there, it only trains.
    """
    return "cpu" if device in _WITHOUT_FLOAT64 else device
