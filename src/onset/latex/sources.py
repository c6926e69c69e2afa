"""Which files of a folder are a paper's sources."""

from __future__ import annotations

from pathlib import Path

_SUFFIXES = (".bib", ".bst", ".cls", ".jpg", ".pdf", ".png", ".sty", ".tex")
_MADE = ("paper.pdf",)
"""by who typesets the text in its folder, without the pipeline"""


def sources_of(folder: Path) -> list[Path]:
    """The sources, sorted, without hidden files, an editor's copies and what LaTeX left there."""
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    return sorted(
        folder / name
        for name in found
        if name.suffix in _SUFFIXES
        and name.as_posix() not in _MADE
        and not any(part.startswith(".") for part in name.parts)
        and (folder / name).is_file()
    )
