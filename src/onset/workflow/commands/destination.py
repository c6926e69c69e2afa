"""The folders to which commands write what people take elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path


class RefusedError(Exception):
    """A command can't do what is asked, and hasn't started; the text says why in one line."""


def add_destination(parser: argparse.ArgumentParser, usual: str) -> None:
    parser.add_argument("--to", type=Path, help=f"a new or empty folder, in place of {usual}")


def destination(to: Path | None, usual: Path) -> Path:
    """The folder to write to: the user's choice, or the usual one, which holds what earlier calls wrote.

    Raises:
        RefusedError: the user's choice isn't a folder, or something in it might be overwritten.
    """
    if to is None:
        return usual
    if to.exists() and not to.is_dir():
        raise RefusedError(f"{to} isn't a folder")
    if to.exists() and any(to.iterdir()):
        raise RefusedError(f"{to} isn't empty; name a folder that is new, or empty")
    return to
