"""The modules of a kind, found by the short name that YAML uses, whichever package they are in."""

from __future__ import annotations

import importlib
import re
from functools import cached_property
from pathlib import Path
from types import ModuleType

from onset.code.own_files import files_in
from onset.code.syntax import SourceError


class Catalogue:
    """All modules below a package that define a certain function; the others are helpers.

    None is imported to be found, and only the one asked for to be used, so that a job depends on no other.
    """

    def __init__(self, package: str, function: str) -> None:
        self._package = package
        self._defines = re.compile(rf"^def {function}\(", re.MULTILINE)

    def names(self) -> list[str]:
        """The short names, sorted.

        Raises:
            SourceError: two modules have the same.
        """
        return sorted(self._sources)

    def source(self, name: str) -> Path:
        """The module's file."""
        return self._sources[name]

    def dotted(self, name: str) -> str:
        """What Python calls the module."""
        inside = self.source(name).relative_to(self._folder).with_suffix("")
        return ".".join((self._package, *inside.parts))

    def load(self, name: str) -> ModuleType:
        return importlib.import_module(self.dotted(name))

    @property
    def _folder(self) -> Path:
        return Path(__file__).parents[1].joinpath(*self._package.split(".")[1:])

    @cached_property
    def _sources(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for path in files_in(self._folder):
            if path.suffix != ".py" or not path.stem.isidentifier():
                continue
            if not self._defines.search(path.read_text(encoding="utf-8", errors="replace")):
                continue
            if path.stem in found:
                raise SourceError(f"{path}: there is a {path.stem} already, {found[path.stem]}")
            found[path.stem] = path
        return found
