"""Nulls are drawn from a stream of their own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch

from onset.statistics.chance import own_stream

CODE = Path(__file__).parents[2] / "src/onset"
LOOKING = ("measures", "analyses", "comparisons", "collections")
"""packages that look at models, and so must not draw what models begin with"""
OF_OTHER_SEEDS = ("agreement.py", "contrast.py", "langevin.py")
"""they draw by torch, and see to it that the seed is no run's"""


def test_it_is_the_same_of_a_seed_and_another_of_another():
    one, again, other = (own_stream(seed).standard_normal(8) for seed in (3, 3, 4))
    assert (one == again).all()
    assert not (one == other).any()


def test_it_is_neither_what_models_begin_with_nor_what_worlds_are_drawn_from():
    own = own_stream(0).standard_normal(1000)
    of_models = torch.randn(1000, generator=torch.Generator().manual_seed(0)).numpy()
    of_worlds = np.random.Generator(np.random.Philox(0)).standard_normal(1000)
    for others in (of_models, of_worlds):
        assert abs(np.corrcoef(own, others)[0, 1]) < 0.15


def test_no_direction_is_drawn_by_torch_where_models_are_looked_at():
    drawing = [
        path.name
        for package in LOOKING
        for path in sorted((CODE / package).rglob("*.py"))
        if re.search(r"torch\.randn\(|\.normal_\(", path.read_text())
    ]
    assert sorted(set(drawing)) == sorted(OF_OTHER_SEEDS)
