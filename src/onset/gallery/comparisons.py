"""What a study's page says of comparisons: which runs stand together, and what is found of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from onset.gallery.tables import interval

_COLUMNS = ("of", "split", "quantity", "seeds", "mean and 95 % interval")
_TOGETHER = {
    "run": "each run by itself",
    "condition": "all seeds of a condition",
    "seed": "all conditions at a seed",
    "pair": "two conditions at a seed",
    "study": "all runs",
}


def comparisons_of(
    study: Mapping[str, Any], summary: Iterable[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Each comparison: its `name`, what it is `said` to be, and the `columns` and `rows` of a table.

    Args:
        study: as the pages' job is told of it.
        summary: the rows of its `summary.csv`.
    """
    summary = list(summary)
    labels = {its["name"]: its["label"] for its in study["conditions"]}
    return [
        {
            "name": its["name"],
            "said": _said(its),
            "columns": _COLUMNS,
            "rows": [
                [_of_whom(row["condition"], labels), row["split"], row["measure"], row["n_seeds"],
                 interval(row)]
                for row in summary
                if row["condition"].partition("/")[0] == its["name"]
                and row["condition"] not in labels
            ],
        }
        for its in study.get("comparisons", ())
    ]  # fmt: skip


def _said(its: Mapping[str, Any]) -> str:
    """`checkpoint patching: each run by itself, 14 checkpoints of it`"""
    together = _TOGETHER[its["for_each"]]
    if its["beside"]:
        together = f"{together.removesuffix(' by itself')} beside {its['beside']}"
    n = its["checkpoints"]
    checkpoints = f", {n} checkpoints" if n > 1 else ""
    return f"{its['module'].replace('_', ' ')}: {together}{checkpoints}"


def _of_whom(called: str, labels: Mapping[str, str]) -> str:
    """Labels of the conditions in `COMPARISON/ONE/OTHER`, where OTHER may be of another study."""
    _, one, other = (*called.split("/", 2), "", "")[:3]
    return " beside ".join(labels.get(name, name) for name in (one, other) if name)
