"""Which device computes what."""

from __future__ import annotations

_WITHOUT_FLOAT64 = ("mps",)


def device_of_looks(device: str) -> str:
    """The device for looking inside models that were trained on `device`.

    Measures and analyses need double precision, which Apple GPUs lack: those are used for training only.
    """
    return "cpu" if device in _WITHOUT_FLOAT64 else device
