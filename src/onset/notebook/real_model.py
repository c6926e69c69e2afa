"""The pretrained model that a study asks: what it is, for texts that hold for any."""

from __future__ import annotations

from typing import Any

import pandas as pd

from onset.latex import escape
from onset.models.pretrained.described import described
from onset.models.pretrained.settings import Settings
from onset.notebook.study import NotebookStudy


def the_model(study: NotebookStudy) -> pd.DataFrame:
    """What is known of the model of a study's first condition: `what`, and the text that is `said`."""
    settings = Settings.model_validate(study.settings[study.conditions[0]]["model"])
    return pd.DataFrame(list(described(settings).items()), columns=["what", "said"])


def as_typeset(row: Any) -> str:
    """What is said in a row of `the_model`, as the paper prints it."""
    return escape(row.said)
