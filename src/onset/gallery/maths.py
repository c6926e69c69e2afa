"""Equations as MathML, which browsers render natively: no script, no fonts, no network."""

from __future__ import annotations

import re

from latex2mathml.converter import convert

# `$$…$$` on lines of its own, or `$…$` that neither begins nor ends with a blank, as notebooks write them.
_EQUATION = re.compile(r"\$\$(?P<block>.+?)\$\$|\$(?P<inline>\S(?:[^$\n]*\S)?)\$", re.DOTALL)
# What is in code stays as it is.
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)


def with_equations(markdown: str) -> str:
    """A Markdown text with its LaTeX equations as MathML, which Markdown leaves alone."""
    parts = _CODE.split(markdown)
    parts[::2] = [_EQUATION.sub(_mathml, part) for part in parts[::2]]
    return "".join(parts)


def _mathml(found: re.Match[str]) -> str:
    block = found["block"]
    text = block or found["inline"]
    # Markdown takes a line break in the middle of it for a paragraph's.
    return convert(" ".join(text.split()), display="block" if block else "inline")
