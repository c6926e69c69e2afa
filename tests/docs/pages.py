"""What a page of the documentation asks its reader to do, told by comments that a reader doesn't see.

Before a fenced block stands, in an HTML comment,

    file: PATH          the block is a file to be created
    line: PATH          the block is the line that takes the place of the one with the same key
    below: PATH KEY     the block comes at the end of what is below a key of a YAML file
    in: PATH            the block is a part of a file that the commands before have written
    end: PATH           the block comes at the end of a file
    run                 commands to be typed
    dry run             commands to be typed, too long for a test: they are planned
    output              what is shown then
    not run: WHY        none of these

and nothing before Python to be typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))

_BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<mark>.*?) -->\n *)?```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_MARKS = ("file", "line", "below", "in", "end", "run", "dry run", "output", "not run")


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    section: str
    """the heading that it stands under"""
    mark: str
    """what its comment says to do; empty if there is none"""
    about: str
    """what the mark is about: a path, a reason"""
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    prose = _BLOCK.sub(
        lambda its: " " * len(its[0]), text
    )  # code has lines that begin with # as well
    headings = [(its.start(), its[1]) for its in re.finditer(r"^#+ (.*)$", prose, re.MULTILINE)]
    found = []
    for its in _BLOCK.finditer(text):
        section = next((h for at, h in reversed(headings) if at < its.start()), "")
        mark, _, about = (its["mark"] or "").partition(":")
        if mark.startswith("below"):
            mark, about = "below", its["mark"].removeprefix("below:")
        assert not mark or mark in _MARKS, f"{page}: {its['mark']}"
        found.append(Block(section, mark, about.strip(), its["language"], its["text"]))
    return found


def follow(block: Block, root: Path) -> None:
    """Make the edit that a block shows, in a copy of the project.

    Raises:
        AssertionError: it can't be made as the page says.
    """
    match block.mark:
        case "file":
            path = root / block.about
            assert not path.exists(), f"{block.about} exists already"
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        case "line":
            path = root / block.about
            key = re.match(r"\w+:", block.text)[0]
            text, n = re.subn(
                rf"^{key}.*\n", lambda _: block.text, path.read_text(), flags=re.MULTILINE
            )
            assert n == 1, f"{block.about} has {n} lines {key}"
            path.write_text(text)
        case "in":
            assert block.text in (root / block.about).read_text(encoding="utf-8"), block.about
        case "end":
            path = root / block.about
            path.write_text(f"{path.read_text().rstrip()}\n{block.text}")
        case "below":
            file, key = block.about.split()
            path = root / file
            text, n = re.subn(
                rf"^{key}:\n(?:(?: .*)?\n)*?(?=\n*^\S|\Z)",
                lambda its: its[0] + block.text,
                path.read_text(),
                flags=re.MULTILINE,
            )
            assert n == 1, f"{file} has {n} keys {key}"
            path.write_text(text)
