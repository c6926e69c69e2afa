"""What a run left behind, to be compared to the byte."""

from __future__ import annotations

from pathlib import Path

# What latexmk and LaTeX note for themselves, with times.
_NOTES = (".aux", ".bbl", ".blg", ".fdb_latexmk", ".fls", ".log", ".out")


def contents(top: Path) -> dict[str, bytes]:
    """All files of a folder of results, hidden ones too, but for logs and notes, which hold times."""
    files = {path.relative_to(top): path for path in sorted(top.rglob("*")) if path.is_file()}
    return {
        str(name): path.read_bytes()
        for name, path in files.items()
        if name.parts[0] != "logs" and name.suffix not in _NOTES
    }


def differing(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """The files that only one side has, or that aren't the same to the last byte."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
