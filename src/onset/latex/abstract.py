"""What studies say in the abstract: in the words of their files, with the numbers of their notebooks."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from onset.latex.markup import MarkupError
from onset.latex.text import escape

_NUMBER = re.compile(r"\{([^{}]+)\}")


def sentence(study: str, words: str, numbers: Collection[str]) -> str:
    r"""A study's part of the abstract, as LaTeX takes it.

    Args:
        study: its name.
        words: plain text, with `{name}` where a number belongs.
        numbers: the names of those that its notebook saved.

    Raises:
        MarkupError: it asks for one that isn't there; which, and what is like it.
    """
    text = _NUMBER.split(words)
    for asked in text[1::2]:
        if asked not in numbers:
            close = difflib.get_close_matches(asked, numbers, n=1, cutoff=0.5)
            hint = f"; did you mean {close[0]}?" if close else ""
            said = f"config/studies/{study}.yaml: abstract: no number is called {asked!r}{hint}"
            raise MarkupError(said)
    text[::2] = map(escape, text[::2])
    text[1::2] = [rf"\onsetnumber{{{study}/{asked}}}" for asked in text[1::2]]
    return "".join(text)
