"""Figures with more conditions or seeds than eyes can tell apart: readable, and never an error."""

from __future__ import annotations

import warnings
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.heat import plot_heat
from onset.figures.learning import learning_curves, plot_learning
from onset.figures.names import name_curves
from onset.figures.page import MOST_COLUMNS, MOST_PANELS, say_left_out
from onset.figures.phases import draw_phases
from onset.figures.points import draw_points
from onset.figures.rows import height, name_rows, plot_rows
from onset.figures.style import N_DISTINCT, TEXT_WIDTH, Styles, styles, use_style
from onset.statistics.spread import MOST_LINES
from tests.unit.vision import least_difference

PAGE = 8.0
"""inches"""
MANY = [41, 100, 700]


@pytest.fixture(autouse=True)
def own_style():
    with mpl.rc_context():
        use_style()
        yield
    plt.close("all")


def names(n: int) -> list[str]:
    return [f"condition_{i}" for i in range(n)]


def labels(n: int) -> dict[str, str]:
    return {name: f"learning rate {name[10:]}" for name in names(n)}


def curves(n: int) -> pd.DataFrame:
    """Accuracy of two seeds along training."""
    rows = [
        (name, seed, step, "accuracy", "all", (i + seed + step) / (n + 101))
        for i, name in enumerate(names(n))
        for seed in (0, 1)
        for step in (0, 10, 100)
    ]
    columns = ["condition", "seed", "step", "measure", "split", "value"]
    return pd.DataFrame(rows, columns=columns).assign(kind="share")


