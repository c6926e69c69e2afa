"""Quantities: what measures, analyses and comparisons yield, as they declare it in their own files.

A declaration is a literal, `QUANTITIES = {"accuracy": {"kind": "share", "label": "accuracy"}}`. A name may
be a pattern, in which each `*` stands for something, and the label's `*` for the same: `"*_f1"` with the
label `"F1 of *"` makes `bridge_f1` the `F1 of bridge`. `digits` after the point may be declared, too, where
those of the kind don't suit.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onset.statistics.kinds import KINDS
from onset.store.reading import read_json

if TYPE_CHECKING:
    import pandas as pd

Declarations = Mapping[str, Mapping[str, Any]]
"""name or pattern → kind, label, and digits if the kind's don't suit"""

_KEYS = {"kind", "label", "digits"}


class UndeclaredError(Exception):
    """A name that was measured, but not declared, or twice; the text says so in a line."""


@dataclass(frozen=True)
class Quantity:
    """What is yielded under one name."""

    name: str
    kind: str
    """of `onset.statistics.kinds.KINDS`"""
    label: str
    """with its unit, as an axis shows it"""
    digits: int
    """after the point"""

    def as_json(self) -> dict[str, Any]:
        """Without the name."""
        told = asdict(self)
        del told["name"]
        return told


def quantities_in(path: Path) -> dict[str, Quantity]:
    """Those of a study's `quantities.json`, by name; raises as `onset.store.reading.read_json`."""
    return {name: Quantity(name, **its) for name, its in read_json(path).items()}


def quantity_of(name: str, declared: Declarations) -> Quantity:
    """What is declared of a name: by itself, else by the pattern that it fits.

    Raises:
        UndeclaredError: nothing is, or by several patterns that say different things.
    """
    if name in declared:
        return _quantity(name, declared[name])
    fits = [(its, found) for its in declared if (found := _pattern(its).fullmatch(name))]
    said = {_quantity(name, declared[its], found.groups()): its for its, found in fits}
    if len(said) == 1:
        return next(iter(said))
    if said:
        raise UndeclaredError(
            f"{name} fits {' and '.join(said.values())}, which are declared apart"
        )
    near = difflib.get_close_matches(name, declared, n=3) or sorted(declared)
    raise UndeclaredError(
        f"{name} is measured, but in no QUANTITIES of what measures it; "
        f"there are: {', '.join(near) or 'none'}"
    )


def _quantity(name: str, said: Mapping[str, Any], stars: tuple[str, ...] = ()) -> Quantity:
    label = said["label"]
    for found in stars:
        label = label.replace("*", found.replace("_", " "), 1)
    return Quantity(name, said["kind"], label, said.get("digits", KINDS[said["kind"]].digits))


def described(measures: pd.DataFrame, quantities: Mapping[str, Quantity]) -> pd.DataFrame:
    """The same measurements, with the columns kind and digits.

    Args:
        measures: with the column measure.
        quantities: of each name in it.
    """
    if measures.empty:
        return measures
    names = measures["measure"].astype(str)
    told = {
        column: names.map({name: getattr(its, column) for name, its in quantities.items()})
        for column in ("kind", "digits")
    }
    return measures.assign(**told)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile("(.+)".join(map(re.escape, name.split("*"))))


def unsound(declared: Any) -> Iterator[str]:
    """What is wrong with a declaration, if anything."""
    if not isinstance(declared, dict) or not declared:
        yield 'must be {"name": {"kind": …, "label": …}} with a name or more'
        return
    for name, said in declared.items():
        if not isinstance(name, str) or not re.fullmatch(r"[\w*]+", name) or "**" in name:
            yield f"{name!r} must be a name of letters, digits and _, with * for what varies"
        elif not isinstance(said, dict) or not {"kind", "label"} <= said.keys() <= _KEYS:
            yield f"{name} must have kind and label, and may have digits"
        else:
            yield from (f"{name}: {its}" for its in _unsound_values(name, **said))


def _unsound_values(name: str, kind: Any, label: Any, digits: Any = 0) -> Iterator[str]:
    if not isinstance(kind, str) or kind not in KINDS:
        close = difflib.get_close_matches(str(kind), KINDS, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}? " if close else ""
        yield f"unknown kind {kind!r}; {hint}(allowed: {', '.join(KINDS)})"
    if not isinstance(label, str) or not label.strip() or "\n" in label:
        yield f"label must be a line of text, not {label!r}"
    elif label.count("*") > name.count("*"):
        yield f"label {label!r} has more * than the name"
    if not isinstance(digits, int) or isinstance(digits, bool) or not 0 <= digits <= 9:
        yield f"digits must be a whole number from 0 to 9, not {digits!r}"
