"""Which tools find what a training changed?

What was changed is on record, sequence by sequence, and no tool is told. A run that was trained as long on
what it knew already, beside which each stands, says how large the scores of a tool become where nothing is
to be found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float

from onset.comparisons.changes.tools import scores
from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import ReadableModel
from onset.statistics.prediction import auc
from onset.tasks.dataset import Dataset

TOGETHER = "two runs"
NEEDS = ("residual_stream", "changed")
OPTIONS = {"most_sequences": 1500}
QUANTITIES = {
    "kl_recall": {"kind": "share", "label": "changed ones among the k largest divergences"},
    "kl_auc": {"kind": "share", "label": "changed before kept, by divergence"},
    "kl_found": {"kind": "share", "label": "changed ones above the null's scores, by divergence"},
    "kl_flagged": {"kind": "share", "label": "false alarms, by divergence"},
    "norm_recall": {"kind": "share", "label": "changed ones among the k farthest moves"},
    "norm_auc": {"kind": "share", "label": "changed before kept, by distance"},
    "norm_found": {"kind": "share", "label": "changed ones above the null's scores, by distance"},
    "norm_flagged": {"kind": "share", "label": "false alarms, by distance"},
    "means_recall": {"kind": "share", "label": "changed ones among the k, difference of means"},
    "means_auc": {"kind": "share", "label": "changed before kept, difference of means"},
    "means_found": {"kind": "share", "label": "changed ones above the null's, difference of means"},
    "means_flagged": {"kind": "share", "label": "false alarms, difference of means"},
    "pca_recall": {"kind": "share", "label": "changed ones among the k, first component"},
    "pca_auc": {"kind": "share", "label": "changed before kept, first component"},
    "pca_found": {"kind": "share", "label": "changed ones above the null's, first component"},
    "pca_flagged": {"kind": "share", "label": "false alarms, first component"},
    "swap_recall": {"kind": "share", "label": "changed ones among the k, one part swapped"},
    "swap_auc": {"kind": "share", "label": "changed before kept, one part swapped"},
    "swap_found": {"kind": "share", "label": "changed ones above the null's, one part swapped"},
    "swap_flagged": {"kind": "share", "label": "false alarms, one part swapped"},
    "random_recall": {"kind": "share", "label": "changed ones among the k, random direction"},
    "random_auc": {"kind": "share", "label": "changed before kept, random direction"},
    "random_found": {"kind": "share", "label": "changed ones above the null's, random direction"},
    "random_flagged": {"kind": "share", "label": "false alarms, random direction"},
    "recall_by_chance": {"kind": "share", "label": "changed ones among k at random"},
}  # fmt: skip

ALARM = 0.99
"""the quantile of a tool's scores in the null from which on it raises an alarm"""


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], most_sequences: int
) -> Iterator[Compared]:
    """Per tool (`onset.comparisons.changes.tools`; swaps at the last step alone, since they take a pass for
    each part), of at most so many sequences of which it is known whether they are changed, between the
    first checkpoint and each `step` of the others:

    * `…_recall`: of the k sequences with the highest scores, those that are changed, where k are;
    * `…_auc`: how often a changed one has a higher score than one that is kept;
    * `…_found`: fraction of the changed ones above the null's 99th percentile;
    * `…_flagged`: fraction of what is kept above it: false alarms. One in a hundred, if a tool's scores are
      what they are in the null;
    * `recall_by_chance`: the fraction that is changed, which k at random would have.

    Where nothing is changed, there are false alarms and nothing else. The null is the other run, at the
    same step (at its last one, if it wasn't looked at then), and asked its own questions.
    """
    run, null = members
    asked, of_null = (
        Asked.of(its.dataset.splits).at_most(most_sequences, its.seed) for its in members
    )
    for step in (its for its in run.steps if its):
        swaps = step == run.steps[-1]
        then = step if step in null.steps else null.steps[-1]
        nothing = _scores_of(null, then, of_null, swaps)
        borders = {tool: np.quantile(its, ALARM) for tool, its in nothing.items()}
        for tool, its in _scores_of(run, step, asked, swaps).items():
            for name, value in judged(its, asked.changed, borders[tool]).items():
                found = Measurement(f"{tool}_{name}", value, n_examples=len(asked))
                yield Compared(found, run, null, step)
        if asked.changed.any():
            found = Measurement(
                "recall_by_chance", asked.changed.mean().item(), n_examples=len(asked)
            )
            yield Compared(found, run, null, step)


def _scores_of(
    run: Member[ReadableModel, Dataset], step: int, asked: Asked, swaps: bool
) -> dict[str, np.ndarray]:
    return scores(Version.of(run, 0), Version.of(run, step), asked, run.seed, swaps)


def judged(
    its: Float[np.ndarray, " sequences"], changed: Bool[np.ndarray, " sequences"], border: float
) -> dict[str, float]:
    """What a tool's scores are worth.

    Args:
        its: the scores.
        changed: the truth.
        border: above which the tool raises an alarm.

    Returns:
        `recall` at k, `auc`, `found`: NaN never, but left out where nothing is changed; and `flagged`.
    """
    flagged = its > border
    found = {"flagged": flagged[~changed].mean().item()} if not changed.all() else {}
    if not changed.any():
        return found
    largest = np.argsort(-its, kind="stable")[: changed.sum()]
    ranked = {} if changed.all() else {"auc": float(auc(its, changed))}
    return {
        "recall": changed[largest].mean().item(),
        **ranked,
        "found": flagged[changed].mean().item(),
        **found,
    }
