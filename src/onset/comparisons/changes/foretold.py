"""Can it be learnt from other seeds which facts a training will harm?

What a model and its training data say beforehand (`onset.comparisons.changes.beforehand`), put together by
a regression that is fitted to other seeds, whose worlds and models are others, and asked about this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata
from sklearn.linear_model import LinearRegression

from onset.comparisons.changes.beforehand import foretold_of
from onset.comparisons.changes.forgotten import alike, harm_of
from onset.comparisons.changes.versions import Asked, Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import ReadableModel
from onset.tasks.dataset import Dataset

TOGETHER = "runs"
NEEDS = ("residual_stream", "changed")
OPTIONS = {"batches": 4, "most_sequences": 1500}
QUANTITIES = {
    "unseen_harm": {"kind": "signed_share", "label": "rank correlation of harm, unseen seed"},
    "unseen_harm_shuffled": {"kind": "signed_share", "label": "the same, fitted to shuffled harm"},
    "worst_foretold": {"kind": "share", "label": "worst tenth among the tenth foretold as worst"},
    "worst_by_chance": {"kind": "share", "label": "worst tenth among a tenth at random"},
}  # fmt: skip

_NULL = 7_993
_ORDERS = 10  # in which harm is shuffled
_CHANCE = "chance"  # of what is foretold: numbers at random


class _Known(NamedTuple):
    """Of one seed at one step."""

    run: Member
    step: int
    foretold: Float[np.ndarray, "sequences kinds"]
    """ranks within each kind of question, from 0 to 1"""
    harm: Float[np.ndarray, " sequences"]
    lengths: list[int]


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], batches: int, most_sequences: int
) -> Iterator[Compared]:
    """Of seeds of one condition, at each `step` but the first, on those of at most so many sequences whose
    answers are kept:

    * `unseen_harm`: Spearman's correlation of their harm with what is foretold of it, within each kind of
      question as in `forgotten`; what foretells is linear in the ranks of all that is said beforehand, and
      fitted to the other seeds;
    * `unseen_harm_shuffled`: the same, if it is fitted to the harm of other sequences (a null, mean over
      ten orders);
    * `worst_foretold`: of the tenth that is harmed most, the fraction in the tenth that is foretold to be;
      `worst_by_chance`: in a tenth that is drawn at random (a null).

    Nothing is yielded where there are no other seeds.
    """
    looked = [its for run in members for its in _looked(run, batches, most_sequences)]
    for its in looked:
        others = [that for that in looked if that.step == its.step and that.run is not its.run]
        if not others:
            continue
        rng = np.random.Generator(np.random.Philox(key=[its.run.seed, _NULL]))
        told = _fitted(others).predict(its.foretold)
        n = max(1, len(its.harm) // 10)
        worst = set(np.argsort(-its.harm, kind="stable")[:n].tolist())
        found = {
            "unseen_harm": alike(told, its.harm, its.lengths),
            "unseen_harm_shuffled": _shuffled(others, its, rng),
            "worst_foretold": _among(told, worst),
            "worst_by_chance": _among(rng.permutation(told), worst),
        }
        for name, value in found.items():
            if value is not None:
                row = Measurement(name, value, n_examples=len(its.harm))
                yield Compared(row, its.run, step=its.step)


def _looked(run: Member[ReadableModel, Dataset], batches: int, most: int) -> Iterator[_Known]:
    asked = Asked.of(run.dataset.splits).at_most(most, run.seed)
    kept = asked.only(~asked.changed)
    old = Version.of(run, run.steps[0])
    told = {n: its for n, its in foretold_of(run, old, asked, batches) if n != _CHANCE}
    ranks = np.stack([_ranks(its, kept.lengths) for its in told.values()], axis=1)
    said = old.says(kept)
    for step in run.steps[1:]:
        harm = harm_of(said, Version.of(run, step).says(kept), kept)
        yield _Known(run, step, ranks, harm, kept.lengths)


def _ranks(
    values: Float[np.ndarray, " sequences"], lengths: Sequence[int]
) -> Float[np.ndarray, " sequences"]:
    """Within groups of so many sequences each, from 0 to 1."""
    groups = np.split(values, np.cumsum(lengths)[:-1])
    return np.concatenate([(rankdata(its) - 1) / max(1, len(its) - 1) for its in groups])


def _fitted(
    others: Sequence[_Known], shuffled: np.random.Generator | None = None
) -> LinearRegression:
    wanted = np.concatenate([_ranks(its.harm, its.lengths) for its in others])
    if shuffled is not None:
        wanted = shuffled.permutation(wanted)
    return LinearRegression().fit(np.concatenate([its.foretold for its in others]), wanted)


def _shuffled(others: Sequence[_Known], its: _Known, rng: np.random.Generator) -> float | None:
    told = [_fitted(others, rng).predict(its.foretold) for _ in range(_ORDERS)]
    found = [alike(each, its.harm, its.lengths) for each in told]
    known = [value for value in found if value is not None]
    return float(np.mean(known)) if known else None


def _among(told: Float[np.ndarray, " sequences"], worst: set[int]) -> float:
    first = np.argsort(-told, kind="stable")[: len(worst)].tolist()
    return len(worst.intersection(first)) / len(worst)
