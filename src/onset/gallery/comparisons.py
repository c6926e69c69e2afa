"""What a study's page says of comparisons: which runs stand together, and what is found of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from onset.gallery.means import Quantities, label_of
from onset.statistics.means import Mean

_COLUMNS = ("of", "quantity", "split", "seeds", "mean", "name")
_TOGETHER = {
    "run": "each run by itself",
    "condition": "all seeds of a condition",
    "seed": "all conditions at a seed",
    "pair": "two conditions at a seed",
    "study": "all runs",
}


def comparisons_of(
    study: Mapping[str, Any], means: Iterable[Mean], quantities: Quantities
) -> list[dict[str, Any]]:
    """Each comparison: its `name`, what it is `said` to be, and the `columns` and `rows` of a table.

    Args:
        study: as the pages' job is told of it.
        means: of the study.
        quantities: of the study.
    """
    labels = {its["name"]: its["label"] for its in study["conditions"]}
    found: dict[str, list[Mean]] = {its["name"]: [] for its in study.get("comparisons", ())}
    for mean in means:
        if (name := mean.condition.partition(":")[0]) in found:
            found[name].append(mean)
    return [
        {
            "name": its["name"],
            "said": _said(its),
            "columns": _COLUMNS,
            "rows": [_row(mean, labels, quantities) for mean in found[its["name"]]],
        }
        for its in study.get("comparisons", ())
    ]


def _row(mean: Mean, labels: Mapping[str, str], quantities: Quantities) -> list[str]:
    whom = _of_whom(mean.condition, labels)
    quantity = label_of(mean.quantity, quantities)
    return [whom, quantity, mean.split, str(mean.n_seeds), mean.in_words, mean.name]


def _said(its: Mapping[str, Any]) -> str:
    """`checkpoint patching: each run by itself, 14 checkpoints of it`"""
    together = _TOGETHER[its["for_each"]]
    if its["beside"]:
        together = f"{together.removesuffix(' by itself')} beside {its['beside']}"
    n = its["checkpoints"]
    checkpoints = f", {n} checkpoints" if n > 1 else ""
    return f"{its['module'].replace('_', ' ')}: {together}{checkpoints}"


def _of_whom(called: str, labels: Mapping[str, str]) -> str:
    """Labels of the conditions in `COMPARISON:ONE:OTHER`, where OTHER may be of another study."""
    _, one, other = (*called.split(":", 2), "", "")[:3]
    return " beside ".join(labels.get(name, name) for name in (one, other) if name)
