"""All heads as lists that open and close on a page, one per study."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import pandas as pd

_COLUMNS = {
    "condition": "condition",
    "seed": "seed",
    "layer": "layer",
    "head": "head",
    "kind": "kind",
    "needed": "needed",
    "needed_on": "on",
    "accuracy": "accuracy",
    "accuracy_without": "without",
    "loss": "loss",
    "loss_without": "without ",
    "previous_token_score": "previous",
    "duplicate_token_score": "duplicate",
    "induction_score": "induction",
    "copying_score": "copying",
    "attention_entropy": "entropy",
}


def listing(
    heads: pd.DataFrame, titles: Mapping[str, str], labels: Mapping[str, Mapping[str, str]]
) -> str:
    """HTML that needs no script.

    Args:
        heads: of the atlas.
        titles: of the studies.
        labels: study → condition → what figures call it.
    """
    found = []
    for study, its in heads.groupby("study", sort=False):
        table = its[list(_COLUMNS)].rename(columns=_COLUMNS)
        table["condition"] = table["condition"].map(labels[study])
        table["kind"] = table["kind"].str.replace("_", " ")
        rows = table.to_html(index=False, border=0, float_format=_short, na_rep="")
        title = f"{escape(titles[study])}: {len(its)} heads"
        found.append(f"<details><summary>{title}</summary>{rows}</details>")
    return "\n".join(found)


def _short(value: float) -> str:
    return f"{value:.2f}"
