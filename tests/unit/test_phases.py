"""Phases of curves that are known, and what there is at their ends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.figures.phases import draw_phases
from onset.statistics.named import called, stacked, summed
from onset.statistics.phases import in_words, phase_ends, values_at_ends, when_usual
from onset.statistics.rows import where
from onset.statistics.times import side_by_side

STEPS = [0, 100, 200, 300, 400]
CURVES = {
    ("accuracy", "train"): [0, 1, 1, 1, 1],
    ("loss", "test"): [2, 4, 3, 1, 0],
    ("accuracy", "test"): [0, 0, 0, 0.5, 1],
    ("weight_norm", None): [10, 20, 30, 40, 50],
}
KINDS = {"accuracy": "share", "loss": "nats", "weight_norm": "size"}


def measures(seed: int, scale: float = 1) -> pd.DataFrame:
    """All curves of a run; its accuracies are lower by a factor."""
    tables = [
        pd.DataFrame(
            {
                "condition": "one", "seed": seed, "step": STEPS, "split": split, "measure": measure,
                "component": np.nan, "kind": KINDS[measure],
                "value": np.array(values) * (scale if measure == "accuracy" else 1),
            }
        )
        for (measure, split), values in CURVES.items()
    ]  # fmt: skip
    return pd.concat(tables)


MEASURES = pd.concat([measures(0), measures(1, scale=0.5)])
ENDS = phase_ends(MEASURES, memorised_at=0.9, formed_at=0.5, generalised_at=0.75)
WATCHED = called(MEASURES, {"held out": ("accuracy", "test"), "norm": ("weight_norm", None)})


def test_phases_end_where_the_rules_say():
    at = side_by_side(ENDS)[list(ENDS)]
    assert at.loc[("one", 0)].tolist() == pytest.approx([90, 250, 350])
    assert at.loc[("one", 1), "formed"] == 250
    assert at.loc[("one", 1), ["memorised", "generalised"]].isna().all()


def test_values_at_the_ends_are_those_of_the_runs_that_get_there():
    found = values_at_ends(WATCHED, ENDS)
    norm = where(found, shown="norm").set_index("place")
    assert list(norm.index) == ["start", "memorised", "formed", "generalised", "end"]
    assert norm["mean"].tolist() == pytest.approx([10, 19, 35, 45, 50])
    assert norm["n_there"].tolist() == [2, 1, 2, 1, 2]
    held_out = where(found, shown="held out").set_index("place")["mean"]
    assert held_out["generalised"] == pytest.approx(0.75)
    assert held_out["end"] == pytest.approx(0.75)  # of 1 and 0.5


def test_shares_at_the_ends_know_over_how_many_examples_they_are():
    untrained = where(WATCHED, shown="held out").assign(value=0.0)
    highs = []
    for rows in (untrained, untrained.assign(n_examples=100_000.0)):
        found = values_at_ends(rows, ENDS).set_index("place").loc["start"]
        assert (found["mean"], found["low"]) == (0, 0)
        highs.append(found["high"])
    assert highs[1] < highs[0]


def test_a_table_has_the_steps_above():
    table = in_words(values_at_ends(WATCHED, ENDS), ENDS)
    assert list(table) == ["", "start", "memorised", "formed", "generalised", "end"]
    assert table.iloc[0].tolist() == ["step", "", "90", "250", "350", ""]
    assert table.iloc[1].tolist() == ["runs", "", "1 of 2", "2 of 2", "1 of 2", ""]
    assert table.iloc[3].tolist() == ["norm", "10.00", "19.00", "35.00", "45.00", "50.00"]


def test_a_curve_where_a_signal_has_its_usual_value():
    norm, held_out = where(WATCHED, shown="norm"), where(WATCHED, shown="held out")
    usual, found = when_usual(norm, held_out, pd.Series({("one", 0): 350.0}))
    assert usual == 45
    assert found.tolist() == pytest.approx([0.75, 0.375])


def test_sums_and_stacks():
    parts = stacked({"x": MEASURES, "y": MEASURES}, "of")
    assert len(parts) == 2 * len(MEASURES)
    assert set(where(parts, of="y")["seed"]) == {0, 1}
    waves = pd.DataFrame({"condition": "one", "seed": 0, "step": [0, 0, 1], "value": [1, 2, 4]})
    assert summed(waves)["value"].tolist() == [3, 4]


def test_bands_are_the_phases_of_each_run():
    ends = side_by_side(ENDS)[list(ENDS)].loc["one"]
    panels = {"share": ["held out"], "size": ["norm"]}
    figure = draw_phases(WATCHED, ends, panels, factors={"size": (1, 100)})
    above, other, below, _ = figure.axes
    assert [band.get_width() for band in above.patches] == pytest.approx([90, 160, 100])
    assert not other.patches  # it never memorises
    assert below.get_yscale() == "log"
    assert list(above.lines[0].get_ydata()) == CURVES["accuracy", "test"]
