"""Rows of a map around base points are found from the settings, and lie above or below a level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from onset.figures.around import draw_around
from onset.figures.style import styles
from onset.notebook.around import Around
from onset.notebook.study import NotebookStudy

BASE = {"task": {"size": 10}, "model": {"loops": 2, "layers": 1, "readout": "per_hop"}}
LAYERS = {"loops": 1, "layers": 2, "readout": "last"}
QUESTIONS, SIDES = {"id": "id", "oo": "oo"}, {"shared": "one block", "layers": "layers"}


def changed(model: dict[str, Any] | None = None, size: int = 10) -> dict[str, Any]:
    return {"task": {"size": size}, "model": BASE["model"] | (model or {}), "training": {}}


SETTINGS = {
    "shared": changed(),
    "two": changed(LAYERS),
    "size_20": changed(size=20),
    "size_5": changed(size=5),
    "two_size_5": changed(LAYERS, size=5),
    "once": changed(LAYERS | {"layers": 1}),
    "last_2": changed({"readout": "last"}),
    "last_3": changed({"readout": "last", "loops": 3}),
    "layers_3": changed(LAYERS | {"layers": 3}),
    "odd": changed({"loops": 9}, size=9),
}


class Study(NotebookStudy):
    settings = SETTINGS

    def __init__(self):
        """Nothing else of it is asked for."""

    def there(self, *names):
        return [name for name in names if name in self.settings]


@pytest.fixture
def around():
    return Around(
        Study(),
        {"shared": "shared", "layers": "two"},
        {
            "size": "task.size",
            "depth": {"shared": ("model.loops", "model.readout"), "layers": "model.layers"},
            "never varied": "training.steps",
        },
        {"other": {"odd": {"shared": "odd", "layers": "not run"}, "plain": {"shared": "shared"}}},
    )


def rows_of(around: Around, group: str) -> list[tuple[str, str, str, bool]]:
    rows = around.conditions
    its = rows[rows["group"] == group]
    return [*its[["row", "side", "condition", "base"]].itertuples(index=False, name=None)]


def test_what_differs_in_nothing_but_some_settings(around):
    its = around.in_nothing_but("shared", {"size": "task.size", "loops": "model.loops"})
    rows = set(its.itertuples(index=False, name=None))
    assert {*its} == {"condition", "changed", "size", "loops"}
    assert ("shared", "", 10, 2) in rows
    assert ("size_20", "size", 20, 2) in rows
    assert ("odd", "size and loops", 9, 9) in rows
    assert not {"two", "last_2", "last_3", "once"} & set(its["condition"])


def test_values_are_in_order_with_the_base_among_them(around):
    assert rows_of(around, "size") == [
        ("5", "shared", "size_5", False),
        ("5", "layers", "two_size_5", False),
        ("10", "shared", "shared", True),
        ("10", "layers", "two", True),
        ("20", "shared", "size_20", False),
    ]


def test_sides_may_differ_in_another_setting(around):
    """And where another condition has the base's value, the base isn't among them."""
    assert rows_of(around, "depth") == [
        ("1", "shared", "once", False),
        ("1", "layers", "once", False),
        ("2", "shared", "last_2", False),
        ("2", "layers", "two", True),
        ("3", "shared", "last_3", False),
        ("3", "layers", "layers_3", False),
    ]


def test_others_are_as_told_if_they_are_there(around):
    assert rows_of(around, "other") == [
        ("odd", "shared", "odd", False),
        ("plain", "shared", "shared", True),
    ]
    assert rows_of(around, "never varied") == []


@pytest.fixture
def rows(around):
    """An accuracy per condition, the more the later it comes; intervals are .2 wide."""
    means = np.linspace(0.1, 0.9, len(SETTINGS))
    numbers = pd.DataFrame({"condition": [*SETTINGS], "mean": means, "seed_0": means})
    numbers = numbers.assign(low=means - 0.1, high=means + 0.1)
    return around.rows(pd.concat([numbers.assign(question=its) for its in QUESTIONS]))


def test_sides_of_a_level(around, rows):
    """Means are .1, .19, .28, .37, .46, .54, .63, .72, .81 and .9; bases aren't counted."""
    found = around.sides_of(rows[rows["question"] == "oo"], 0.5).set_index(["side", "end"])
    assert found.loc[("shared", "above"), "said"] == "depth: 2, 3; other: odd"
    assert found.loc[("shared", "below"), "said"] == "size: 5, 20"
    assert found.loc[("shared", "open"), "said"] == "depth: 1"
    assert found.loc[("layers", "above"), "said"] == "depth: 3"
    assert found.loc[("layers", "below"), "said"] == "none"
    assert set(found["of"].xs("shared")) == {"6"}
    for side in SIDES:
        assert found["n"].xs(side).astype(int).sum() == int(found["of"].xs(side).iloc[0])


def test_a_table_has_a_line_per_value(around, rows):
    table = around.cells(rows, list(QUESTIONS), SIDES)
    assert list(table) == [
        "setting",
        "value",
        "one block, id",
        "one block, oo",
        "layers, id",
        "layers, oo",
    ]
    assert table["value"].tolist() == ["5", "10", "20", "1", "2", "3", "odd", "plain"]
    assert table.loc[2, "layers, oo"] == ""
    assert table.loc[1, "one block, oo"] == "0.10 [0.00, 0.20]"


def test_the_figure_has_a_panel_per_setting_and_question(rows):
    drawn = styles(SIDES)
    figure = draw_around(rows, QUESTIONS, drawn, SIDES, "accuracy")
    assert len(figure.axes) == 3 * len(QUESTIONS)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert [title for title in titles if title] == ["size", "depth", "other"]
    size = figure.axes[titles.index("size")]
    assert [label.get_text() for label in size.get_yticklabels()] == ["5", "10", "20"]
    points = {
        (to_hex(line.get_color()), float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in size.lines
        if line.get_marker() in {its.marker for its in drawn.values()}
    }
    its = rows[(rows["group"] == "size") & (rows["question"] == "id")]
    assert points == {
        (drawn[row.side].colour, row.mean, float(["5", "10", "20"].index(row.row)))
        for row in its.itertuples()
    }
    (mark,) = size.patches
    assert mark.get_y() == 0.5  # the base point's row is the second
