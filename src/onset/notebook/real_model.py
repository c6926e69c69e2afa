"""The pretrained model that a study asks: what it is, for texts that hold for any, and what it knows of
positions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from onset.latex import escape
from onset.models.pretrained.described import described
from onset.models.pretrained.settings import Settings
from onset.notebook.study import NotebookStudy
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

_POSITIONS = ("position_explained", "position_explained_by_kernel")


def the_model(study: NotebookStudy) -> pd.DataFrame:
    """What is known of the model of a study's first condition: `what`, and the text that is `said`."""
    settings = Settings.model_validate(study.settings[study.conditions[0]]["model"])
    return pd.DataFrame(list(described(settings).items()), columns=["what", "said"])


def as_typeset(row: Any) -> str:
    """What is said in a row of `the_model`, as the paper prints it."""
    return escape(row.said)


def positions(study: NotebookStudy, conditions: Sequence[str]) -> pd.DataFrame:
    """How well a state reveals its position, over seeds: a row per condition, `measure`, and `when`.

    Args:
        study: with the measure `position_reading` in these conditions.
        conditions: whose models are of one depth.

    Returns:
        condition, when (after the `first` block, after two `thirds` of them, after the `last`), layer,
        measure, mean, low, high.
    """
    rows = where(study.final, condition=conditions, measure=_POSITIONS)
    depth = int(rows["layer"].max())
    places = {"first": 1, "thirds": depth * 2 // 3, "last": depth}
    found = [where(rows, layer=layer).assign(when=when) for when, layer in places.items()]
    return over_seeds(pd.concat(found), ["condition", "when", "layer", "measure"])
