"""Names as far as a program's source determines them: fixed text, and holes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import product

_MOST = 500
"""names that a loop of loops is followed to"""


class Hole(Enum):
    """A part of a name that the source doesn't tell."""

    CONDITION = "condition"
    SPLIT = "split"
    MEASURE = "measure"
    """a word: what stands in data has no stroke in it"""
    ANY = "…"


Pattern = tuple[str | Hole, ...]
"""a name in parts"""
UNKNOWN: list[Pattern] = [(Hole.ANY,)]
"""of what nothing is known"""


def joined(parts: list[list[Pattern]]) -> list[Pattern]:
    """One after the other."""
    n = 1
    for its in parts:
        n *= len(its)
    if n > _MOST:
        return UNKNOWN
    return [tuple(piece for part in chosen for piece in part) for chosen in product(*parts)]


def matches(patterns: Sequence[Pattern], name: str, holes: dict[Hole, Sequence[str]]) -> bool:
    """Whether a name may be one of these.

    Args:
        patterns: names, as far as they are known.
        name: what is asked for.
        holes: what may stand in a hole; without an entry, anything.
    """
    return any(
        re.fullmatch("".join(_as_regex(part, holes) for part in pattern), name)
        for pattern in patterns
    )


def _as_regex(part: str | Hole, holes: dict[Hole, Sequence[str]]) -> str:
    if isinstance(part, str):
        return re.escape(part)
    if part in holes:
        return "(?:" + "|".join(map(re.escape, holes[part])) + ")"
    return ".+" if part is Hole.ANY else "[^/]+"


def spelt_out(patterns: Sequence[Pattern], holes: dict[Hole, Sequence[str]]) -> Iterator[str]:
    """The names that are known to the last letter."""
    for pattern in patterns:
        parts = [[part] if isinstance(part, str) else holes.get(part, ()) for part in pattern]
        yield from ("".join(chosen) for chosen in product(*parts))
