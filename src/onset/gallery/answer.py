"""A study's answer in one sentence: as its file words it, with the numbers that its notebook saved."""

from __future__ import annotations

import re
from collections.abc import Mapping

_ESCAPED = re.compile(r"\\([%&#_${}])")
_NUMBER = re.compile(r"\{([^{}]+)\}")


class UnknownNumberError(ValueError):
    """The answer asks for a number that the notebook didn't save."""


def filled(answer: str, numbers: Mapping[str, str]) -> str:
    """The sentence.

    Args:
        answer: with `{name}` where a number belongs.
        numbers: as they are to be typeset, by name (`Study.save_numbers`).

    Raises:
        UnknownNumberError: naming it.
    """

    def number(found: re.Match[str]) -> str:
        if found[1] not in numbers:
            raise UnknownNumberError(f"the answer asks for {found[1]!r}, which no number is called")
        return plain(numbers[found[1]])

    return _NUMBER.sub(number, answer)


def plain(number: str) -> str:
    """A number as LaTeX sets it, in plain text."""
    return _ESCAPED.sub(r"\1", number.replace(r"\,", "\u202f"))
