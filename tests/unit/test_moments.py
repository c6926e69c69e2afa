"""Figures and tables of runs: what stands in them is what was given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.figures.apart import Panel, draw_apart
from onset.figures.circuit import draw_circuit
from onset.figures.foreseen import draw_foreseen
from onset.figures.frequencies import draw_frequencies
from onset.figures.moments import draw_moments
from onset.figures.panels import draw_rows
from onset.figures.style import styles
from onset.figures.ways import draw_planes, draw_turns
from onset.notebook.formulas import formula_cells, in_words
from onset.statistics import paired, prediction
from onset.statistics.milestones import again, least_after, levels
from onset.statistics.times import times_of

LABELS = {"one": "the one", "other": "the other"}
STYLES = styles(LABELS)
INDEX = pd.MultiIndex.from_tuples(
    [(name, seed) for name in LABELS for seed in (0, 1)], names=["condition", "seed"]
)


def over_seeds_of(values: list[float], condition: str = "one", **more: object) -> pd.DataFrame:
    """A curve of two seeds about these values, at steps 0, 10, …"""
    mean = np.array(values, float)
    steps = 10 * np.arange(len(values))
    both = {"seed_0": mean - 0.1, "seed_1": mean + 0.1, "low": mean - 0.2, "high": mean + 0.2}
    return pd.DataFrame({"condition": condition, "step": steps, "mean": mean, **both, **more})


def line(axis, label: str) -> list[float]:
    """The values of the line that is called so."""
    (found,) = (its for its in axis.lines if its.get_label() == label)
    return list(found.get_ydata())


class TestMoments:
    moments = times_of(
        {
            ("one", 0): (5, 10, 20), ("one", 1): (500, 1000, 2000),
            ("other", 0): (20, 50, 80), ("other", 1): (400, np.nan, np.inf),
        }
    )  # fmt: skip
    nobody = times_of({run: (400, np.nan, np.inf) for run in INDEX})

    def marks(self, axis, marker: str) -> list[float]:
        return [x for its in axis.lines if its.get_marker() == marker for x in its.get_xdata()]

    def test_rows_have_the_mean_of_logarithms_and_say_who_is_missing(self):
        (axis,) = draw_moments(self.moments, STYLES, LABELS, "step").axes
        assert [its.get_text() for its in axis.texts] == ["1 of 2 not by then"]
        assert self.marks(axis, STYLES["one"].marker) == pytest.approx([100])
        assert self.marks(axis, ">") == [400]

    def test_nothing_is_drawn_where_a_logarithmic_axis_has_no_place(self):
        unknown = times_of({run: (0, np.nan, np.inf) for run in INDEX})
        figure = draw_moments(unknown, STYLES, LABELS, "ratio")
        assert self.marks(figure.axes[0], ">") == []
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        assert box.x1 <= figure.get_figwidth() + 1
        assert box.x0 >= -1

    def test_an_interval_of_few_runs_leaves_others_to_be_seen(self):
        wide = times_of({("one", 0): (9, 10, 10), ("one", 1): (99_999, 100_000, 100_000)})
        (axis,) = draw_moments(wide, STYLES, LABELS, "step").axes
        low, high = axis.get_xlim()
        assert low > 0.01
        assert high < 1e8

    def test_crosses_are_what_comes_before(self):
        (axis,) = draw_moments(self.moments, STYLES, LABELS, "step", before=self.moments / 2).axes
        assert self.marks(axis, "x") == pytest.approx([50, 25])

    def test_a_ratio_may_be_known_from_above_alone(self):
        ratio = times_of({("one", 0): (0, np.nan, 0.3), ("one", 1): (0.4, 0.5, 0.6)})
        (axis,) = draw_moments(ratio, STYLES, LABELS, "ratio").axes
        assert self.marks(axis, "<") == [0.3]

    def test_nobody_gets_there(self):
        (axis,) = draw_moments(self.nobody, STYLES, LABELS, "step").axes
        assert [its.get_text() for its in axis.texts] == ["2 of 2 not by then"] * 2
        assert self.marks(axis, STYLES["one"].marker) == []
        assert {its.get_marker() for its in axis.lines} == {">"}  # no interval


def test_panels_have_axes_of_their_own():
    loss = Panel(over_seeds_of([3, 2, 1]), "loss", (0.1, 10), factors=True, levels={"one": 2.5})
    far = over_seeds_of([0.1, 0.3]).rename(columns={"step": "component"})
    figure = draw_apart(
        {"loss": loss, "far": Panel(far, "attention", along="component", xlabel="distance")},
        STYLES, LABELS,
    )  # fmt: skip
    left, right = figure.axes
    assert (left.get_yscale(), right.get_yscale()) == ("log", "linear")
    assert left.get_ylim() == (0.1, 10)
    assert line(left, "one") == [3, 2, 1]
    assert line(right, "one") == [0.1, 0.3]
    assert right.get_xlabel() == "distance"
    assert next(its for its in left.lines if its.get_linestyle() == ":").get_ydata()[0] == 2.5


def test_bands_lie_behind_their_rows():
    rows = over_seeds_of([0.5]).drop(columns="step")
    bands = {"one": (0.2, 0.6), "other": (0.1, 0.3)}
    (axis,) = draw_rows({"": rows}, STYLES, LABELS, "area", bands=bands).axes
    assert [(b.get_x(), round(b.get_width(), 6)) for b in axis.patches] == [(0.2, 0.4), (0.1, 0.2)]


def test_ways_and_their_turns():
    ways = pd.DataFrame(
        {
            "kind": "weights",
            "condition": "one",
            "seed": 0,
            "step": [0, 10],
            1: [0.0, 2],
            2: [1.0, 3],
        }
    )
    marks = pd.DataFrame({"memorised": 5.0, "generalised": np.nan}, INDEX)
    (axis,) = draw_planes(ways, marks, styles(["one"]), LABELS).axes
    way, start, memorised, never = axis.lines
    assert list(way.get_xdata()) == [0, 2]
    assert list(start.get_ydata()) == [1]
    assert (list(memorised.get_xdata()), list(memorised.get_ydata())) == ([1], [2])
    assert np.isnan(never.get_xdata()).all()
    _, right = draw_turns(ways, over_seeds_of([20, 90]), STYLES, LABELS).axes
    assert line(right, "one") == [20, 90]


def test_frequencies():
    norm = {"step": [0, 10] * 2, "component": [1, 1, 2, 2], "value": [1.0, 2, 3, 4], "seed": 0}
    when = {
        "generalised": [40.0, np.nan], "generalised_after": [35.0, 90.0],
        "memorised": [5.0, 5.0], "locked": [30.0, 80.0],
    }  # fmt: skip
    parts = {
        "norm": pd.DataFrame(norm),
        "auc": over_seeds_of([0.5, 0.9], "other"),
        "locking": pd.DataFrame({"condition": "other", **when}),
    }
    shown = pd.concat([its.assign(shown=name) for name, its in parts.items()], ignore_index=True)
    figure = draw_frequencies(shown, {("one", 0): [2]}, np.linspace(0.4, 0.6, 50), STYLES)
    above, left, right = (figure.axes[place] for place in (0, -2, -1))
    assert list(above.lines[0].get_ydata()) == [2]
    assert line(left, "other") == [0.5, 0.9]
    assert list(right.lines[0].get_ydata()) == [30, 80]
    (never,) = (its for its in right.lines if its.get_marker() == ">")
    assert (list(never.get_xdata()), list(never.get_ydata())) == ([90], [80])


def test_a_circuit():
    found = over_seeds_of([0, 0.5, 1], measure="known_found").rename(columns={"step": "component"})
    ranked = pd.concat([found, found.assign(measure="recovered", mean=0.7)])
    of_runs = pd.DataFrame({"known_size": [9], "known_recovered": [0.8], "random_recovered": [0.1]})
    heads = {"head_direct_effect": 1.0, "head_direct_effect_without_main": 2.0}
    effects = pd.DataFrame(heads, INDEX)
    left, middle, right = draw_circuit(ranked, of_runs, effects, STYLES, LABELS).axes
    assert line(left, "one") == [0, 0.5, 1]
    assert [list(its.get_ydata()) for its in middle.lines[-2:]] == [[0.8], [0.1]]
    assert line(right, "the other") == [2, 2]


class TestForesight:
    outcome = pd.Series([1.0, 2, 3, 4, 5, 6], pd.MultiIndex.from_product([["one"], range(6)]))
    features = pd.DataFrame({"tells": -outcome, "noise": [1.0, 1, 0, 0, 1, 1]})

    def test_ranks(self):
        ranks = prediction.rank_correlations(self.features, self.outcome)
        assert ranks["tells"] == -1
        assert prediction.rank_correlations(self.features, self.outcome * 0).isna().all()

    def test_what_is_known_at_a_step(self):
        runs = INDEX[:2]
        rows = [("a loss", 0), ("a loss", 10), ("norm", 0), ("norm", 10)]
        watched = pd.DataFrame(
            {"shown": name, "condition": "one", "seed": seed, "step": step, "value": value}
            for (name, step), value in zip(rows, (1.0, 0.0, 4.0, 6.0), strict=True)
            for seed in (0, 1)
        )
        known = prediction.known_at(watched, 5, runs, by_factors=["a loss"])
        assert known["norm"].tolist() == [5, 5]
        assert known["a loss"].tolist() == pytest.approx([np.log10(0.5)] * 2)

    def test_a_figure_of_it(self):
        seen = prediction.foresight(self.features, self.outcome, seed=0, permutations=20)
        ranks = prediction.rank_correlations(self.features, self.outcome)
        left, right = draw_foreseen(seen, ranks, STYLES["one"], "at step").axes
        assert line(left, "other runs' line") == pytest.approx(list(10**self.outcome))
        assert [its.get_text() for its in right.get_yticklabels()] == ["noise", "tells"]
        assert seen.in_percent()["error"] == "0"

    def test_of_few_outcomes_nothing_is_foretold(self):
        few = self.outcome.clip(upper=3)
        seen = prediction.foresight(self.features, few, seed=0)
        assert list(seen.table) == ["found"]
        assert np.isnan(seen.p)
        left, _ = draw_foreseen(seen, self.features.mean(), STYLES["one"], "at step").axes
        assert not left.lines


def test_ratios_are_within_runs():
    rows = pd.DataFrame({"condition": "one", "seed": [0, 1, 0, 1, 2], "value": [4.0, 9, 2, 3, 7]})
    rows = rows.assign(measure=["all", "all", "part", "part", "part"], kind="nats")
    assert paired.ratio(rows, "all", "part")["value"].tolist() == [2, 3]
    assert paired.ratio(rows, "all", "not there").empty
    assert paired.difference(rows, "all", "part")["value"].tolist() == [2, 6]
    parts = paired.part(rows, "part", "all")
    assert parts["value"].tolist() == [2 / 6, 3 / 12]
    assert set(parts["kind"]) == {"share"}


def test_levels_and_recoveries():
    values = [0.0, 0.5, 1.0, 0.2, 0.6, 1.0]
    rows = {"condition": "one", "seed": 0, "step": [0, 10, 20, 21, 31, 41], "value": values}
    curve = pd.DataFrame(rows)
    found = levels(curve, (0.1, 0.5, 0.9))
    assert [its["at"].item() for its in found.values()] == pytest.approx([2, 10, 18, 16])
    assert found["width"].iloc[0].tolist() == pytest.approx([0, 16, 20])
    assert least_after(curve, {"one": 20}).item() == 0.2
    assert again(curve, {"one": 20}, 0.8).iloc[0].tolist() == pytest.approx([11, 16, 21])
    assert again(curve, {"one": 20}, 0.1).iloc[0].tolist() == [0, 1, 1]
    assert again(curve, {"one": 20}, 1.5).iloc[0].fillna(-1).tolist() == [21, -1, np.inf]
    assert again(curve, {"other": 20}, 0.8).empty


class TestFormulas:
    formulas = {"nothing": ("free", None), "a part": ("formula", "null")}
    means = pd.DataFrame(
        [
            ("one", "free_accuracy", 1.0, np.nan), ("one", "formula_accuracy", 0.98, 0.97),
            ("one", "formula_loss", 2e-5, 1e-5), ("one", "null_accuracy", 0.1, np.nan),
        ],
        columns=["condition", "measure", "mean", "low"],
    ).assign(high=0.99)  # fmt: skip

    def test_cells(self):
        table = formula_cells(self.means, self.formulas, {"one": "the one"}, ["null_accuracy"])
        assert table.iloc[0].tolist() == ["the one", "nothing", "", "1.000", "", "", "", ""]
        assert table.iloc[1].tolist() == ["the one", "a part", "", "0.980", "2.0e-05", "", "", ""]

    def test_what_was_not_measured_is_none(self):
        found = in_words(self.means, self.formulas, ["one", "other"]).set_index(
            ["condition", "measure"]
        )["said"]
        assert found["one", "formula_accuracy"] == "0.980 [0.970, 0.990]"
        assert found["one", "formula_loss"] == "2.0e-05"
        assert found["one", "null_explained"] == "none"
        assert set(found["other"]) == {"none"}
