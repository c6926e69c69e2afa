"""A condition's means at the last checkpoint, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onset.statistics.means import Mean
from onset.statistics.quantities import Quantity

Quantities = Mapping[str, Quantity]
"""of a study, by name"""


def side_by_side(means: Sequence[Mean], quantities: Quantities) -> dict[str, Any]:
    """A row per split, and a column per quantity that every split has; none, if there is no such."""
    by_place = {(its.quantity, its.split): its for its in means if its.split}
    splits = list(dict.fromkeys(split for _, split in by_place))
    everywhere = [
        quantity
        for quantity in dict.fromkeys(quantity for quantity, _ in by_place)
        if all((quantity, split) in by_place for split in splits)
    ]
    rows = [[split, *(by_place[its, split].in_words for its in everywhere)] for split in splits]
    columns = ["split", *(label_of(its, quantities) for its in everywhere)]
    return {"columns": columns, "rows": rows if everywhere else []}


def one_by_one(means: Sequence[Mean], quantities: Quantities) -> dict[str, Any]:
    """A row per mean, with the name that texts ask for it by."""
    rows = [
        [label_of(its.quantity, quantities), its.split, its.in_words, its.name] for its in means
    ]
    return {"columns": ["quantity", "split", "mean", "name"], "rows": rows}


def label_of(quantity: str, quantities: Quantities) -> str:
    """What a quantity is called on a page: `rank of the bridge, layer 1`."""
    name, *places = quantity.split(".")
    where = [place.replace("_", " ") for place in places]
    return ", ".join([quantities[name].label, *where])
