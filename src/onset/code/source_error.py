"""What is wrong with a source file. Apart from what reads sources, so that no result depends on that."""

from __future__ import annotations


class SourceError(Exception):
    """A file can't be used as a module; the text says which, and what is wrong with it, in a line."""
