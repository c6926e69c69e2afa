"""Which devices are tried before they are trusted."""

from __future__ import annotations

from onset.models.device import lacking

_TRIED = ("mps",)
"""whose operations have been wrong without a word, depending on the versions of PyTorch and the system"""


def distrust(device: str) -> str | None:
    """Why a device that is there shouldn't be computed on, in a line; None if it may be.

    The answer takes two seconds where a device is tried, and nothing elsewhere.
    """
    if device not in _TRIED or lacking(device):
        return None
    from onset.workflow.trial import disagreement  # it imports torch

    return disagreement(device)
