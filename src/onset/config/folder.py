"""The results folder: everything in it is generated, nothing written by people."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from onset.code.own_files import is_own
from onset.settings import like

_OF_ALL = dict.fromkeys(("benchmarks", "logs", "paper"), "what belongs to all studies")
GATHERED = "what is gathered over all studies"
NOT_STUDIES = {
    **_OF_ALL,
    "crate": "the archive that `make crate` packs",
    "export": "the runs that `make export` writes",
    "first": "the results of the first look",
    "site": "the gallery that `make site` copies",
    "smoke": "the results of the smoke run",
    "tuning": "the results of spare seeds",
}
"""names that no study or collection may have → what is in the folder of that name"""

OWN_FOLDERS = frozenset(
    (
        *("benchmarks", "config", "docs", "paper", "profiles", "requirements", "setup", "src"),
        *("tests", "workflow", "build", "dist"),
    )
)
"""what people wrote, or tools have made, lies in these"""

Folder = Annotated[
    str,
    like(
        r"^[A-Za-z0-9_][A-Za-z0-9_-]*(/[A-Za-z0-9_][A-Za-z0-9_-]*)*$",
        "must be a folder within the project, of letters, digits, _ and -, with / between",
        longest=200,
    ),
]


def folder_problem(
    results: str, root: Path, studies: Iterable[str], collections: Iterable[str]
) -> str | None:
    """Why results can't lie in a folder of the project.

    Args:
        results: the folder, from the project's on.
        root: the project's.
        studies: all there are.
        collections: all there are.
    """
    first, *within = results.split("/")
    if first.casefold() in OWN_FOLDERS:
        said = "is the project's own; results go to a folder by themselves, e.g. results/mine"
        return f"{results!r}: {first} {said}"
    taken = {
        **{name: f"the results of the study {name}" for name in studies},
        **dict.fromkeys(collections, GATHERED),
        **_OF_ALL,
    }
    for name in within:
        if held := taken.get(name.casefold()):
            return f"{results!r}: a folder {name} holds {held}"
    for path in (root / results, *(root / results).parents):
        if path == root:
            break
        shown = path.relative_to(root)
        if other := _in_another_case(path):
            said = "differs only in case, and is the same folder on some machines"
            return f"{results!r}: there is {other.relative_to(root)}, which {said}"
        if path.is_file():
            return f"{results!r}: {shown} is a file"
        if path.is_symlink() and not path.exists():
            return f"{results!r}: {shown} is a link that leads nowhere"
        if path.exists() and not path.is_dir():
            return f"{results!r}: {shown} is a pipe or a device"
    if said := into_own_folder(root / results, root):
        return f"{results!r}: it {said}"
    return None


def into_own_folder(path: Path, root: Path) -> str | None:
    """Why nothing is to be written where a path leads to, links followed; None if it may be.

    Args:
        path: of a folder, whether it is there or not.
        root: the project's.
    """
    real, project = path.resolve(), root.resolve()
    if project.is_relative_to(real):
        return f"leads to {real}, in which the project lies"
    first = real.relative_to(project).parts[0] if real.is_relative_to(project) else ""
    if first.startswith(".") or first.casefold() in OWN_FOLDERS:
        return f"leads to {real}, and {first} is the project's own"
    return None


def _in_another_case(path: Path) -> Path | None:
    """What is next to a path and differs from it only in case: on a Mac, both are the same file."""
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    alike = [its for its in beside if its.name.casefold() == path.name.casefold()]
    return None if path.name in [its.name for its in alike] else next(iter(sorted(alike)), None)


def not_folders(root: Path) -> Iterator[tuple[str, str]]:
    """What stands in place of a folder that a project may do without: path and message."""
    for name in ("config/collections", "paper"):
        if os.path.lexists(root / name) and not (root / name).is_dir():
            yield name, "it is no folder; expected a folder"


def case_problems(root: Path) -> Iterator[tuple[str, str]]:
    """Files of studies, collections and notebooks whose names differ only in case: file and message."""
    for folder in ("config/studies", "config/collections", "workflow/notebooks"):
        seen: dict[str, str] = {}
        names = [path.name for path in (root / folder).glob("*") if is_own(path.name)]
        for name in sorted(names):
            other = seen.setdefault(name.casefold(), name)
            if other != name:
                said = "differ only in case: on some machines they are one file; rename one"
                yield f"{folder}/{name}", f"{other} and {name} {said}"
