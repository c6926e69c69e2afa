"""Which devices this machine can compute on."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of malloc.h


def lacking(device: str) -> str | None:
    """What to say if the device (`cpu`, `mps`, `cuda`, `cuda:1`) isn't there; None if it is."""
    if device == "cpu":
        return None
    import torch  # a second of import, spent only where another device is asked for

    found = ["cpu"] + ["mps"] * torch.backends.mps.is_available()
    for index in range(torch.cuda.device_count()):
        found += ["cuda"] * (index == 0) + [f"cuda:{index}"]
    if device in found:
        return None
    return f"the device {device} isn't there; this machine has: {', '.join(found)}"


def keep_memory() -> None:
    """Let freed memory stay with this process, where the C library is glibc.

    It gives every large tensor back to the system, and takes it again page by page in the next step: a
    sixth of the time of a training on full batches.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 32 << 20)  # the largest that it takes
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)
