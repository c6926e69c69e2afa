"""Saves a figure as PDF and PNG, with its data as CSV and its provenance as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from onset.figures.page import check
from onset.store.atomic import atomic_path, write_text

_PREVIEW_DPI = 200


def save_figure(
    figure: Figure, path: Path, data: pd.DataFrame, provenance: Mapping[str, Any]
) -> None:
    """Write PATH.pdf, PATH.png, PATH.csv and PATH.json.

    Args:
        figure: drawn at its final size.
        path: without a suffix; its name is the figure's.
        data: exactly what is plotted, tidy.
        provenance: settings, code fingerprint and inputs.

    Raises:
        ValueError: the paper can't show the figure as it was drawn (`onset.figures.page`).
    """
    check(figure, path.name)
    for suffix in ("pdf", "png"):
        with atomic_path(path.with_suffix(f".{suffix}")) as part:
            figure.savefig(part, format=suffix, dpi=_PREVIEW_DPI)
    _save_data(path, data, provenance)


def save_table(table: pd.DataFrame, path: Path, latex: str, provenance: Mapping[str, Any]) -> None:
    """Write PATH.csv, PATH.tex and PATH.json.

    Args:
        table: the numbers.
        path: without a suffix; its name is the table's.
        latex: the tabular as the paper includes it.
        provenance: settings, code fingerprint and inputs.
    """
    write_text(path.with_suffix(".tex"), latex)
    _save_data(path, table, provenance)


def _save_data(path: Path, data: pd.DataFrame, provenance: Mapping[str, Any]) -> None:
    write_text(path.with_suffix(".csv"), data.to_csv(index=False))
    write_text(path.with_suffix(".json"), json.dumps(dict(provenance), indent=1) + "\n")
