"""Which files in the project's folders belong to the project.

Operating systems, editors and notebooks leave files behind (`.DS_Store`, `page.html~`, `._page.html`,
`#page.html#`, `.ipynb_checkpoints`). They are never inputs, and their names are never offered as modules,
studies or templates.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_OWN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LEFT_ABOUT = (".bak", ".orig", ".rej", ".swp", ".tmp", ".pyc")
_SYSTEMS = {"__pycache__", "Thumbs.db", "desktop.ini"}


def is_own(name: str) -> bool:
    """Whether a file or a folder of this name is the project's, and none that was left about."""
    return bool(_OWN.fullmatch(name) and not name.endswith(_LEFT_ABOUT) and name not in _SYSTEMS)


def files_in(folder: Path) -> list[Path]:
    """The project's files in a folder and all below it, sorted."""
    return sorted(_files_in(folder))


def _files_in(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if is_own(path.name):
            if path.is_dir() and not path.is_symlink():
                yield from _files_in(path)
            elif path.is_file():
                yield path


def modules_in(package: Iterable[str]) -> list[str]:
    """The names of a package's modules, by its `__path__`; none is imported."""
    found = (module.name for module in pkgutil.iter_modules(package))
    return sorted(name for name in found if name.isidentifier())
