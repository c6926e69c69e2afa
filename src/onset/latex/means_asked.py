r"""The means that the paper's text asks for, `\onsetmean{study}{condition}{split}{quantity}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from onset.latex.commands import commands_in

_ASKED = re.compile(r"\\onset(?:if)?mean" + r"\s*\{([^{}\\#]*)\}" * 4)
_WHETHER = r"\onsetifmean"


class Asked(NamedTuple):
    """A mean that stands in the text, and where."""

    study: str
    condition: str
    split: str
    """empty: of none"""
    quantity: str
    file: str
    line: int
    whether: bool = False
    r"""`\onsetifmean`: the text only asks whether there is such a mean"""

    @property
    def name(self) -> str:
        """What it is called within its study."""
        return f"{self.condition}/{self.split}/{self.quantity}"

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


def means_asked_for(sources: Mapping[str, bytes]) -> Iterator[Asked]:
    """All of them, in the order of the files; what is commented out isn't asked for.

    Args:
        sources: path → content, of which those that end in .tex are read.
    """
    for found, file, line in commands_in(sources, _ASKED):
        yield Asked(*found.groups(), file, line, found[0].startswith(_WHETHER))
