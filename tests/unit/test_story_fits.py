"""What neurons go with: correlations on stories that weren't used to choose."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.collections.neurons.facts import Term, Terms
from onset.notebook.story_fits import correlations, named_by_kind
from onset.notebook.story_neurons import BOTH, SLOT, TOKEN, TOPIC

N = 400
RNG = np.random.default_rng(0)
HALF = torch.from_numpy(np.arange(N) % 2 == 1)
NAMED = torch.from_numpy((RNG.random((3, N)) < 0.3).astype(np.float32))


def test_a_graded_neuron_goes_with_its_fact():
    noise = torch.from_numpy(RNG.standard_normal((N, 3)).astype(np.float32))
    values = torch.stack([NAMED[1], NAMED[2] + noise[:, 0], noise[:, 1], torch.zeros(N)], 1)
    found = correlations(values, NAMED, HALF)
    assert found[0] == pytest.approx(1, abs=1e-5)
    expected = np.corrcoef(values[HALF, 1], NAMED[2, HALF])[0, 1]
    assert found[1] == pytest.approx(expected, abs=1e-5)
    assert abs(found[2]) < 0.2
    assert found[3] == 0


def test_what_is_chosen_on_one_half_is_judged_on_the_other():
    values = torch.where(HALF, -NAMED[0], NAMED[0])[:, None]
    assert correlations(values, NAMED, HALF).item() == pytest.approx(-1, abs=1e-5)


def test_facts_by_kind_and_topics_with_slots():
    terms = [Term(fact, 0) for fact in ("topic", "next topic", "next slot", "token")]
    named = torch.from_numpy((RNG.random((4, N)) < 0.4).astype(np.float32))
    found = named_by_kind(Terms(terms, torch.arange(4), named))
    assert list(found) == [TOPIC, SLOT, BOTH, TOKEN]
    assert torch.equal(found[TOPIC], named[:2])
    assert torch.equal(found[BOTH], (named[1] * named[2])[None])
    only = named_by_kind(Terms(terms[3:], torch.zeros(1, dtype=torch.int64), named[3:]))
    assert list(only) == [TOKEN]
