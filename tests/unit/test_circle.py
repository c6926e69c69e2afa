"""Losses of parts of logits that are known sums of waves."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from onset.measures.fourier import circle, spectrum
from tests.unit.test_fourier import WORLD, A, B, C, P, on_the_circle

ANSWERS = (A + B)[:, :, 0] % P


class Saying:
    """A model with these logits, by a, b and answer; = is never the answer."""

    constants = decaying = frozenset()

    def __init__(self, table: Tensor) -> None:
        self._table = table

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        a, b, _ = torch.cat([torch.from_numpy(group.tokens) for group in questions]).T
        return F.pad(self._table[a, b], (0, 1), value=-100.0)


def measured(table: Tensor, keys: list[int]) -> dict[tuple, float]:
    rows = circle.measure(Saying(table), {}, WORLD, keys)
    return {(m.measure, m.split, m.component): m.value for m in rows}


def loss(table: Tensor, split: str) -> float:
    pairs = spectrum.pairs_of(WORLD, split)
    return F.cross_entropy(table[pairs], ANSWERS[pairs]).item()


def test_the_keys_are_those_of_the_end():
    assert circle.at_end(Saying(on_the_circle({2: 9.0, 5: 9.0})), {}, WORLD) == [2, 5]


def test_a_sum_of_key_waves_is_its_own_restriction_and_formula():
    table = on_the_circle({2: 9.0, 5: 9.0})
    values = measured(table, [2, 5])
    for split in ("train", "test"):
        assert values["restricted_loss", split, None] == pytest.approx(loss(table, split), rel=1e-4)
        assert values["trig_loss", split, None] == pytest.approx(loss(table, split), rel=1e-4)
        assert values["excluded_loss", split, None] == pytest.approx(math.log(P), rel=1e-4)
    assert values["key_circle_share", None, None] == pytest.approx(1, abs=1e-5)
    assert values["circle_share", None, 2] == pytest.approx(0.5, abs=1e-5)


def test_restriction_takes_away_what_is_learnt_by_heart():
    """Right answers on trained pairs alone: restricting leaves little of them, excluding nearly all."""
    by_heart = 20.0 * F.one_hot(ANSWERS, P) * spectrum.pairs_of(WORLD, "train")[..., None]
    table = by_heart + on_the_circle({2: 9.0, 5: 9.0})
    values = measured(table, [2, 5])
    assert values["excluded_loss", "train", None] < 0.01
    assert values["excluded_loss", "test", None] > 1
    assert values["restricted_loss", "test", None] < loss(by_heart, "test")


def test_a_constant_per_answer_is_kept_by_restriction_alone():
    bias = torch.randn(P, generator=torch.Generator().manual_seed(0))
    table = on_the_circle({3: 4.0}) + bias
    values = measured(table, [3])
    assert values["restricted_loss", "test", None] == pytest.approx(loss(table, "test"), rel=1e-4)
    formula = on_the_circle({3: 4.0})
    assert values["trig_loss", "test", None] == pytest.approx(loss(formula, "test"), rel=1e-4)


def test_a_wave_of_another_phase_is_no_part_of_the_formula():
    table = 5 * torch.sin(2 * torch.pi * 3 * (A + B - C) / P)
    values = measured(table, [3])
    assert values["trig_loss", "test", None] == pytest.approx(math.log(P), rel=1e-4)
    assert values["circle_share", None, 3] == pytest.approx(1, abs=1e-4)
