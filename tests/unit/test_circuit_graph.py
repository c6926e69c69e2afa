"""Graphs of circuits: layers go down, edges are as wide as they weigh, and every part has its place."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.patches import FancyArrowPatch

from onset.figures.circuit_graph import edge_rows, places_of, plot_graphs

mpl.use("agg")

PARTS = ("tokens", "positions", "head 0.0", "head 0.1", "mlp 0", "head 1.0", "head 1.1", "logits")
EDGES = edge_rows(
    [("tokens", "head 0.1 value"), ("head 0.1", "head 1.0 key"), ("head 1.0", "logits")],
    [1.0, -2.0, 4.0],
)


def test_an_edge_is_told_by_its_ends_and_the_way_in():
    expected = pd.DataFrame(
        [
            ("tokens", "head 0.1", "value", 1.0),
            ("head 0.1", "head 1.0", "key", -2.0),
            ("head 1.0", "logits", "other", 4.0),
        ],
        columns=["writer", "reader", "by", "weight"],
    )
    pd.testing.assert_frame_equal(EDGES, expected)


def test_layers_go_down():
    places = places_of(PARTS)
    rows = {part: row for part, (_, row) in places.items()}
    assert rows["tokens"] == rows["positions"] == 0
    assert rows["head 0.0"] == rows["head 0.1"] == 1
    assert (rows["mlp 0"], rows["head 1.0"], rows["logits"]) == (2, 3, 4)
    assert len(set(places.values())) == len(PARTS)
    assert places["head 0.0"][0] < places["head 0.1"][0]
    assert places["head 0.0"][0] != places["head 1.0"][0]


def test_edges_are_as_wide_as_they_weigh_and_those_against_are_pale():
    figure = plot_graphs({"found": EDGES, "true": EDGES.iloc[:1]}, PARTS)
    found, true = figure.axes
    arrows = [its for its in found.patches if isinstance(its, FancyArrowPatch)]
    widths = [its.get_linewidth() for its in arrows]
    assert widths == sorted(widths)
    assert widths[2] == pytest.approx(2 * widths[1]) == pytest.approx(4 * widths[0])
    assert [its.get_alpha() for its in arrows] == [1, 0.4, 1]
    assert len(true.patches) == 1
    assert found.get_ylim()[0] > found.get_ylim()[1]


def test_parts_without_edges_are_not_named():
    (axis,) = plot_graphs({"found": EDGES}, PARTS).axes
    assert {its.get_text() for its in axis.texts} == {"tokens", "0.1", "1.0", "logits"}
    assert len(axis.lines) == len(PARTS) - 4


def test_a_circuit_without_edges_is_drawn():
    (axis,) = plot_graphs({"none": EDGES.iloc[:0]}, PARTS).axes
    assert not axis.patches
    assert not axis.texts
