"""Circuit discovery on a model that is trained to have a known circuit, and on one that isn't."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.heads import circuit_edges
from onset.measures.heads.circuit import Head
from onset.models.transformer.model import Transformer
from onset.models.transformer.settings import Settings
from onset.tasks import induction

TASK = induction.Settings(
    name="induction", n_symbols=12, length=16, segment=(4, 7), n_train=8, n_test=16
)
WORLD = induction.generate(TASK, seed=0)
MODEL = Transformer(
    Settings(name="transformer", n_layers=2, d_model=16, n_heads=2, d_mlp=0, tied_embeddings=False),
    TASK.n_tokens,
    TASK.length,
)


@pytest.fixture(scope="module")
def found() -> dict[tuple, float]:
    with torch.inference_mode():
        rows = list(circuit_edges.analyse(MODEL, MODEL.initial_parameters(0), WORLD, seed=0))
    return {(m.measure, m.component): m.value for m in rows}


def test_all_connections_together_recover_everything(found):
    """There are fewer than forty of them: 6 into the first layer, 18 into the second, 5 to the logits."""
    assert found["recovered", 40] == pytest.approx(1, abs=1e-4)


def test_areas_are_areas(found):
    for name in ("edge_auc", "edge_auc_null"):
        assert 0 <= found[name, None] <= 1


def test_the_curve_rises_to_all_and_its_area_is_the_area(found):
    curve = [found["known_found", percent] for percent in range(0, 101, 5)]
    assert curve == sorted(curve)
    assert curve[-1] == 1
    # In steps of 5 %, from below.
    assert 0 <= found["edge_auc", None] - np.mean(curve[:-1]) <= 0.05


def test_the_known_circuit_is_of_four_connections():
    by_way = circuit_edges.ways(Head(0, 1), [Head(1, 0)], 2)
    edges = set.union(*(by_way[way] for way in circuit_edges.CIRCUIT))
    assert len(edges) == 4
    assert (("attn_head_out", 0, 1), ("k_input", 1, 0)) in edges
    assert (("attn_head_out", 1, 0), ("logits", 1, None)) in edges
    of_two = circuit_edges.ways(Head(0, 1), [Head(1, 0), Head(1, 1)], 2)
    assert sum(len(of_two[way]) for way in circuit_edges.CIRCUIT) == 7


def test_queries_of_the_last_token_carry_nothing_that_differs(found):
    assert found["patched_token_to_queries", None] == pytest.approx(0, abs=1e-4)


def test_every_way_is_patched(found):
    patched = {name: value for (name, _), value in found.items() if name.startswith("patched_")}
    assert len(patched) == 7
    assert all(value == value for value in patched.values())


def test_pairs_end_alike():
    for pair in circuit_edges._pairs(WORLD, seed=0):
        assert pair.clean[0, -1] == pair.corrupt[0, -1]
        assert not (pair.corrupt[0, :-1] == pair.clean[0, -1]).any()
        before = (pair.clean[0, :-1] == pair.clean[0, -1]).nonzero()[-1].item()
        assert pair.clean[0, before + 1] == pair.answer
