"""Which tokens of stories models lose most on, as the notebook asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.models.batch import Model, Parameters
from onset.notebook.study import NotebookStudy
from onset.tasks.dataset import Dataset

SPLIT = "test"


def tokens_left(study: NotebookStudy, conditions: Sequence[str], n: int) -> pd.DataFrame:
    """The tokens at which the first of some conditions and the last differ most, a row each.

    Args:
        study: whose models.
        conditions: of stories with one vocabulary.
        n: how many tokens.

    Returns:
        A column per condition: what is lost at the token beyond the best reader without composed rules, in
        thousandths of a nat per token of held-out stories, mean over seeds. Those of all tokens add up to
        the whole.
    """
    by_run = {
        (run.condition, run.seed): beyond_by_token(run.model, run.parameters(), run.dataset)
        for run in study.runs_of(conditions)
    }
    means = pd.DataFrame(by_run).T.groupby(level=0).mean().T[[*conditions]]
    apart = (means.iloc[:, 0] - means.iloc[:, -1]).abs()
    return means.loc[apart.nlargest(n).index]


def beyond_by_token(model: Model, parameters: Parameters, dataset: Dataset) -> pd.Series:
    """Of one model, by the name of the token that comes next."""
    split = dataset.splits[SPLIT]
    alone = replace(dataset, splits={SPLIT: split})
    with torch.inference_mode():
        targets = targets_of_splits(alone)
        logits = logits_of_splits(model, parameters, alone)
        losses = F.cross_entropy(logits, targets, reduction="none")
    beyond = losses.double().numpy() - split.truth_of_next("unbound").ravel()
    sums = np.bincount(targets.numpy(), beyond, len(dataset.vocabulary))
    return pd.Series(1000 * sums / beyond.size, index=dataset.vocabulary)
