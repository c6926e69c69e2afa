"""Unigram, bigram and trigram models of texts so short that their probabilities are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from onset.tasks.language.ngrams import ORDERS, NGrams

COUNTED = np.array([[0, 1, 0, 2], [0, 1, 1, 2]])
"""0 three times, 1 three times, 2 twice; after 0: 1, 1, 2; after 1: 0, 1, 2; after 0 1: 0 and 1"""


def probabilities(texts: list[list[int]]) -> dict[str, np.ndarray]:
    found = NGrams(COUNTED, n_tokens=4).nats(np.array(texts))
    return {name: np.exp(-its) for name, its in found.items()}


def test_what_models_of_a_small_text_say():
    # Three different tokens of eight in all: (3 + 3/4)/11 for 0 and for 1, (2 + 3/4)/11 for 2.
    zero, one, two, unseen = 3.75 / 11, 3.75 / 11, 2.75 / 11, 0.75 / 11
    found = probabilities([[0, 1, 0, 3]])
    assert found["unigram"][0] == pytest.approx([zero, one, zero, unseen])
    # After 0 two different tokens in three, after 1 three in three.
    one_after_zero, zero_after_one = (2 + 2 * one) / 5, (1 + 3 * zero) / 6
    unseen_after_zero = (0 + 2 * unseen) / 5
    assert found["bigram"][0] == pytest.approx(
        [zero, one_after_zero, zero_after_one, unseen_after_zero]
    )
    # After 0 1 two different tokens in two; 1 0 was followed by 2 alone.
    assert found["trigram"][0] == pytest.approx(
        [zero, one_after_zero, (1 + 2 * zero_after_one) / 4, (0 + 1 * unseen_after_zero) / 2]
    )
    assert two == pytest.approx(probabilities([[2]])["unigram"][0, 0])


def test_tokens_that_nothing_followed():
    found = probabilities([[3, 0], [2, 1]])
    np.testing.assert_allclose(found["bigram"], found["unigram"])


def test_probabilities_add_up_to_one():
    texts = [[a, b, c] for a in range(4) for b in range(4) for c in range(4)]
    for its in probabilities(texts).values():
        np.testing.assert_allclose(its.prod(1).sum(), 1)


def test_more_text_brings_a_model_to_the_truth():
    """Of a Markov chain the bigram model learns the entropy, and the trigram model finds nothing more."""
    rng = np.random.default_rng(0)
    chain = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.3, 0.3, 0.4]])
    texts = np.zeros((400, 200), np.int64)
    for i in range(1, 200):
        texts[:, i] = (rng.random(400)[:, None] > chain[texts[:, i - 1]].cumsum(1)).sum(1)
    truth = -np.log(chain[texts[:, 1:-1], texts[:, 2:]])[200:].mean()
    found = NGrams(texts[:200], 3).nats(texts[200:])
    assert list(found) == list(ORDERS)
    unigram, bigram, trigram = (its[:, 2:].mean() for its in found.values())
    assert bigram == pytest.approx(truth, abs=0.005)
    assert trigram == pytest.approx(truth, abs=0.005)
    assert unigram > truth + 0.1
