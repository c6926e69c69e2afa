"""Rows of a table as numbers by name: what `study.save_numbers` takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from onset.statistics.wording import format_interval


def named(
    rows: pd.DataFrame, name: str, say: Callable[[Any], str] = format_interval
) -> dict[str, str]:
    """A number per row.

    Args:
        rows: the columns that the name asks for and, as `say` stands, mean, low, high.
        name: of each number, with columns in braces: `{condition}/{split}`. It is written out where it
            is used, so that planning knows which numbers there will be.
        say: what the number is, of the row as a named tuple.
    """
    names = (name.format(**{k: _plain(its) for k, its in row.items()}) for _, row in rows.iterrows())
    return dict(zip(names, map(say, rows.itertuples(index=False)), strict=True))


def _plain(value: Any) -> Any:
    """A layer or a head is a whole number, whatever the column holds beside it."""
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return int(value) if whole else value


def steps_in_words(row: Any) -> str:
    """`100–200` of a row of `first_checkpoints`, or that not every seed gets there."""
    if np.isnan(row.first):
        return "not in every seed"
    return "–".join(str(int(step)) for step in dict.fromkeys((row.first, row.last)))


def in_steps(row: Any) -> str:
    """Mean and interval of steps."""
    return format_interval(row, digits=0)


def range_in_words(row: Any) -> str:
    """`0.12–0.34`, of a row with lowest and highest."""
    return f"{row.lowest:.2f}–{row.highest:.2f}"


def percent(fraction: float) -> str:
    """As the paper prints it."""
    return f"{fraction:.0%}".replace("%", r"\,\%")
