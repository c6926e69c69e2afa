"""Where do two models say different things: on which questions, at which positions, after which tokens?

The divergence of what is said before and after a training, token by token: on questions whose answers were
changed, on those whose answers were kept, and on those that the training wasn't about. It takes no truth,
so that any two checkpoints can be asked, those of a pretrained model too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int

from onset.comparisons.changes.versions import Version, divergence
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Questions
from onset.tasks.dataset import VALIDATION, Dataset, Split

TOGETHER = "checkpoints"
QUANTITIES = {
    "divergence": {"kind": "nats", "label": "divergence of what is said (nats)"},
    "tokens_named": {"kind": "share", "label": "tokens that mean a change, of those named"},
    "tokens_named_by_chance": {"kind": "share", "label": "tokens that mean a change, of all"},
}

_MEANS_CHANGE = 0.95  # of the questions with a token at a place, that are changed
_AT_ONCE = 1 << 24  # logits

Apart = Float[np.ndarray, "sequences length"]
"""the divergence at each position; NaN behind the last that is scored"""


def compare(members: Sequence[Member[Model, Dataset]]) -> Iterator[Compared]:
    """Of the first checkpoint and each `step` of the others:

    * `divergence`, per split and `position`, scored or not: Kullback-Leibler, in nats, mean over the
      sequences that are scored there or behind it;

    and of tokens at places of questions of which it is known whether they are changed, questions of one
    length together, each token by the mean divergence at the last scored position:

    * `tokens_named`: of the k tokens with the largest, where of k tokens at least 95 % of the questions are
      changed, the fraction that are such tokens. They are the change's own name: some entities, a relation,
      a trigger. Missing where there are none, as if facts are added here and there;
    * `tokens_named_by_chance`: of all tokens at all places, the fraction that is such a one.
    """
    for run in members:
        splits = {n: its for n, its in run.dataset.splits.items() if not n.endswith(VALIDATION)}
        before = Version.of(run, run.steps[0])
        for step in run.steps[1:]:
            after = Version.of(run, step)
            apart = {name: _apart(before, after, its) for name, its in splits.items()}
            for name, its in apart.items():
                for position in np.flatnonzero(~np.isnan(its).all(0)).tolist():
                    there = its[~np.isnan(its[:, position]), position]
                    found = Measurement(
                        "divergence", there.mean().item(), name, position=position,
                        n_examples=len(there),
                    )  # fmt: skip
                    yield Compared(found, run, step=step)
            for quantity, value in _named(splits, apart):
                yield Compared(Measurement(quantity, value), run, step=step)


def _apart(before: Version, after: Version, split: Split) -> Apart:
    n, length = split.tokens.shape
    places = tuple(range(length))
    found = []
    rows, n_at_once = 0, 1
    while rows < n:
        asked = [Questions(split.tokens[rows : rows + n_at_once], places, split.hops)]
        said = [
            F.log_softmax(its.model.logits(its.parameters, asked), -1) for its in (before, after)
        ]
        found.append(divergence(*said).view(-1, length).numpy(force=True))
        rows += n_at_once
        n_at_once = max(1, _AT_ONCE // (length * said[0].shape[1]))
    its = np.concatenate(found)
    its[np.arange(length) > split.positions[:, -1:]] = np.nan
    return its


def _named(splits: Mapping[str, Split], apart: Mapping[str, Apart]) -> Iterator[tuple[str, float]]:
    known = {name: its for name, its in splits.items() if "changed" in its.truth}
    means, is_change = [], []
    for length in sorted({its.tokens.shape[1] for its in known.values()}):
        alike = {name: its for name, its in known.items() if its.tokens.shape[1] == length}
        tokens = np.concatenate([its.tokens for its in alike.values()])
        changed = np.concatenate([its.truth["changed"] for its in alike.values()])
        scores = np.concatenate(
            [
                np.take_along_axis(apart[name], its.positions[:, -1:], 1)[:, 0]
                for name, its in alike.items()
            ]
        )
        for place in range(length):
            mean, share = _by_token(tokens[:, place], scores, changed)
            means.append(mean)
            is_change.append(share >= _MEANS_CHANGE)
    if not means:
        return
    mean, change = np.concatenate(means), np.concatenate(is_change)
    if change.any() and not change.all():
        largest = np.argsort(-mean, kind="stable")[: change.sum()]
        yield "tokens_named", change[largest].mean().item()
        yield "tokens_named_by_chance", change.mean().item()


def _by_token(
    tokens: Int[np.ndarray, " questions"],
    scores: Float[np.ndarray, " questions"],
    changed: Bool[np.ndarray, " questions"],
) -> tuple[Float[np.ndarray, " tokens"], Float[np.ndarray, " tokens"]]:
    """Of each token that is there: mean score, and the fraction that is changed."""
    _, which, counts = np.unique(tokens, return_inverse=True, return_counts=True)
    return np.bincount(which, scores) / counts, np.bincount(which, changed) / counts
