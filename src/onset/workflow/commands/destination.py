"""The folders to which commands write what people take elsewhere."""

from __future__ import annotations

from pathlib import Path


class RefusedError(Exception):
    """A command can't do what is asked, and hasn't started; the text says why in one line."""


def refuse_full(folder: Path) -> None:
    """Stop if a folder of the user's choice holds anything, so that nothing is overwritten.

    Raises:
        RefusedError: it isn't a folder, or isn't empty.
    """
    if folder.exists() and not folder.is_dir():
        raise RefusedError(f"{folder} isn't a folder")
    if folder.exists() and any(folder.iterdir()):
        raise RefusedError(f"{folder} isn't empty; name a folder that is new, or empty")
