"""How much of its thought a model's answer needs, and when the answer is decided.

*Early answering* (Lanham et al. 2023, arXiv:2307.13702, section 2.3): of the thought that a model has
written, the first steps are kept and filler takes the place of the rest; an answer that needs the thought
changes. Filler keeps all places what they were in training. *Going on*: the first steps are kept, and the
model writes the rest anew, drawing each token; the answer is decided where it comes out the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from onset.measures.measurement import Measurement
from onset.measures.thoughts.going_on import rollouts_of_splits, thought_of
from onset.models.batch import Model, Parameters
from onset.models.rollouts import rollout
from onset.tasks.dataset import Dataset
from onset.tasks.reasoning.thought import FILLER

NEEDS = ("written", "answer", "step")
SPLITS = ("test",)
QUANTITIES = {
    "early_right": {"kind": "share", "label": "right answers after so many steps"},
    "early_same": {"kind": "share", "label": "same answers after so many steps"},
    "reordered_right": {"kind": "share", "label": "right answers after steps in random order"},
    "resumed_right": {"kind": "share", "label": "right answers, the rest drawn anew"},
    "resumed_same": {"kind": "share", "label": "same answers, the rest drawn anew"},
}

_SPLIT = SPLITS[0]
_N_DRAWN = 4  # rollouts of each example


def analyse(
    model: Model, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """On `test`, of thoughts that the model itself has written, by the number of steps (`component`) that
    are kept:

    * `early_right`, `early_same`: fraction of right answers, and of those that the whole thought leads to,
      with filler in place of the other steps;
    * `resumed_right`, `resumed_same`: the same, over several rollouts of each example in which the model
      draws the other steps and the answer at temperature 1.

    `reordered_right`: right answers after all steps, in an order drawn for each example. Where nothing is
    written before the answer, there are only `early_*` and `resumed_*` of 0 steps.
    """
    split = dataset.splits[_SPLIT]
    found = rollouts_of_splits(model, parameters, dataset)[_SPLIT]
    thought = thought_of(split)
    answer_alone = np.arange(found.shape[1]) == np.full((len(found), 1), found.shape[1] - 1)
    said, right = found[:, -1], split.truth["answer"]
    n_steps = np.where(thought, thought.cumsum(1), 0)
    filler = dataset.vocabulary.index(FILLER)
    for kept in range(int(n_steps.max()) + 1):
        rest = n_steps > kept
        tokens = np.where(rest, filler, found)
        early = rollout(model, parameters, tokens, answer_alone, hops=split.hops)[:, -1]
        yield Measurement("early_right", float((early == right).mean()), _SPLIT, component=kept)
        yield Measurement("early_same", float((early == said).mean()), _SPLIT, component=kept)
        drawn = np.stack([
            rollout(
                model, parameters, found, rest | answer_alone,
                hops=split.hops, temperature=1.0, seed=_N_DRAWN * seed + i,
            )[:, -1]
            for i in range(_N_DRAWN)
        ])  # fmt: skip
        for measured, wanted in (("resumed_right", right), ("resumed_same", said)):
            share = float((drawn == wanted).mean())
            yield Measurement(measured, share, _SPLIT, component=kept)
    if thought.any():
        rng = np.random.Generator(np.random.Philox(seed))
        steps = rng.permuted(found[thought].reshape(len(split), -1), axis=1)
        tokens = found.copy()
        tokens[thought] = steps.ravel()
        answers = rollout(model, parameters, tokens, answer_alone, hops=split.hops)[:, -1]
        yield Measurement("reordered_right", float((answers == right).mean()), _SPLIT)
