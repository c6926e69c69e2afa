"""Maps of checkpoints by checkpoints."""

from __future__ import annotations

from itertools import product

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from onset.figures.steps import draw_patching, plot_steps
from onset.figures.style import TEXT_WIDTH, use_style

STEPS = [0, 3, 10, 31, 100, 3000]


@pytest.fixture(autouse=True)
def own_style():
    with mpl.rc_context():
        use_style()
        yield


def cells(**place: int) -> pd.DataFrame:
    """The share is larger the later the state, and more so the later the model."""
    rows = [
        {**place, "step": step, "other_step": other, "mean": (i + 2 * j) / 20}
        for (i, step), (j, other) in product(enumerate(STEPS), repeat=2)
    ]
    return pd.DataFrame(rows)


def test_columns_are_of_the_state_and_rows_of_the_model_upward():
    axis = Figure().subplots()
    image = plot_steps(axis, cells().sample(frac=1, random_state=0))
    drawn = image.get_array()
    assert drawn.shape == (6, 6)
    assert drawn[0, 5] == pytest.approx(10 / 20)  # of the last step, into the first model
    assert drawn[5, 0] == pytest.approx(5 / 20)
    assert image.origin == "lower"
    assert image.get_clim() == (0, 1)


def test_axes_name_the_first_step_and_the_last():
    axis = Figure().subplots()
    plot_steps(axis, cells())
    for ticks in (axis.get_xticklabels(), axis.get_yticklabels()):
        said = [its.get_text() for its in ticks]
        assert (said[0], said[-1]) == ("0", "3,000")
        assert len(said) <= 4


def test_a_missing_pair_stays_empty():
    axis = Figure().subplots()
    its = cells()
    image = plot_steps(axis, its[~((its["step"] == 0) & (its["other_step"] == 3000))])
    assert np.argwhere(np.ma.getmaskarray(image.get_array())).tolist() == [[0, 5]]


def test_places_are_arranged_as_the_model_is():
    places = [*product((0, 1), (0, 1, 2)), (2, 2)]
    every = pd.concat([cells(layer=layer, position=position) for layer, position in places])
    figure = draw_patching(every, ("a", "b", "="), "accuracy")
    shown = [axis for axis in figure.axes if axis.get_visible() and axis.get_title()]
    assert len(shown) == 7
    figure.draw_without_rendering()
    said = {axis.get_title(): axis.get_position() for axis in shown}
    assert said["a, embedded"].y0 < said["a, after 1 block"].y0 < said["=, after 2 blocks"].y0
    assert said["a, embedded"].x0 < said["b, embedded"].x0 < said["=, embedded"].x0
    assert figure.get_figwidth() <= TEXT_WIDTH


def test_one_place_alone():
    figure = draw_patching(cells(layer=1, position=2), {2: "="}, "accuracy")
    assert [axis.get_title() for axis in figure.axes if axis.get_title()] == ["=, after 1 block"]
