"""Tallies that are raised in a model's states."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.learning import tally_steering
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.tasks.learning import bandits

WORLD = bandits.generate(
    bandits.Settings(name="bandits", n_arms=3, n_pulls=20, n_train=60, n_test=40), 0
)


def test_states_change_with_one_tally_whatever_goes_with_it():
    """The second tally goes with the first, and is written nowhere; the third is fixed by the others."""
    generator = torch.Generator().manual_seed(0)
    first, noise = torch.randn(2, 4000, generator=generator, dtype=torch.float64)
    second = first + 0.5 * noise
    values = torch.stack([first, second, -first - second], 1)
    states = 0.1 * torch.randn(4000, 5, generator=generator, dtype=torch.float64)
    states[:, 0] += 3 * first
    alone = tally_steering.changes_with(values[:, :2], states)
    assert alone[:, 0].tolist() == pytest.approx([3, 0], abs=0.05)
    assert alone[:, 1:].abs().max() < 0.03
    changes = tally_steering.changes_with(values, states)
    assert changes[:, 0].tolist() == pytest.approx([2, -1, -1], abs=0.05)


def test_chances_that_change_sum_to_nothing_without_a_move(monkeypatch):
    settings = TransformerSettings(name="transformer", n_layers=2, d_model=16, n_heads=2, d_mlp=16)
    model = build(settings, *WORLD.sizes)
    given = model, model.initial_parameters(0), WORLD, 0
    rows = list(tally_steering.analyse(*given))
    values = {(its.measure, its.layer): its.value for its in rows}
    assert {layer for _, layer in values} == {1, 2}
    assert len(values) == 2 * 2 * 2
    assert np.isfinite([*values.values()]).all()
    assert any(values.values())
    monkeypatch.setattr(tally_steering, "_RAISED", {"mean": 0.0, "pulls": 0.0})
    still = [its.value for its in tally_steering.analyse(*given)]
    assert still == pytest.approx([0.0] * len(still), abs=1e-7)


def test_a_readout_that_reads_the_tally_pulls_more_of_what_is_raised(monkeypatch):
    """The last state holds an arm's embedding as often as it is raised: the readout says it more."""
    settings = TransformerSettings(
        name="transformer", n_layers=1, d_model=16, n_heads=2, d_mlp=16, norm="none"
    )
    model = build(settings, *WORLD.sizes)
    parameters = model.initial_parameters(0)
    arms = parameters["tok_embed.weight"][:3].clone()
    moves = 5 * arms / arms.norm(dim=-1, keepdim=True)
    monkeypatch.setattr(
        tally_steering, "changes_with", lambda values, states: torch.cat([moves, moves])
    )
    rows = list(tally_steering.analyse(model, parameters, WORLD, 0))
    values = {its.measure: its.value for its in rows}
    assert values["raised_mean"] > abs(values["raised_mean_random"])
    assert values["raised_pulls"] > values["raised_mean"] > 0
