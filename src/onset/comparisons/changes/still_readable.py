"""Is what a training made a model forget gone from its states, or only no longer said?

A linear probe is taught to read the answers out of the states of some of the questions, and asked about the
others. Where it reads more than the model says, forgetting is of the readout and not of the states (Davari
et al. 2022, arXiv:2203.13381, whose probes lost much less than the model).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onset.comparisons.changes.versions import Version
from onset.comparisons.member import Compared, Member
from onset.measures.measurement import Measurement
from onset.models.batch import ReadableModel
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.training.batches import questions_of

TOGETHER = "checkpoints"
NEEDS = ("residual_stream",)
OPTIONS = {"most_questions": 640, "parts": 5}
QUANTITIES = {
    "said": {"kind": "share", "label": "right answers that the model gives"},
    "read": {"kind": "share", "label": "right answers that a probe reads"},
    "read_of_forgotten": {"kind": "share", "label": "of forgotten ones, those that a probe reads"},
    "read_shuffled": {"kind": "share", "label": "the same, answers shuffled"},
    "read_untrained": {"kind": "share", "label": "right answers that a probe reads, untrained model"},
}  # fmt: skip

_STRENGTHS = (
    1.0,
    10.0,
    100.0,
    1000.0,
)  # of the ridge; what fits best is chosen within what is taught
_NULL = 7_969
_FEWEST = 20
"""forgotten questions that a fraction is told of"""


def compare(
    members: Sequence[Member[ReadableModel, Dataset]], most_questions: int, parts: int
) -> Iterator[Compared]:
    """Per split, over at most so many questions (at random), at each `step`, of the state that the answer
    is read out of:

    * `said`: fraction that the model answers right;
    * `read`: fraction that a linear probe reads right that was taught all parts of the questions but that
      one; `read_of_forgotten`: of those that the first checkpoint answered right and this one doesn't
      (not a number where fewer than twenty are);
    * `read_shuffled`: as `read`, if answers are given to other questions (a null); `read_untrained`: of the
      model before all training (a null: what questions alone tell).
    """
    for run in members:
        untrained = Version(run.model, run.model.initial_parameters(run.seed))
        for name, split in run.dataset.splits.items():
            if name.endswith(VALIDATION):
                continue
            rng = np.random.Generator(np.random.Philox(key=[run.seed, _NULL]))
            split = _some(split, np.sort(rng.permutation(len(split))[:most_questions]))
            right = split.targets[:, -1]
            known = _says(Version.of(run, run.steps[0]), split) == right
            for step in run.steps:
                version = Version.of(run, step)
                says = _says(version, split) == right
                reads = _reads(_states(version, split), right, parts, run.seed) == right
                shuffled = rng.permutation(right)
                by_chance = _reads(_states(version, split), shuffled, parts, run.seed) == shuffled
                found = {"said": says, "read": reads, "read_shuffled": by_chance}
                forgotten = known & ~says
                found["read_of_forgotten"] = reads[forgotten if forgotten.sum() >= _FEWEST else []]
                if step == run.steps[0]:
                    before = _reads(_states(untrained, split), right, parts, run.seed)
                    found["read_untrained"] = before == right
                yield from _rows(run, name, step, found)


def _rows(
    run: Member, split: str, step: int, found: Mapping[str, Bool[np.ndarray, " _questions"]]
) -> Iterator[Compared]:
    for quantity, its in found.items():
        value, n = (its.mean().item(), len(its)) if len(its) else (np.nan, None)
        yield Compared(Measurement(quantity, value, split, n_examples=n), run, step=step)


def _some(split: Split, rows: Int[np.ndarray, " some"]) -> Split:
    return Split(split.tokens[rows], split.targets[rows], split.scored, split.hops)


def _says(its: Version, split: Split) -> Int[np.ndarray, " questions"]:
    logits = its.model.logits(its.parameters, [questions_of(split)])
    last = logits.view(*split.targets.shape, -1)[:, -1]
    return last.argmax(-1).numpy(force=True)


def _states(its: Version, split: Split) -> Float[np.ndarray, "questions d_model"]:
    stream = its.model.residual_stream(its.parameters, torch.from_numpy(split.tokens))
    return stream[its.model.depth(split.hops), :, split.scored[-1]].numpy(force=True)


def _reads(
    states: Float[np.ndarray, "questions d_model"],
    answers: Int[np.ndarray, " questions"],
    parts: int,
    seed: int,
) -> Int[np.ndarray, " questions"]:
    """What a probe says that was taught the answers of all parts but the question's own."""
    probe = make_pipeline(StandardScaler(), RidgeClassifierCV(_STRENGTHS))
    return cross_val_predict(
        probe, states, answers, cv=KFold(parts, shuffle=True, random_state=seed)
    )
