"""What this machine can compute on."""

from __future__ import annotations


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
