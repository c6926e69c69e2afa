"""Is what the listener believes represented apart from what is so, where the belief is false?

Ridge regressions from the residual stream in the reply, one to the place where the thing is and one to that
where the listener believes it is. They are fitted on turns in which the two differ, so that neither can
read the one off the other. A third one is fitted on turns in which they are the same: which of the two does
it follow where they aren't? (Zhu et al. 2024, arXiv:2402.18496, decode beliefs of several agents linearly.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int
from torch import Tensor

from onset.measures.listeners.turns import FITTED, states_of, turns_of
from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off
from onset.models.batch import Parameters, ReadableModel
from onset.tasks.dataset import Dataset
from onset.tasks.language.dialogues import REPLIED

NEEDS = ("place", "believed", "asks_where", "residual_stream")
SPLITS = ("train", "test", "composed")
QUANTITIES = {
    "belief_read_*": {"kind": "share", "label": "false beliefs that are read: *"},
    "truth_read_*": {"kind": "share", "label": "true places that are read: *"},
    "shuffled_belief_read_*": {
        "kind": "share",
        "label": "beliefs read, fitted to shuffled ones: *",
    },
    "shared_reads_belief_*": {
        "kind": "share",
        "label": "a probe of agreed places reads the belief: *",
    },
    "shared_reads_truth_*": {
        "kind": "share",
        "label": "a probe of agreed places reads the truth: *",
    },
}

_FEWEST = 10  # turns
_SEED = 0  # of shuffles


def measure(
    model: ReadableModel, parameters: Parameters, dataset: Dataset
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`) and place in the turn (`component`), fitted on
    `train`, in the turns of `test` in which the belief about the thing that is asked for is false, by
    question (`where`, `seek`):

    * `belief_read_QUESTION`, `truth_read_QUESTION`: those whose believed or true place the probe for it
      tells; `shuffled_belief_read_QUESTION`: the former, with a probe fitted to shuffled beliefs;
    * `shared_reads_belief_QUESTION`, `shared_reads_truth_QUESTION`: those whose believed or true place a
      probe reads that was fitted where both are the same.

    Nothing of questions that come fewer than ten times.
    """
    states = states_of(model, parameters, dataset)
    n_fitted = states[FITTED].shape[1]
    facts = {
        name: np.concatenate(
            [
                turns_of(dataset.splits[FITTED], name, n_fitted),
                turns_of(dataset.splits["test"], name),
            ]
        ).ravel()
        for name in ("place", "believed", "asks_where")
    }
    n_turns = states[FITTED].shape[2]
    is_test = np.arange(len(facts["place"])) >= n_fitted * n_turns
    false = facts["place"] != facts["believed"]
    asked = {
        "where": is_test & false & facts["asks_where"],
        "seek": is_test & false & ~facts["asks_where"],
    }
    asked = {question: its for question, its in asked.items() if its.sum() >= _FEWEST}
    fitted, shared = ~is_test & false, ~is_test & ~false
    if min(fitted.sum(), shared.sum()) < _FEWEST:
        return
    shuffled = facts["believed"].copy()
    rng = np.random.Generator(np.random.Philox(_SEED))
    shuffled[fitted] = rng.permutation(shuffled[fitted])
    for layer in range(len(states[FITTED])):
        for place in REPLIED:
            rows = torch.cat(
                [states[its][layer][:, :, place].flatten(0, 1) for its in (FITTED, "test")]
            )
            read = {
                "belief_read": (_read(rows, facts["believed"], fitted, is_test), "believed"),
                "truth_read": (_read(rows, facts["place"], fitted, is_test), "place"),
                "shuffled_belief_read": (_read(rows, shuffled, fitted, is_test), "believed"),
            }
            agreed = _read(rows, facts["place"], shared, is_test)
            read |= {
                "shared_reads_belief": (agreed, "believed"), "shared_reads_truth": (agreed, "place")
            }  # fmt: skip
            for question, its in asked.items():
                for measured, (said, fact) in read.items():
                    value = float((said == facts[fact])[its].mean())
                    of = {"component": place, "n_examples": int(its.sum())}
                    yield Measurement(f"{measured}_{question}", value, "test", layer, **of)


def _read(
    states: Tensor,
    labels: Int[np.ndarray, " rows"],
    fitted: Bool[np.ndarray, " rows"],
    tested: Bool[np.ndarray, " rows"],
) -> Int[np.ndarray, " rows"]:
    """What a probe says in the rows that are tested; −1 in all others."""
    wanted = F.one_hot(torch.from_numpy(labels)).double()
    rows = [torch.from_numpy(np.flatnonzero(its)) for its in (fitted, tested)]
    found = np.full(len(labels), -1)
    found[tested] = read_off(states, wanted, *rows).argmax(-1).numpy()
    return found
