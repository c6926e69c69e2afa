"""The text of a lock: read, merge and write its entries."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from setup.console import SetupError

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


def merge(locks: dict[str, list[Entry]]) -> list[Entry]:
    """One lock from one per platform (as `sys_platform` names it)."""
    by_platform = {
        platform: {entry.name: entry for entry in lock} for platform, lock in locks.items()
    }
    merged = []
    for name in sorted(set().union(*by_platform.values())):
        found = {platform: lock[name] for platform, lock in by_platform.items() if name in lock}
        if len({entry.version for entry in found.values()}) > 1:
            told = ", ".join(f"{entry.version} on {where}" for where, entry in found.items())
            raise SetupError(f"a lock holds one version of a package, not {name}: {told}")
        platform, entry = next(iter(found.items()))
        everywhere = len(found) == len(locks)
        merged.append(entry if everywhere else only_on(platform, entry))
    return merged


def only_on(platform: str, entry: Entry) -> Entry:
    return entry._replace(marker=f'sys_platform == "{platform}"')


def applies(entry: Entry) -> bool:
    """Whether an entry is meant for this platform: `only_on` writes the only markers there are."""
    return not entry.marker or entry == only_on(sys.platform, entry)


def write(path: Path, what: str, entries: Iterable[Entry]) -> None:
    head = f"# {what}\n# Written by `make lock` from pyproject.toml.\n\n"
    path.write_text(head + "".join(render(entry) for entry in entries))
