"""What studies say in the abstract: in the words of their files, with means and numbers by their macros."""

from __future__ import annotations

import re
from collections.abc import Collection

from onset.latex.markup import MarkupError
from onset.latex.text import escape
from onset.statistics.means import Means, UnknownMeanError, like

_NAME = re.compile(r"\{([^{}]+)\}")


def sentence(study: str, words: str, numbers: Collection[str], means: Means) -> str:
    r"""A study's part of the abstract, as LaTeX takes it.

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
