"""LaTeX itself: run until all references stand, and what it complains of."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

_MOST_LINES = 12  # of LaTeX's errors that are shown
_TOLERATED = 1.0  # points by which a box may stand out

_MISTAKES = re.compile(
    r"^.*(?:(?:Reference|Citation) `.*' .*undefined|multiply.defined|Missing character).*$", re.M
)
_OVERFULL = re.compile(r"^Overfull \\[hv]box \(([\d.]+)pt too .*$", re.M)


class LatexError(Exception):
    """LaTeX can't make the document, or not without question marks in it; in its own words."""


def typeset(source: Path) -> list[str]:
    """Make `paper.pdf` of `paper.tex` in a folder with latexmk.

    Returns:
        Boxes that stand out of the text, a line each. They are told and not refused: how wide a label or
        a number is depends on the config and the results, and the text can be read all the same.

    Raises:
        LatexError: LaTeX failed; or a reference or citation leads nowhere, a label stands twice, or a
            character isn't in the font, which readers would see as a gap.
    """
    command = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    environment = {
        **os.environ,
        "SOURCE_DATE_EPOCH": "0",
        "FORCE_SOURCE_DATE": "1",
        "max_print_line": "1000",  # a complaint is one line of the log
    }
    try:
        result = subprocess.run(
            [*command, "paper.tex"],
            cwd=source,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise LatexError(
            "latexmk isn't installed; `make setup` tells how, `paper: false` does without"
        ) from None
    if result.returncode:
        lines = result.stdout.splitlines()
        wrong = [i for i, line in enumerate(lines) if line.startswith("!") or ".tex:" in line]
        start = wrong[0] if wrong else max(len(lines) - _MOST_LINES, 0)
        raise LatexError("LaTeX failed:\n" + "\n".join(lines[start : start + _MOST_LINES]))
    # What the last of the passes says.
    said = (source / "paper.log").read_text(encoding="utf-8", errors="replace")
    if mistakes := dict.fromkeys(_MISTAKES.findall(said)):
        raise LatexError("LaTeX complains:\n" + "\n".join([*mistakes][:_MOST_LINES]))
    return overfull(said)


def overfull(said: str) -> list[str]:
    """The lines of a log about boxes that stand out of the text by more than a point."""
    found = _OVERFULL.finditer(said)
    return [match[0] for match in found if float(match[1]) > _TOLERATED]
