r"""The figures and tables that the paper's text shows, and the notebooks' numbers that it quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from onset.latex.commands import commands_in

_KINDS = {"onsetfigure": "figures", "onsettallfigure": "figures", "onsettable": "tables"}
_SHOWN = re.compile(rf"\\({'|'.join(_KINDS)})\s*\{{([^{{}}\\#]*)\}}\s*\{{([^{{}}\\#]*)\}}")
_NUMBER = re.compile(r"\\onsetnumber\s*\{([^{}\\#/]*)/([^{}\\#]*)\}")


class Shown(NamedTuple):
    """One of them, and where."""

    study: str
    kind: str
    """`figures`, `tables` or `numbers`"""
    name: str
    place: str
    """FILE:LINE"""


def shown_in(sources: Mapping[str, bytes]) -> Iterator[Shown]:
    """All of them, file by file; what is commented out isn't shown.

    Args:
        sources: path → content, of which those that end in .tex are read.
    """
    for found, file, line in commands_in(sources, _SHOWN, _NUMBER):
        if found.re is _NUMBER:
            yield Shown(found[1], "numbers", found[2], f"{file}:{line}")
        else:
            command, study, name = found.groups()
            yield Shown(study, _KINDS[command], name, f"{file}:{line}")
