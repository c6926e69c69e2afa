"""Patterns of parameter names. Separate from training, so that reading config needs no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

_WILDCARD = re.compile(r"\[.+?\]|[*?]")


def counting(name: str, chosen: Mapping[str, str]) -> list[str]:
    """The patterns that count for a parameter: of those that fit it the most specific, wherever it stands.

    That is the one with the most characters that stand for themselves, and among such the fewest wildcards.

    Args:
        name: of the parameter.
        chosen: pattern → what it chooses.

    Returns:
        None where none fits; several where they are as specific as each other and choose the same.

    Raises:
        ValueError: they choose different things.
    """
    fitting = [pattern for pattern in chosen if fnmatchcase(name, pattern)]
    most = max(map(_specificity, fitting), default=None)
    found = sorted(pattern for pattern in fitting if _specificity(pattern) == most)
    if len({chosen[pattern] for pattern in found}) > 1:
        raise ValueError(
            f"{' and '.join(map(repr, found))} fit {name} equally well, and choose different things"
        )
    return found


def _specificity(pattern: str) -> tuple[int, int]:
    return len(_WILDCARD.sub("", pattern)), -len(_WILDCARD.findall(pattern))
