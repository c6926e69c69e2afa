"""The text of a lock: read, tidy and write its entries."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from setup import markers

ENTRY = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<marker>.+?))? \\$", re.M)


class Entry(NamedTuple):
    """One package; `details` are the lines of its hashes and of who asked for it."""

    name: str
    version: str
    marker: str
    details: str


def parse(text: str) -> list[Entry]:
    heads = list(ENTRY.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [
        Entry(head["name"], head["version"], head["marker"] or "", text[head.end() + 1 : end])
        for head, end in zip(heads, ends, strict=True)
    ]


def render(entry: Entry) -> str:
    marker = f" ; {entry.marker}" if entry.marker else ""
    return f"{entry.name}=={entry.version}{marker} \\\n{entry.details}"


def meant(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that anything supported needs, without the markers that always hold."""
    found = []
    for entry in entries:
        held = [markers.holds(entry.marker, where) for where in markers.supported()]
        if any(held):
            found.append(entry._replace(marker="" if all(held) else entry.marker))
    return found


def only_on(platform: str, entry: Entry) -> Entry:
    return entry._replace(marker=f'sys_platform == "{platform}"')


def applies(entry: Entry, where: Mapping[str, str] | None = None) -> bool:
    """Whether an entry is for these surroundings; by default, for this machine and this Python."""
    return markers.holds(entry.marker, where or markers.here())


def write(path: Path, what: str, entries: Iterable[Entry]) -> None:
    head = f"# {what}\n# Written by `make lock` from pyproject.toml.\n\n"
    path.write_text(head + "".join(render(entry) for entry in entries))
