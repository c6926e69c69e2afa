"""The means of a study's `summary.csv`: what pages, answers and the paper quote."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from onset.statistics.wording import format_interval
from onset.store.reading import read_csv
from onset.store.records import damaged

_MOST_DIGITS = 12
_SHOWN = 8  # names that an error lists


class Mean(NamedTuple):
    """A quantity's mean over seeds at the last checkpoint, and its interval."""

    condition: str
    split: str
    """empty: it is of no split"""
    quantity: str
    """in full, e.g. `bridge_rank.layer_1`"""
    kind: str
    digits: int
    """after the point"""
    n_seeds: int
    mean: float
    low: float
    """NaN, as `high`: there is no interval"""
    high: float

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Self:
        """Of a row of the summary.

        Raises:
            KeyError, ValueError: it isn't as the summary has rows.
        """
        digits = int(row["digits"])
        if not 0 <= digits <= _MOST_DIGITS:
            raise ValueError(f"digits: {digits}")
        names = row["condition"], row["split"], row["measure"], row["kind"]
        numbers = (float(row[column] or "nan") for column in ("mean", "low", "high"))
        return cls(*names, digits, int(row["n_seeds"]), *numbers)

    @property
    def name(self) -> str:
        """`condition/split/quantity`"""
        return name_of(self.condition, self.split, self.quantity)

    @property
    def in_words(self) -> str:
        return format_interval(self, self.digits)


def name_of(condition: str, split: str, quantity: str) -> str:
    return f"{condition}/{split}/{quantity}"


def parts_of(name: str) -> tuple[str, str, str]:
    """The reverse; what isn't there is empty, as of a name that is no mean's."""
    condition, split, quantity = [*name.split("/", 2), "", ""][:3]
    return condition, split, quantity


class UnknownMeanError(KeyError):
    """There is no such mean. Its text says which part of the name isn't there, and what is like it."""

    def __str__(self) -> str:
        return str(self.args[0])


class Means(dict[str, Mean]):
    """Means by their names."""

    @classmethod
    def of_summary(cls, path: Path) -> Self:
        """All of a study's.

        Raises:
            FileNotFoundError: there is no such file.
            DamagedFileError: it isn't what a job of Onset's wrote there.
        """
        columns, *rows = read_csv(path)
        try:
            found = [Mean.of(dict(zip(columns, row, strict=True))) for row in rows]
        except (KeyError, ValueError) as error:
            raise damaged(path, f"no summary of this version ({error!r:.60})") from error
        return cls({its.name: its for its in found})

    def __missing__(self, name: str) -> Mean:
        raise UnknownMeanError(self._what_is_wrong(name))

    def _what_is_wrong(self, name: str) -> str:
        condition, split, quantity = parts_of(name)
        of_condition = [its for its in self.values() if its.condition == condition]
        if not of_condition:
            return f"no condition {condition!r}; {like(condition, (m.condition for m in self.values()))}"
        there = [its for its in of_condition if its.quantity == quantity]
        if not there:
            of_split = [its for its in of_condition if its.split == split] or of_condition
            return f"no quantity {quantity!r}; {like(quantity, (its.quantity for its in of_split))}"
        splits = [its.split or "(none)" for its in there]
        return f"{quantity} isn't of the split {split or '(none)'!r}; {like(split, splits)}"


def like(name: str, known: Iterable[str]) -> str:
    """What is nearest to a name; where nothing is near, what there is."""
    there = list(dict.fromkeys(known))
    near = difflib.get_close_matches(name, there, n=3, cutoff=0.6) or there[:_SHOWN]
    return f"the nearest: {', '.join(near)}" if near else "there are none"
