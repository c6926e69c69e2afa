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
    """Write PATH.pdf, PATH.png, PATH.csv and PATH.json; a notebook then shows PATH.png.

    Args:
        figure: drawn at its final size.
        path: without a suffix; its name is the figure's.
        data: exactly what is plotted, tidy.
        provenance: settings, code fingerprint and inputs.

    Raises:
        ValueError: the paper can't show the figure as it was drawn (`onset.figures.page`).
    """
    # Here, because whoever only reads a study's results draws nothing.
    import matplotlib.pyplot as plt
    from IPython import get_ipython
    from IPython.display import Image, display
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    shown = round(figure.get_figwidth() * figure.dpi)
    figure.set_dpi(_PREVIEW_DPI)
    check(figure, path.name)
    # All files show the layout that was checked. Layout and drawing take most of a notebook's time, and
    # `savefig` would do both again for each file, as would a notebook that displays the figure.
    figure.set_layout_engine("none")
    with atomic_path(picture := path.with_suffix(".png")) as part:
        FigureCanvasAgg(figure).print_png(part)
    with atomic_path(path.with_suffix(".pdf")) as part:
        FigureCanvasPdf(figure).print_pdf(part)  # which leaves the figure at 72 dots per inch
    plt.close(figure)
    if get_ipython():
        display(Image(picture, width=shown))
    numbers = _numbers_of_seeds(data)
    _save_data(path, data, {**provenance, **({"n_seeds": numbers} if numbers else {})})


def _numbers_of_seeds(data: pd.DataFrame) -> list[int]:
    """The smallest and the largest number of seeds that rows are over, or that conditions have rows of."""
    if "n_seeds" in data:
        numbers = data["n_seeds"].dropna()
    elif "seed" in data and "condition" in data:
        numbers = data.groupby("condition", observed=True)["seed"].nunique()
    elif "seed" in data:
        numbers = pd.Series([data["seed"].nunique()])
    else:
        return []
    numbers = numbers[numbers > 0].astype(int)
    return sorted({int(numbers.min()), int(numbers.max())}) if len(numbers) else []


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
