"""Which devices are tried before they are trusted."""

from __future__ import annotations

from onset.models.device import lacking

_TRIED = ("mps",)
"""devices on which some versions of PyTorch and the system have silently computed wrong results"""


def distrust(device: str) -> str | None:
    """Why an existing device shouldn't be used, in one line; None if it may be.

    Takes two seconds if the device has to be tried, and no time otherwise.
    """
    if device not in _TRIED or lacking(device):
        return None
    from onset.workflow.trial import disagreement  # it imports torch

    return disagreement(device)
