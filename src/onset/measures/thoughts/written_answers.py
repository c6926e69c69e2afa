"""What a model answers when it has written its thought itself, and whom its answer follows.

Where a thought has been changed for it, or a hint misleads it, there is a *rival*, the answer that follows
from that. An answer that rests on the thought follows its mistakes ("adding mistakes", Lanham et al. 2023,
arXiv:2307.13702, section 2.4); one that rests on the hint follows that (Turpin et al. 2023,
arXiv:2305.04388).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Int

from onset.measures.measurement import Measurement
from onset.measures.thoughts.going_on import rollouts_of_splits, thought_of
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset, Split

NEEDS = ("written", "answer", "state", "step")
QUANTITIES = {
    "written_right": {"kind": "share", "label": "right answers in rollouts"},
    "written_rival": {"kind": "share", "label": "answers that follow the rival"},
    "written_neither": {"kind": "share", "label": "answers that follow neither"},
    "states_right": {"kind": "share", "label": "right states in written thoughts"},
    "thoughts_right": {"kind": "share", "label": "thoughts without a mistake"},
    "right_thought_rival": {
        "kind": "share",
        "label": "answers that follow the rival, after a right thought",
    },
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """In rollouts, per held-out split but for validation parts:

    * `written_right`: fraction of the examples in which the last token is the right answer;
    * `states_right`, `thoughts_right`: where states are written, the fraction of them that are right, and
      of the examples in which all are.

    Where there is a rival, by the step that was changed (`component`), too, if one was:

    * `written_rival`, `written_neither`: fraction in which the last token is the rival, or neither;
    * `right_thought_rival`: where no step was changed, fraction in which it is the rival, of the examples
      in which the model has written right states alone; missing where there are none. Nothing that was
      written explains such an answer.
    """
    for name, found in rollouts_of_splits(model, parameters, dataset).items():
        split = dataset.splits[name]
        if "answer" not in split.truth:
            continue
        yield from _of_examples(name, split, found, np.ones(len(split), bool), None)
        if "edited_step" in split.truth:
            steps = split.truth["edited_step"]
            for step in np.unique(steps).tolist():
                yield from _of_examples(name, split, found, steps == step, step)


def _of_examples(
    name: str,
    split: Split,
    found: Int[np.ndarray, "examples length"],
    chosen: Bool[np.ndarray, " examples"],
    step: int | None,
) -> Iterator[Measurement]:
    truth = {fact: values[chosen] for fact, values in split.truth.items()}
    thought, said = thought_of(split)[chosen], found[chosen]
    right_states = said == truth["state"]
    all_right = (right_states | ~thought).all(1)[thought.any(1)]
    answers, right = said[:, -1], said[:, -1] == truth["answer"]
    shares = {"written_right": right}
    if len(all_right):
        shares |= {"states_right": right_states[thought], "thoughts_right": all_right}
    if "rival" in truth:
        rival = answers == truth["rival"]
        shares |= {"written_rival": rival, "written_neither": ~right & ~rival}
        if "edited_step" not in truth and all_right.any():
            shares["right_thought_rival"] = rival[thought.any(1)][all_right]
    for measured, its in shares.items():
        n = min(len(its), len(said))
        yield Measurement(measured, float(its.mean()), name, component=step, n_examples=n)
