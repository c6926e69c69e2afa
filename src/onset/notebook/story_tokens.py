"""Which tokens of stories models lose most on, as the notebook asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from onset.measures.answers.asking import logits_of_splits, targets_of_splits
from onset.notebook.study import NotebookStudy
from onset.runs.run import Run

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
    by_run = {(run.condition, run.seed): beyond_by_token(run) for run in study.runs_of(conditions)}
    means = pd.DataFrame(by_run).T.groupby(level=0).mean().T[[*conditions]]
    apart = (means.iloc[:, 0] - means.iloc[:, -1]).abs()
    return means.loc[apart.nlargest(n).index]


def beyond_by_token(run: Run) -> pd.Series:
    """Of one run, by the name of the token that comes next."""
    split = run.dataset.splits[SPLIT]
    alone = replace(run.dataset, splits={SPLIT: split})
    with torch.inference_mode():
        targets = targets_of_splits(alone)
        losses = F.cross_entropy(
            logits_of_splits(run.model, run.parameters(), alone), targets, reduction="none"
        )
    beyond = losses.double().numpy() - split.truth_of_next("unbound").ravel()
    vocabulary = run.dataset.vocabulary
    sums = np.bincount(targets.numpy(), beyond, len(vocabulary))
    return pd.Series(1000 * sums / beyond.size, index=vocabulary)
