"""Text and numbers escaped for LaTeX."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # A line that ends, and above all an empty one, ends a paragraph, which not every place of a text may.
    "\n": " ",
    "\t": " ",
}
# Of two such characters LaTeX's fonts make another one: a dash of two hyphens, a quotation mark of <<.
_LIGATURE = re.compile(r"(?<=([-<>,`']))(?=\1)|(?<=[!?])(?=`)")

_LONG_WORD = 25  # characters


def escape(text: str) -> str:
    """Plain text, safe to typeset: it is shown as it stands, an accent behind a letter on it."""
    composed = unicodedata.normalize("NFC", text)
    escaped = "".join(_ESCAPES.get(character, character) for character in composed)
    return _LIGATURE.sub("{}", escaped)


def breakable(text: str) -> str:
    """Plain text, safe to typeset, of which long words may go on in the next line."""
    return re.sub(rf"\S{{{_LONG_WORD},}}", _with_breaks, escape(text))


def _with_breaks(word: re.Match[str]) -> str:
    return re.sub(r"(\\_|[/.:])(?=\S)", r"\1\\allowbreak{}", word[0])


def tabular(columns: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    """A booktabs tabular of plain texts."""
    lines = [" & ".join(map(escape, row)) + r" \\" for row in [columns, *rows]]
    return "\n".join(
        [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", lines[0], r"\midrule", *lines[1:],
         r"\bottomrule", r"\end{tabular}", ""]
    )  # fmt: skip


def longtable(columns: Mapping[str, float], rows: Iterable[str], caption: str, label: str) -> str:
    r"""A booktabs table in small type that may be longer than a page.

    Args:
        columns: head → width, a fraction of the text's; paragraphs, ragged right.
        rows: typeset already, each with its `\\`.
        caption: typeset already.
        label: for `\ref`.
    """
    gaps = 2 * (len(columns) - 1)
    widths = (
        rf"P{{\dimexpr {width:g}\linewidth-{gaps * width:g}\tabcolsep}}"
        for width in columns.values()
    )
    heads = " & ".join(map(escape, columns)) + r" \\"
    again = rf"\multicolumn{{{len(columns)}}}{{@{{}}l}}{{Table~\thetable, continued}} \\"
    return "\n".join(
        [
            r"\begingroup\onsetsmall",
            rf"\begin{{longtable}}{{@{{}}{''.join(widths)}@{{}}}}",
            rf"\caption{{{caption}}}\label{{{label}}} \\",
            *(r"\toprule", heads, r"\midrule", r"\endfirsthead"),
            *(again, r"\toprule", heads, r"\midrule", r"\endhead"),
            *(r"\bottomrule", r"\endfoot"),
            *rows,
            *(r"\end{longtable}", r"\endgroup", ""),
        ]
    )


def definitions(macro: str, values: Mapping[str, str]) -> str:
    r"""One `\macro{key}{value}` a line."""
    return "".join(f"\\{macro}{{{key}}}{{{value}}}\n" for key, value in values.items())
