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
    filled = {hole: _as_regex(hole, holes) for hole in Hole}
    return any(_fits(pattern, name, filled) for pattern in patterns)


def _fits(pattern: Pattern, name: str, filled: dict[Hole, str]) -> bool:
    first = pattern[0] if pattern else ""
    if isinstance(first, str) and not name.startswith(first):
        return False  # most are told apart by how they begin
    parts = (re.escape(part) if isinstance(part, str) else filled[part] for part in pattern)
    return re.fullmatch("".join(parts), name) is not None


def _as_regex(hole: Hole, holes: dict[Hole, Sequence[str]]) -> str:
    if hole in holes:
        return "(?:" + "|".join(map(re.escape, holes[hole])) + ")"
    return ".+" if hole is Hole.ANY else "[^/]+"


def spelt_out(patterns: Sequence[Pattern], holes: dict[Hole, Sequence[str]]) -> Iterator[str]:
    """The names that are known to the last letter."""
    for pattern in patterns:
        parts = [[part] if isinstance(part, str) else holes.get(part, ()) for part in pattern]
        yield from ("".join(chosen) for chosen in product(*parts))
