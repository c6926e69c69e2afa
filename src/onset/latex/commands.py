"""Commands that stand in the paper's text, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*")


def commands_in(
    sources: Mapping[str, bytes], *patterns: re.Pattern[str]
) -> Iterator[tuple[re.Match[str], str, int]]:
    """Each with its file and line, file by file, and pattern by pattern within; not what is commented out.

    Args:
        sources: path → content, of which those that end in .tex are read.
        patterns: what commands look like.
    """
    for file, content in sources.items():
        if file.endswith(".tex"):
            text = _without_comments(content)
            for pattern in patterns:
                for found in pattern.finditer(text):
                    yield found, file, text.count("\n", 0, found.start()) + 1


def _without_comments(source: bytes) -> str:
    """A source's text, line by line, but for what LaTeX doesn't read."""
    return _COMMENT.sub(r"\1", source.decode("utf-8", errors="replace"))
