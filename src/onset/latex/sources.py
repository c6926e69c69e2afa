"""Which files of a folder are a paper's sources."""

from __future__ import annotations

from pathlib import Path

from onset.code.own_files import files_in

_SUFFIXES = (".bib", ".bst", ".cls", ".jpg", ".pdf", ".png", ".sty", ".tex")
_MADE = "paper.pdf"
"""by who typesets the text in its folder, without the pipeline"""


def sources_of(folder: Path) -> list[Path]:
    """The sources, sorted, without what editors, systems and LaTeX left about."""
    made = folder / _MADE
    return [path for path in files_in(folder) if path.suffix in _SUFFIXES and path != made]
