"""A study's answer in one sentence: the text from its file, with the measured numbers filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from onset.statistics.means import Means, UnknownMeanError, like

_ESCAPED = re.compile(r"\\([%&#_${}])")
_NAME = re.compile(r"\{([^{}]+)\}")


class UnknownNumberError(ValueError):
    """The answer asks for a number that there isn't."""


def filled(answer: str, numbers: Mapping[str, str], means: Means) -> str:
    """The sentence.

    Args:
        answer: with `{condition/split/quantity}` where a mean belongs, `{name}` where a number does.
        numbers: that the notebook saved, as they are to be typeset, by name (`Study.save_numbers`).
        means: of the study's summary.

    Raises:
        UnknownNumberError: naming it.
    """

    def found(asked: re.Match[str]) -> str:
        name = asked[1]
        if name in numbers and name not in means:
            return plain(numbers[name])
        try:
            return means[name].in_words
        except UnknownMeanError as error:
            said = (
                f"the answer asks for {name!r}: no number of the notebook's ({like(name, numbers)}), "
                f"and no mean ({error})"
            )
            raise UnknownNumberError(said) from None

    return _NAME.sub(found, answer)


def names_in(answer: str) -> list[str]:
    """What it asks for, in its order."""
    return _NAME.findall(answer)


def plain(number: str) -> str:
    """A number as LaTeX sets it, in plain text."""
    return _ESCAPED.sub(r"\1", number.replace(r"\,", "\u202f"))
