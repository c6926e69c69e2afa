"""Directions that were looked for with labels: by method, number of labels and what they are good for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from onset.analyses.dictionaries.found_directions import N_LABELS
from onset.notebook import say
from onset.notebook.study import NotebookStudy
from onset.statistics.rows import named_parts, where

LABELS = N_LABELS


def directions_found(study: NotebookStudy, worlds: Sequence[str]) -> pd.DataFrame:
    """What `found_directions` found, over seeds.

    Returns:
        good_for (true, read, aside), method, labels, log_labels (to the base of 2), condition, world (the
            same), n_seeds, mean, low, high and the seeds.
    """
    rows = where(study.closer, condition=list(worlds), split="test")
    parts = named_parts(rows, "measure", r"(?P<good_for>true|read|aside)_by_(?P<method>\w+)")
    over = study.over_seeds_at_end(parts, "good_for", "method", "component")
    labels = over["component"].astype(int)
    return over.assign(
        labels=labels, log_labels=np.log2(labels), world=over["condition"].astype(str)
    )


def with_means(
    rows: pd.DataFrame, methods: Mapping[str, str], worlds: Mapping[str, str]
) -> pd.DataFrame:
    """A table of text: a row per method, a column per world."""
    told = rows.assign(said=[say.interval(row) for row in rows.itertuples()])
    table = told.pivot(index="method", columns="world", values="said")
    named = table.reindex(index=list(methods), columns=list(worlds)).rename(
        index=methods, columns=worlds
    )
    return named.rename_axis(index="method", columns=None).reset_index()
