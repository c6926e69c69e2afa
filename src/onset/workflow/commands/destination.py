"""Where commands write what people take elsewhere."""

from __future__ import annotations

from pathlib import Path


class RefusedError(Exception):
    """A command can't do what is asked, and hasn't begun; the text says why in a line."""


def refuse_full(folder: Path) -> None:
    """Stop where a folder that somebody names holds anything: nothing is written over.

    Raises:
        RefusedError: it is no folder, or isn't empty.
    """
    if folder.exists() and not folder.is_dir():
        raise RefusedError(f"{folder} is no folder")
    if folder.exists() and any(folder.iterdir()):
        raise RefusedError(f"{folder} isn't empty; name a folder that is new, or empty")
