"""Tables of numbers, formatted for pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onset.store.reading import read_csv


def read_table(path: Path, most: int | None = None) -> dict[str, Any]:
    """A CSV file: `columns`, the first `most` of its `rows` in short, and `n_rows`, of how many."""
    columns, *rows = read_csv(path)
    shown = [[short(cell) for cell in row] for row in rows[:most]]
    return {"columns": columns, "rows": shown, "n_rows": len(rows)}


def short(cell: str) -> str:
    """A long number in three significant digits, anything else as it is."""
    try:
        return f"{float(cell):.3g}" if len(cell) > 6 else cell
    except ValueError:
        return cell
