"""Snakemake as make calls it: repeated options are merged, and targets come last.

Snakemake itself uses only the last `--config`, without a word about the others, and takes anything after
`--` for a target. A Makefile target has options of its own, and ARGS may contain any others.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

_JOINED = {"--config": "--config", "-C": "--config"} | dict.fromkeys(
    ("--configfile", "--configfiles"), "--configfile"
)
# Written as one word: --config=a=1, -Ca=1
_ONE_WORD = re.compile(r"(--config(?:files?)?)=(.*)|(-C)(.+)", re.DOTALL)


def joined(arguments: Iterable[str]) -> list[str]:
    """The arguments with one `--config` and one `--configfile`, all values in their order, targets last."""
    options, values, targets = _taken_apart(arguments)
    for name, its in values.items():
        if its:
            options += [name, *(value for of_one in its for value in of_one)]
    return [*options, "--", *targets] if targets else options


def repeated(arguments: Iterable[str]) -> str | None:
    """What to say if Snakemake would take but one of several options; None if there are not several."""
    _, values, _ = _taken_apart(arguments)
    for name, its in values.items():
        if len(its) > 1:
            together = " ".join([name, *(value for of_one in its for value in of_one)])
            return (
                f"{name} appears {len(its)} times in this call, and Snakemake takes only the last; "
                f"put all into one: {together}"
            )
    return None


def forced(arguments: Iterable[str]) -> set[str]:
    """The files, or rules, that a call of Snakemake is to make again, whatever lies there."""
    found: set[str] = set()
    among = False
    for word in arguments:
        if word.startswith("-"):
            option, _, value = word.partition("=")
            among = option in ("--forcerun", "-R")
            found |= {value} if among and value else set()
        elif among:
            found.add(word)
    return found


def _taken_apart(
    arguments: Iterable[str],
) -> tuple[list[str], dict[str, list[list[str]]], list[str]]:
    """Other options; per option to be joined, the values each time that it stands there; targets."""
    options: list[str] = []
    values: dict[str, list[list[str]]] = {"--configfile": [], "--config": []}
    targets: list[str] = []
    place = options
    for word in arguments:
        if word == "--" or place is targets:
            place = targets
            targets += [word] * (word != "--")
        elif word in _JOINED:
            values[_JOINED[word]].append(place := [])
        elif found := _ONE_WORD.fullmatch(word):
            values[_JOINED[found[1] or found[3]]].append([found[2] or found[4]])
            place = options
        else:
            place = options if word.startswith("-") else place
            place.append(word)
    return options, values, targets


def caches() -> str | None:
    """Another place for caches, if there can be none in the home; Snakemake needs one to start at all."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    with contextlib.suppress(OSError):
        (usual / "snakemake").mkdir(parents=True, exist_ok=True)
        if os.access(usual / "snakemake", os.W_OK | os.X_OK):
            return None
    return str(Path(".snakemake/cache").resolve())


def main() -> None:
    if place := caches():
        os.environ["XDG_CACHE_HOME"] = place
    command = [sys.executable, "-P", "-m", "snakemake", *joined(sys.argv[1:])]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    main()
