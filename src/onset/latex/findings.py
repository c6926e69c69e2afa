"""What studies find, in the words of their files: all by theme, and the first of each for the abstract."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from onset.latex.markup import MarkupError
from onset.latex.text import escape
from onset.statistics.means import Means, UnknownMeanError, like

_NAME = re.compile(r"\{([^{}]+)\}")


class Finding(NamedTuple):
    """What a study finds."""

    study: str
    title: str
    text: str
    """as LaTeX takes it"""


def finding_in_tex(study: str, words: str, numbers: Collection[str], means: Means) -> str:
    r"""What a study finds, as LaTeX takes it.

    Args:
        study: its name.
        words: plain text, with `{condition/split/quantity}` for a mean, `{name}` for a number.
        numbers: the names of those that its notebook saved.
        means: of its summary.

    Raises:
        MarkupError: it asks for what isn't there; which, and what is like it.
    """
    text = _NAME.split(words)
    text[::2] = map(escape, text[::2])
    text[1::2] = [_macro(study, asked, numbers, means) for asked in text[1::2]]
    return "".join(text)


def headlines(themes: Mapping[str, Sequence[Finding]]) -> str:
    """For the abstract: what the first study of each theme finds, a line each."""
    return "".join(f"{found[0].text}\n" for found in themes.values())


def listed(themes: Mapping[str, Sequence[Finding]]) -> str:
    """For a section of its own: what all find, by theme."""
    return "".join(
        f"\\subsection*{{{escape(theme)}}}\n" + "".join(map(_entry, found))
        for theme, found in themes.items()
    )


def _entry(its: Finding) -> str:
    return f"\\onsetfinding{{{its.study}}}{{{escape(its.title)}}}\n{its.text}\n"


def _macro(study: str, asked: str, numbers: Collection[str], means: Means) -> str:
    if asked in numbers and asked not in means:
        return rf"\onsetnumber{{{study}/{asked}}}"
    try:
        its = means[asked]
    except UnknownMeanError as error:
        near = like(asked, sorted(numbers))
        said = f"{asked!r} is no number of the notebook's ({near}), and no mean ({error})"
        raise MarkupError(f"config/studies/{study}.yaml: abstract: {said}") from None
    return rf"\onsetmean{{{study}}}{{{its.condition}}}{{{its.split}}}{{{its.quantity}}}"
