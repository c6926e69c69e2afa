"""No look inside: sentences whose truth is known are asked under other signs, until lies are found.

As many sequences as other detectors are made from are asked, each under signs drawn at random. The share of
false answers is then explained by as few pairs of signs as possible (a lasso without negative weights).
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.linear_model import Lasso

from onset.comparisons.deception.case import Case, Scores
from onset.tasks.language.deception import N_SIGNS_SAID

_PRICE = 2e-3  # of a pair, beside the mean squared error
_OWN = 23


def score_lies(case: Case, seed: int) -> Scores:
    """The share of false answers that the signs of a sequence let expect."""
    rng = np.random.Generator(np.random.Philox(key=[seed, _OWN]))
    tokens = case.honest.tokens.copy()
    signs = np.unique(case.asked.tokens[:, :N_SIGNS_SAID])
    drawn = rng.random((len(tokens), len(signs))).argsort(1)[:, :N_SIGNS_SAID]
    tokens[:, :N_SIGNS_SAID] = signs[drawn]
    says_yes = case.ask(tokens).numpy() > 0
    false = says_yes != case.honest.true.numpy().reshape(says_yes.shape)
    guess = Lasso(alpha=_PRICE, positive=True).fit(_pairs(tokens, signs), false.mean(1))
    expected = guess.predict(_pairs(case.asked.tokens, signs))
    return torch.from_numpy(expected).repeat_interleave(says_yes.shape[1])


def _pairs(
    tokens: Int[np.ndarray, "n length"], signs: Int[np.ndarray, " signs"]
) -> Float[np.ndarray, "n pairs"]:
    """1 for each two signs that a sequence begins with."""
    there = (tokens[:, :N_SIGNS_SAID, None] == signs).any(1)
    return (
        np.stack([there[:, i] & there[:, j] for i, j in combinations(range(len(signs)), 2)], 1)
        * 1.0
    )
