"""Titles of panels and names of rows, by what they show."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

_One = TypeVar("_One", bound=Hashable)
_Other = TypeVar("_Other", bound=Hashable)


def crossed(
    ones: Mapping[_One, str], others: Mapping[_Other, str]
) -> dict[tuple[_One, _Other], str]:
    """By two columns: every value of one with every value of another."""
    return {
        (one, other): f"{title}: {more}"
        for one, title in ones.items()
        for other, more in others.items()
    }


def there(titles: Mapping[_One, str], values: Iterable[_One]) -> dict[_One, str]:
    """Those of what there is, in their own order.

    Args:
        titles: value of a column → what figures call it.
        values: the column.
    """
    known = set(values)
    return {its: title for its, title in titles.items() if its in known}
