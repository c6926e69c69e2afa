"""Tables of means at the end of training, a row per condition."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from onset.statistics.seeds import Summary
from onset.statistics.wording import format_interval


class MeanOf(NamedTuple):
    """Which mean of `summary.csv` stands in a column."""

    measure: str
    """full name, e.g. `bridge_rank.layer_1`"""
    split: str | None = None
    interval: bool = True
    """with its interval; without, where the mean says enough"""


def summary_cells(
    summary: pd.DataFrame,
    columns: Mapping[str, MeanOf],
    labels: Mapping[str, str],
    more: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """The texts of a table.

    Args:
        summary: condition, split, measure, digits, mean, low, high (`Study.summary`).
        columns: heading → which mean.
        labels: of the conditions, in the order of the rows.
        more: heading → condition, mean, low, high, for further columns on the right.

    Returns:
        The column `condition` and those asked for; a cell is empty where nothing was measured.
    """
    keys = zip(
        *(summary[key].astype(object) for key in ("condition", "split", "measure")), strict=True
    )
    found = {
        (condition, None if pd.isna(split) else split, measure): row
        for (condition, split, measure), row in zip(keys, summary.itertuples(), strict=True)
    }

    def cell(condition: str, of: MeanOf) -> str:
        row = found.get((condition, of.split, of.measure))
        if row is None:
            return ""
        its = row if of.interval else Summary(row.mean, math.nan, math.nan)
        return format_interval(its, int(row.digits))

    rows = [[labels[name], *(cell(name, of) for of in columns.values())] for name in labels]
    table = pd.DataFrame(rows, columns=["condition", *columns])
    for heading, means in (more or {}).items():
        said = {row.condition: format_interval(row) for row in means.itertuples()}
        table[heading] = [said.get(name, "") for name in labels]
    return table
