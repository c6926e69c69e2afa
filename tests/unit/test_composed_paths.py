"""Which heads a later head needs, of a model whose circuit is known: its weights are written down."""

from __future__ import annotations

import pytest

from onset.analyses.circuits import composed_paths
from onset.circuits.plans import compiled
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.tasks.programs import generate
from tests.unit.test_programs import settings

TASK = settings("induction", n_symbols=8, n_train=40, n_test=24)
WORLD = generate(TASK, 0)
MODEL, OWN = compiled(TASK)
ROWS = list(composed_paths.analyse(MODEL, OWN, WORLD, seed=0))
FOUND = {its.measure: its.value for its in ROWS if its.layer is None}


def test_a_lead_is_lost_without_the_path_to_keys_alone():
    lead = FOUND["composed_lead"]
    assert lead > 1
    assert FOUND["heads_to_key_paths_lost"] > lead / 2
    # What the head of the first layer moved is asked for by keys; the last token asks by itself.
    for other in ("query", "value"):
        assert FOUND[f"heads_to_{other}_paths_lost"] == pytest.approx(0, abs=lead / 100)
    assert FOUND["embeddings_to_query_paths_lost"] > lead / 2
    assert FOUND["embeddings_to_value_paths_lost"] > lead / 2
    # It has no MLP.
    assert FOUND["mlps_to_key_paths_lost"] == pytest.approx(0, abs=1e-4)
    assert 0 < FOUND["random_paths_lost"] < lead


def test_single_paths_say_which_heads():
    single = [its for its in ROWS if its.measure == "key_path_lost"]
    n_heads = MODEL.settings.n_heads
    assert len(single) == n_heads**2
    strongest = max(single, key=lambda its: its.value)
    assert (strongest.layer, strongest.head, strongest.component) == (1, 0, 0)
    if n_heads == 1:
        assert strongest.value == pytest.approx(FOUND["heads_to_key_paths_lost"])


def test_a_model_that_knows_nothing_loses_nothing():
    untrained = build(
        Settings(name="transformer", n_layers=2, d_model=12, n_heads=2, d_mlp=16), *WORLD.sizes
    )
    rows = list(composed_paths.analyse(untrained, untrained.initial_parameters(0), WORLD, seed=0))
    assert sum(its.measure == "query_path_lost" for its in rows) == 4
    lost = [its for its in rows if its.measure.endswith("paths_lost")]
    assert len(lost) == 10
    assert all(abs(its.value) < 0.2 for its in lost)
