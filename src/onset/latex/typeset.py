"""Runs LaTeX until all references are resolved, and collects its complaints."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_MOST_LINES = 12  # of LaTeX's errors that are shown
_TOLERATED = 1.0  # points by which a box may stand out

_MISTAKES = re.compile(
    r"^.*(?:(?:Reference|Citation) `.*' .*undefined|multiply.defined|Missing character).*$", re.M
)
_OVERFULL = re.compile(r"^Overfull \\[hv]box \(([\d.]+)pt too .*$", re.M)

# No file of latexmk's settings is read, neither the user's nor the system's: all that counts stands here.
_COMMAND = (
    *("latexmk", "-norc", "-pdf", "-bibtex", "-recorder"),
    "-pdflatex=pdflatex %O %S",
    "-latexoption=-no-shell-escape",
    *("-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "paper.tex"),
)
_KEPT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
"""Variables that say where programs lie. All others, such as TEXINPUTS, stay outside."""
_VARIABLES = {
    "LC_ALL": "C",
    "TZ": "UTC",
    "SOURCE_DATE_EPOCH": "0",
    "FORCE_SOURCE_DATE": "1",
    "max_print_line": "1000",  # a complaint is one line of the log
    # It reads what lies in the folder, or is its own, writes there alone, and starts no program.
    "openin_any": "p",
    "openout_any": "p",
    "shell_escape": "f",
}


class LatexError(Exception):
    """LaTeX can't make the document, or not without question marks in it; in its own words."""

    def __init__(self, message: str, log: bytes = b"") -> None:
        super().__init__(message)
        self.log = log
        """what LaTeX said, all of it; empty: it didn't run"""


@dataclass(frozen=True)
class Typeset:
    """A document that LaTeX has made."""

    pdf: bytes
    beside: Mapping[str, bytes]
    """`.bbl`, the bibliography as LaTeX reads it, if there is one; `.log`; `.fls`, which files were used"""
    stand_out: list[str]
    """Boxes that stand out of the text, a line each. They are told and not refused: how wide a label or a
    number is depends on the config and the results, and the text can be read all the same."""


def typeset(files: Mapping[str, bytes]) -> Typeset:
    """Make the PDF of `paper.tex` with latexmk, in a folder that nothing else lies in.

    What is made depends on the files and on the LaTeX that is installed, not on the user's settings.

    Args:
        files: all that the document is made of, by the path that LaTeX finds it under.

    Raises:
        LatexError: LaTeX failed; or a reference or citation leads nowhere, a label stands twice, or a
            character isn't in the font, which readers would see as a gap.
    """
    with tempfile.TemporaryDirectory(prefix="onset-") as name:
        folder, home = Path(name, "paper"), Path(name, "home")
        home.mkdir()
        for file, content in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        result = _latexmk(folder, home)
        log = _content(folder / "paper.log")
        if result.returncode:
            raise LatexError("LaTeX failed:\n" + "\n".join(_errors(result.stdout)), log)
        # What the last of the passes says.
        said = log.decode(errors="replace")
        if mistakes := dict.fromkeys(_MISTAKES.findall(said)):
            raise LatexError("LaTeX complains:\n" + "\n".join([*mistakes][:_MOST_LINES]), log)
        record = _relative((folder / "paper.fls").read_text(encoding="utf-8", errors="replace"))
        beside = {"paper.log": log, "paper.fls": record.encode()}
        if bibliography := _content(folder / "paper.bbl"):
            beside["paper.bbl"] = bibliography
        return Typeset((folder / "paper.pdf").read_bytes(), beside, overfull(said))


def _latexmk(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    programs = {key: os.environ[key] for key in _KEPT if key in os.environ}
    try:
        return subprocess.run(
            _COMMAND,
            cwd=folder,
            env={**programs, **_VARIABLES, "HOME": str(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError:
        raise LatexError(
            "latexmk isn't installed; `make setup` says how, `paper: false` does without"
        ) from None


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _errors(said: str) -> list[str]:
    """The first of the errors and what follows it, or, if none is marked as one, the end."""
    lines = said.splitlines()
    wrong = [i for i, line in enumerate(lines) if line.startswith("!") or ".tex:" in line]
    start = wrong[0] if wrong else max(len(lines) - _MOST_LINES, 0)
    return lines[start : start + _MOST_LINES]


def _relative(record: str) -> str:
    """LaTeX's record of its files without the folder that it ran in, which is gone."""
    folder = next(
        (line.removeprefix("PWD ") for line in record.splitlines() if line.startswith("PWD ")), ""
    )
    lines = [
        line.replace(f" {folder}/", " ", 1).replace(" ./", " ", 1)
        for line in record.splitlines(keepends=True)
        if not line.startswith("PWD ")
    ]
    return "".join(dict.fromkeys(lines))


def overfull(said: str) -> list[str]:
    """The lines of a log about boxes that stand out of the text by more than a point."""
    found = _OVERFULL.finditer(said)
    return [match[0] for match in found if float(match[1]) > _TOLERATED]
