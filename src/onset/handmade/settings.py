"""Which model made by hand a training begins with."""

from __future__ import annotations

from onset.settings import Name, Settings


class HandmadeSettings(Settings):
    """A module in `onset.handmade`, and how far its work is done."""

    name: Name
    up_to: Name
    """the last of its steps that is done"""
