"""Readers that know how often tokens follow each other: unigram, bigram and trigram models of a text.

A model of order n counts what came after each n − 1 tokens, and mixes this with what the model of order
n − 1 says, the more of it the more different tokens came there (Witten & Bell 1991, "The zero-frequency
problem", method C; interpolated as in Chen & Goodman 1999, "An empirical study of smoothing techniques for
language modeling", section 2.5). The unigram model is mixed with equal probabilities.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

ORDERS = {"unigram": 1, "bigram": 2, "trigram": 3}


class NGrams:
    """Counts of a text, by the number of tokens that belong together."""

    def __init__(self, tokens: Int[np.ndarray, "texts length"], n_tokens: int) -> None:
        self._n_tokens = n_tokens
        self._counts = [_Counts(_grams(tokens, n, n_tokens), n_tokens) for n in ORDERS.values()]

    def nats(
        self, tokens: Int[np.ndarray, "texts length"]
    ) -> dict[str, Float[np.ndarray, "texts length"]]:
        """−log p of each token of other texts, by model. Where too few tokens come before it, the next
        smaller model takes over."""
        found = {}
        probability = np.full(tokens.shape, 1 / self._n_tokens)
        for (name, n), counts in zip(ORDERS.items(), self._counts, strict=True):
            probability = probability.copy()
            within = slice(n - 1, None)
            probability[:, within] = counts.mixed(
                _grams(tokens, n, self._n_tokens), probability[:, within]
            )
            found[name] = -np.log(probability)
        return found


class _Counts:
    """How often each token came after the same tokens."""

    def __init__(self, grams: Int[np.ndarray, "texts places"], n_tokens: int) -> None:
        self._n_tokens = n_tokens
        self._grams, self._times = np.unique(grams, return_counts=True)
        self._before, first = np.unique(self._grams // n_tokens, return_index=True)
        self._total = np.add.reduceat(self._times, first)
        self._different = np.diff(np.append(first, len(self._grams)))

    def mixed(
        self,
        grams: Int[np.ndarray, "texts places"],
        smaller: Float[np.ndarray, "texts places"],
    ) -> Float[np.ndarray, "texts places"]:
        """The probabilities of the last tokens, given what a smaller model says."""
        times = _looked_up(self._grams, self._times, grams)
        before = grams // self._n_tokens
        total = _looked_up(self._before, self._total, before)
        different = _looked_up(self._before, self._different, before)
        mixed = (times + different * smaller) / np.maximum(total + different, 1)
        return np.where(total > 0, mixed, smaller)


def _looked_up(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """What sorted keys stand for; 0 for others."""
    at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[at] == asked, values[at], 0)


def _grams(
    tokens: Int[np.ndarray, "texts length"], n: int, n_tokens: int
) -> Int[np.ndarray, "texts places"]:
    """Each n tokens in a row as one number, of which the last token is the last digit."""
    numbers = tokens.astype(np.int64)
    places = tokens.shape[1] - n + 1
    return sum(numbers[:, i : i + places] * n_tokens ** (n - 1 - i) for i in range(n))
