"""What circuits of several models have in common."""

from __future__ import annotations

import pandas as pd
import pytest

from onset.models.transformer.wiring import Edge
from onset.notebook.circuits import Circuits
from onset.notebook.stable_circuits import OTHER_SEEDS, StableCircuits, by_layer, shared
from tests.unit.test_notebook_circuits import rows_of, study_of

HEADS = Edge("head 0.1", "head 1.0 key"), Edge("head 0.0", "head 1.3 key")


def test_what_is_the_same_but_for_the_numbers_of_heads():
    assert by_layer(HEADS[0]) == by_layer(HEADS[1]) == ("head 0", "head 1 key")
    assert by_layer(Edge("tokens", "head 0.0 value")) == ("tokens", "head 0 value")
    assert by_layer(Edge("mlp 0", "logits")) == ("mlp 0", "logits")
    assert by_layer(Edge("head 1.2", "mlp 1")) == ("head 1", "mlp 1")


def test_edges_count_as_often_as_both_circuits_have_them():
    one, other = [HEADS[0], Edge("tokens", "logits")], [HEADS[1], HEADS[0]]
    assert shared(one, other, lambda its: its) == 1 / 3
    assert shared(one, other, by_layer) == 1 / 3
    assert shared([HEADS[0]], [HEADS[1]], by_layer) == 1
    assert shared([], [], by_layer) == 0


class Made(Circuits):
    """Of a model with four edges."""

    def same_edges(self) -> pd.DataFrame:
        return pd.DataFrame({"condition": ["one"], "way": ["mean"], "mean": [0.5]})

    def edges(self, condition, numbers):
        edges = [*HEADS, Edge("tokens", "logits"), Edge("tokens", "head 0.0 value")]
        return (edges[int(i)] for i in numbers)


def test_seeds_are_compared_by_as_many_edges_as_matter(tmp_path):
    """Two seeds use different heads of the same layers; chance draws an edge that the other hasn't."""
    scores = {
        ("exhaustive", 0): {0: 3.0, 2: -2.0, 3: 0.1}, ("exhaustive", 1): {1: 3.0, 2: 1.0, 3: 0.1},
        ("chance", 0): {0: 1.0, 2: 0.9}, ("chance", 1): {3: 1.0, 2: 0.9},
    }  # fmt: skip
    about = {"condition": "one", "split": "ioi"}
    rows = [
        {**about, "seed": seed, "measure": f"{method}_edge_score", "component": i, "value": value}
        for (method, seed), its in scores.items()
        for i, value in its.items()
    ] + [
        {**about, "seed": seed, "measure": "edges_that_matter", "component": None, "value": 2.0}
        for seed in (0, 1)
    ]
    circuits = Made(study_of(tmp_path, "one", closer=rows_of(rows)))
    found = StableCircuits(circuits).same().set_index("way")["mean"]
    assert found.to_dict() == pytest.approx(
        {
            **{"mean": 0.5, "seeds": 1 / 3, "layers": 1},
            **{"seeds_by_chance": 1 / 3, "layers_by_chance": 1 / 3},
        }
    )
    assert set(OTHER_SEEDS) < set(found.index)


def test_one_seed_has_no_other(tmp_path):
    rows = [
        {"condition": "one", "seed": 0, "split": "ioi", "measure": "edges_that_matter", "value": 1}
    ]
    found = StableCircuits(Made(study_of(tmp_path, "one", closer=rows_of(rows)))).same("one")
    assert found["way"].tolist() == ["mean"]
