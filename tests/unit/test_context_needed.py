"""What is lost with the last tokens alone, on models of which it is known how far back they look."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from onset.measures.answers import context_needed
from onset.tasks.dataset import Dataset, Split
from tests.unit.test_measures import Answering

N_TOKENS = 7
RNG = np.random.default_rng(0)
TOKENS = RNG.integers(N_TOKENS, size=(20, 6))


def looking_back(n: int) -> Answering:
    """Logits that the last `n` tokens decide, each in its own way."""
    directions = torch.from_numpy(RNG.normal(size=(n, N_TOKENS, N_TOKENS)))

    def answer(question):
        seen = question[-n:]
        return sum(directions[i, token] for i, token in enumerate(reversed(seen)))

    return Answering(answer)


def measured(model: Answering, split: Split) -> dict[tuple[str, int], float]:
    world = Dataset({"text": split, "text_validation": split}, ("w",) * N_TOKENS)
    rows = list(context_needed.measure(model, {}, world))
    assert {row.split for row in rows} == {"text"}
    return {(row.measure, row.component): row.value for row in rows}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_model_that_looks_so_far_back_needs_no_more(n):
    split = Split(TOKENS, TOKENS[:, :1], scored=(5,))
    found = measured(looking_back(n), split)
    assert {given for _, given in found} == {1, 2, 3, 4}  # all of its six tokens are no fewer
    for given in (1, 2, 3, 4):
        divergence = found["context_divergence", given]
        assert divergence > 0.1 if given < n else divergence == pytest.approx(0, abs=1e-9)


def test_the_loss_is_that_of_the_answer_to_so_many():
    model, split = looking_back(3), Split(TOKENS, TOKENS[:, :1], scored=(5,))
    found = measured(model, split)
    said = model.logits({}, [type("Q", (), {"tokens": TOKENS[:, 4:]})])
    right = torch.from_numpy(TOKENS[:, 0])
    expected = torch.nn.functional.cross_entropy(said, right).item()
    assert found["context_loss", 2] == pytest.approx(expected)


def test_texts_of_other_lengths_are_asked_where_they_end():
    ends = np.array([[3], [5], [4], [3]] * 5)
    split = Split(TOKENS, TOKENS[:, :1], scored=(), scored_at=ends)
    model = Answering(lambda question: torch.eye(N_TOKENS, dtype=torch.float64)[question[-1]])
    found = measured(model, split)
    assert {given for _, given in found} == {1, 2, 3}
    hit = (TOKENS[np.arange(20), ends[:, 0]] == TOKENS[:, 0]).mean()
    expected = math.log(math.e + N_TOKENS - 1) - hit
    assert found["context_loss", 1] == pytest.approx(expected)
