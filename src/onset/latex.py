"""Text and numbers as LaTeX takes them."""

from __future__ import annotations

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
}


def escape(text: str) -> str:
    """Plain text, safe to typeset."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def tabular(columns: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    """A booktabs tabular of plain texts."""
    lines = [" & ".join(map(escape, row)) + r" \\" for row in [columns, *rows]]
    return "\n".join(
        [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", lines[0], r"\midrule", *lines[1:],
         r"\bottomrule", r"\end{tabular}", ""]
    )  # fmt: skip


def definitions(macro: str, values: Mapping[str, str]) -> str:
    r"""One `\macro{key}{value}` a line."""
    return "".join(f"\\{macro}{{{key}}}{{{value}}}\n" for key, value in values.items())
