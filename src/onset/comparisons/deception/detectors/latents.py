"""The one latent of a dictionary of states that best tells true sentences from false ones, where the
model is watched; a lie goes against what it says. Dictionaries are learnt from states alone, without
any truth."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.comparisons.changes.dictionaries import learned
from onset.comparisons.deception.case import Case, Scores
from onset.statistics.prediction import auc

_OPTIONS = {"latents": 256, "active": 8, "updates": 200}


def score_lies(case: Case, seed: int) -> Scores:
    """By layer: the latent's activation, from half way between its means on true and on false sentences."""
    return torch.stack(
        [case.disagreement(_reading(case, layer, seed)) for layer in range(len(case.asked.states))]
    )


def _reading(case: Case, layer: int, seed: int) -> Float[Tensor, " exchanges"]:
    known, asked = case.honest.states[layer], case.asked.states[layer]
    dictionary = learned(torch.cat([known, asked]), seed, _OPTIONS)
    active, true = dictionary.latents(known), case.honest.true.numpy()
    apart = np.array([auc(its, true) for its in active.numpy().T]) - 0.5
    best = int(np.abs(apart).argmax())
    means = [active[torch.from_numpy(its), best].mean() for its in (true, ~true)]
    reading = dictionary.latents(asked)[:, best] - sum(means) / 2
    return reading * float(np.sign(apart[best]))
