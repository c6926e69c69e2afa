"""What a training harms of what was known, and whether the model from before could have said which.

Forgetting of single facts, and predictions of it that are made without the new model: from the old one, and
from what was going to be trained. Ranks are compared, since only the order is predicted, and within each
kind of question: that facts are harmed more than questions over two of them is no prediction of which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy.stats import spearmanr
from torch import Tensor

from onset.comparisons.changes.beforehand import foretold_of
from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import ReadableModel
from onset.tasks.dataset import Dataset

TOGETHER = "checkpoints"
NEEDS = ("residual_stream", "changed")
OPTIONS = {"batches": 4, "most_sequences": 1500}
QUANTITIES = {
    "forgotten": {"kind": "share", "label": "kept facts no longer answered right"},
    "harm": {"kind": "logits", "label": "loss of kept facts, after minus before (nats)"},
    "harm_in_worst_tenth": {"kind": "share", "label": "of all harm, that to the worst tenth"},
    "harm_by_margin": {"kind": "signed_share", "label": "rank correlation of harm, margin before"},
    "harm_by_gradient": {"kind": "signed_share", "label": "rank correlation of harm, gradient"},
    "harm_by_similarity": {"kind": "signed_share", "label": "rank correlation of harm, similarity"},
    "harm_by_overlap": {"kind": "signed_share", "label": "rank correlation of harm, shared tokens"},
    "harm_by_chance": {"kind": "signed_share", "label": "rank correlation of harm, at random"},
}  # fmt: skip


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], batches: int, most_sequences: int
) -> Iterator[Compared]:
    """Of the first checkpoint and each `step` of the others, on those of at most so many sequences whose
    answers are kept:

    * `forgotten`: of those that were answered right, the fraction that isn't any more;
    * `harm`: mean loss minus what it was; `harm_in_worst_tenth`: how much of all that is lost the tenth of
      the sequences lose that lose most (.1: everything is harmed a little; 1: something in particular);
    * `harm_by_…`: Spearman's correlation of the harm with what would have been said of it beforehand, over
      the sequences of a split, mean over splits, each counted by its size: `margin`, the closer the best
      wrong answer was, the more; `gradient`, by how much the loss would rise with a small step down the
      gradient of what was going to be trained (of so many batches);
      `similarity`, the nearest cosine of a state to that of a sequence whose answer was going to change;
      `overlap`, how many of its tokens stood in such a sequence at the same place, on average; `chance`,
      numbers at random (a null).

    Where nothing is going to be changed, there is nothing to be similar to.
    """
    for run in members:
        old = Version.of(run, run.steps[0])
        asked = Asked.of(run.dataset.splits).at_most(most_sequences, run.seed)
        kept = asked.only(~asked.changed)
        if not len(kept):
            continue
        said = old.says(kept)
        foretold = dict(foretold_of(run, old, asked, batches))
        for step in run.steps[1:]:
            for name, value in _harm(said, Version.of(run, step).says(kept), kept, foretold):
                yield Compared(Measurement(name, value, n_examples=len(kept)), run, step=step)


def _harm(
    before: Float[Tensor, "sequences tokens"],
    after: Float[Tensor, "sequences tokens"],
    kept: Asked,
    foretold: Mapping[str, Float[np.ndarray, " sequences"]],
) -> Iterator[tuple[str, float]]:
    harm = harm_of(before, after, kept)
    was = (before.argmax(-1) == kept.targets).numpy(force=True)
    still = (after.argmax(-1) == kept.targets).numpy(force=True)
    if was.any():
        yield "forgotten", 1 - still[was].mean().item()
    yield "harm", harm.mean().item()
    lost = np.sort(harm.clip(min=0))[::-1]
    if lost.sum() > 0:
        yield "harm_in_worst_tenth", lost[: max(1, len(lost) // 10)].sum() / lost.sum()
    for name, its in foretold.items():
        if (value := alike(its, harm, kept.lengths)) is not None:
            yield f"harm_by_{name}", value


def harm_of(
    before: Float[Tensor, "sequences tokens"],
    after: Float[Tensor, "sequences tokens"],
    kept: Asked,
) -> Float[np.ndarray, " sequences"]:
    """How much the loss of each sequence has risen (nats).

    Args:
        before: logarithms of probabilities.
        after: the same.
        kept: the sequences.
    """
    right = kept.targets[:, None]
    return (before.gather(1, right) - after.gather(1, right))[:, 0].double().numpy(force=True)


def alike(
    foretold: Float[np.ndarray, " sequences"],
    harm: Float[np.ndarray, " sequences"],
    lengths: Sequence[int],
) -> float | None:
    """Spearman's correlation within groups of so many sequences each, mean over sequences; None, where one
    of the two is the same in every group."""
    ends = np.cumsum(lengths)[:-1]
    found = [
        (len(its), spearmanr(its, real).statistic)
        for its, real in zip(np.split(foretold, ends), np.split(harm, ends), strict=True)
        if len(its) > 1 and np.ptp(its) > 0 and np.ptp(real) > 0
    ]
    if not found:
        return None
    sizes, values = zip(*found, strict=True)
    return float(np.average(values, weights=sizes))
