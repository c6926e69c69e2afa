r"""What sentences of the paper claim, `\onsetholds{study}{claim}` after each (`statistics.claims`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from onset.latex.commands import commands_in

_HOLDS = re.compile(r"\\onsetholds\s*\{([^{}\\#]*)\}\s*\{([^{}\\#]*)\}")


class Made(NamedTuple):
    """A claim about a study's numbers, and where it stands."""

    study: str
    claim: str
    place: str
    """FILE:LINE"""


def claims_made(sources: Mapping[str, bytes]) -> Iterator[Made]:
    """All of them, file by file; what is commented out isn't claimed.

    Args:
        sources: path → content, of which those that end in .tex are read.
    """
    for found, file, line in commands_in(sources, _HOLDS):
        study, claim = found.groups()
        yield Made(study, " ".join(claim.split()), f"{file}:{line}")