def in_full(figure: Figure) -> Figure:
    """Drawn, with room for all that is in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns where axes have no room left
        figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("n", MANY)
def test_those_after_forty_are_shades_in_their_order(n):
    found = styles(names(n))
    assert list(found) == names(n)
    assert [*found.values()][:N_DISTINCT] == [*styles(names(N_DISTINCT)).values()]
    shades = [style.colour for style in found.values()][N_DISTINCT:]
    assert not set(shades) & {style.colour for style in styles(names(N_DISTINCT)).values()}
    if n > 100:
        assert least_difference([shades[0], shades[-1]], "a printer") > 4


@pytest.mark.parametrize("n", MANY)
def test_a_legend_of_many_names_some_and_leaves_room_for_the_curves(n):
    figure, axis = plt.subplots(figsize=(TEXT_WIDTH, 2.6))
    measured = curves(n).groupby(["condition", "step"], sort=False)["value"]
    table = measured.agg(mean="mean", low="min", high="max").reset_index()
    plot_over_training(axis, table.assign(seed_0=table["mean"]), styles(names(n)))
    name_curves(axis, styles(names(n)), labels(n))
    in_full(figure)
    (legend,) = figure.legends
    *said, last = [text.get_text() for text in legend.get_texts()]
    assert said[0] == labels(n)["condition_0"]
    assert said[-1] == labels(n)[f"condition_{n - 1}"]
    assert last == f"{len(said)} of {n} are named"
    assert axis.get_window_extent().height > figure.bbox.height / 2


def test_up_to_forty_all_are_named():
    figure = plt.figure(figsize=(TEXT_WIDTH, 4))
    legend_below(figure, styles(names(40)), labels(40))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*labels(40).values()]


@pytest.mark.parametrize("n", MANY)
def test_rows_of_many_fit_a_page_and_their_names_are_apart(n):
    style = styles(names(n))
    figure, axis = plt.subplots(figsize=(TEXT_WIDTH, height(names(n))))
    data = pd.DataFrame({"condition": names(n), "mean": np.linspace(0, 1, n)})
    data = data.assign(low=data["mean"], high=data["mean"], seed_0=data["mean"])
    plot_rows(axis, data, style)
    name_rows(axis, style, labels(n))
    in_full(figure)
    assert figure.get_figheight() <= PAGE
    boxes = [text.get_window_extent() for text in axis.get_yticklabels()]
    assert len(boxes) >= 20
    for above, below in pairwise(boxes):
        assert not above.overlaps(below)
    named = {
        text.get_text(): place
        for text, place in zip(axis.get_yticklabels(), axis.get_yticks(), strict=True)
    }
    assert all(named[text] == int(text.rpartition(" ")[2]) for text in named)


def test_learning_curves_of_many():
    n = 100
    losses = curves(n).assign(measure="loss", kind="nats")
    both = pd.concat([curves(n), losses[losses["value"] > 0]])
    in_full(plot_learning(learning_curves(both), {"all": "all"}, styles(names(n)), labels(n)))


def test_a_large_map_names_some_values_and_has_no_numbers():
    side = 30
    places = pd.MultiIndex.from_product([range(side), range(side)], names=["n", "width"])
    cells = places.to_frame(index=False).assign(mean=0.5, seed_0=0.5)
    figure, axis = plt.subplots(figsize=(TEXT_WIDTH / 2, 3))
    plot_heat(axis, cells, "n", "width", 0.9)
    in_full(figure)
    assert not axis.texts
    assert [text.get_text() for text in axis.get_xticklabels()] == [str(2 * i) for i in range(15)]


def test_a_figure_with_fewer_panels_than_conditions_says_so():
    figure = Figure()
    say_left_out(figure, names(MOST_PANELS), names(MOST_PANELS))
    assert figure.get_suptitle() == ""
    say_left_out(figure, names(MOST_PANELS), names(100))
    assert figure.get_suptitle() == f"the first {MOST_PANELS} of 100 conditions; the CSV has all"


def test_a_choice_among_many_keeps_its_styles():
    many = styles(names(100))
    chosen = Styles({name: many[name] for name in names(3)})
    assert chosen == styles(names(3))


@pytest.mark.parametrize("n", [MOST_LINES, MOST_LINES + 1, 100])
def test_a_line_for_each_seed_or_shades_for_many(n):
    seeds = pd.DataFrame({f"seed_{i}": [0.0, i / n, 1.0] for i in range(n)})
    table = seeds.assign(condition="one", step=[0, 10, 100], mean=0.5, low=0.4, high=0.6)
    _, axis = plt.subplots()
    plot_over_training(axis, table, styles(["one"]))
    shown_one_by_one = n <= MOST_LINES
    assert len(axis.lines) == 1 + n * shown_one_by_one
    assert len(axis.collections) == 1 + 2 * (not shown_one_by_one)


def test_a_condition_of_few_seeds_keeps_its_lines_beside_one_of_many():
    columns = [f"seed_{i}" for i in range(100)]
    few = pd.DataFrame(np.nan, index=range(3), columns=columns).assign(seed_0=0.1, seed_1=0.2)
    table = few.assign(condition="one", step=[0, 10, 100], mean=0.5, low=0.4, high=0.6)
    _, axis = plt.subplots()
    plot_over_training(axis, table, styles(["one"]))
    assert len(axis.lines) == 1 + 2


def test_a_figure_with_a_column_per_seed_shows_the_first_ones():
    n = 100
    watched = pd.DataFrame(
        [("norm", seed, step, 0.5) for seed in range(n) for step in (0, 10)],
        columns=["shown", "seed", "step", "value"],
    )
    ends = pd.DataFrame({"memorised": 5.0}, index=range(n))
    figure = in_full(draw_phases(watched, ends, {"norm": ["norm"], "others": ["norm"]}, {}))
    assert [axis.get_title() for axis in figure.axes[:MOST_COLUMNS]] == [
        f"seed {seed}" for seed in range(MOST_COLUMNS)
    ]
    assert figure.get_suptitle() == f"the first {MOST_COLUMNS} of {n} seeds; the CSV has all"


def test_rows_of_nothing_have_room():
    _, axis = plt.subplots()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        name_rows(axis, [], {})


def test_points_of_nothing_have_a_figure():
    """In a small run that searches nothing."""
    figure = draw_points({}, styles(["one"]), {"one": "one"}, "n", "share", at="n", n_lines=2)
    assert not any(axis.get_visible() for axis in figure.axes)


def test_points_beyond_the_axis_dont_widen_the_page():
    rows = pd.DataFrame(
        {
            "condition": "one",
            "n": [1, 2],
            "mean": [0.5, 90.0],
            "low": 0.0,
            "high": 1.0,
            "seed_0": 0.5,
        }
    )
    figure = draw_points({"one": rows}, styles(["one"]), {"one": "one"}, "n", "share", at="n")
    assert in_full(figure).get_tightbbox().height <= figure.get_figheight() + 0.01
