"""What notebooks call: rows, numbers, tables, verdicts and panels with answers known by hand."""

from __future__ import annotations

import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from onset.figures import panels
from onset.figures.style import styles
from onset.notebook import say
from onset.notebook.here import Found, MeanOf, Predicted, here
from onset.notebook.predictions import predictions_cells
from onset.notebook.study import NotebookStudy
from onset.notebook.summary_table import summary_cells
from onset.statistics.rows import complete, rows_of, where
from onset.statistics.seeds import Summary

TOLD = {
    "conditions": ["tied", "untied"],
    "labels": {"tied": "tied embeddings", "untied": "untied"},
    "seeds": [0, 1],
    "extra_seeds": {"untied": [7]},
    "analysed": ["tied"],
    "reference": {"sharing": {"quantity": "accuracy", "published": "1", "source": "somebody"}},
    "code": "of a test",
}


@pytest.fixture(autouse=True)
def agg():
    mpl.use("agg")


@pytest.fixture
def study(tmp_path) -> NotebookStudy:
    path = tmp_path / "alias/settings/notebook.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(TOLD))
    return here("alias", tmp_path)


def measured(values: dict[tuple[str, int, int], float], measure: str = "accuracy") -> pd.DataFrame:
    """By condition, seed and step, of the split `id`."""
    rows = [
        (condition, seed, step, measure, "share", "id", value)
        for (condition, seed, step), value in values.items()
    ]
    columns = ["condition", "seed", "step", "measure", "kind", "split", "value"]
    return pd.DataFrame(rows, columns=columns)


class TestHere:
    def test_all_that_there_is_comes_from_the_settings(self, study):
        assert study.conditions == ("tied", "untied")
        assert study.labels["tied"] == "tied embeddings"
        assert (study.seeds, study.analysed, study.code) == ((0, 1), ("tied",), "of a test")
        assert [run.seed for run in study.runs] == [0, 1, 0, 1, 7]
        assert study.n == "n = 2 to 3 seeds"

    def test_where_they_are_missing_it_says_what_makes_them(self, tmp_path):
        with pytest.raises(
            FileNotFoundError, match=r"snakemake --cores all .*alias/notebook\.html"
        ):
            here("alias", tmp_path)

    def test_a_style_is_the_same_whichever_conditions_are_drawn(self, study):
        assert study.styles_of(["untied"])["untied"] == styles(study.conditions)["untied"]


class TestRows:
    def test_one_value_or_one_of_several(self):
        rows = pd.DataFrame({"split": ["id", "oo", "oi"], "layer": [0.0, 1.0, np.nan]})
        assert list(where(rows, split="oo").index) == [1]
        assert list(where(rows, split=["id", "oi"]).index) == [0, 2]
        assert list(where(rows, split={"id": "a title", "oo": "another"}, layer=1).index) == [1]
        assert list(where(rows).index) == [0, 1, 2]

    def test_a_row_for_each_combination(self):
        rows = pd.DataFrame({"kind": ["a", "b"], "dose": [0.0, 1.0], "mean": [0.1, 0.2]})
        found = complete(rows, kind=["a", "b"], dose=[0, 1])
        assert found[["kind", "dose"]].values.tolist() == [["a", 0], ["a", 1], ["b", 0], ["b", 1]]
        assert found["mean"].fillna(-1).tolist() == [0.1, -1, -1, 0.2]

    def test_a_measure_that_nothing_measures(self):
        rows = measured({("tied", 0, 0): 1.0})
        assert len(rows_of(rows, ["accuracy"])) == 1
        with pytest.raises(ValueError, match="no run has the measure 'rank'"):
            rows_of(rows, ["accuracy", "rank"])

    def test_a_control_stands_beside_each_row(self, study):
        ends = pd.DataFrame({"condition": ["tied", "untied"], "split": "id", "mean": [0.9, 0.2]})
        guess = measured({("tied", 0, 5): 0.1, ("tied", 1, 5): 0.3})
        found = study.with_controls(ends, guess=guess)
        assert found["guess"].tolist() == pytest.approx([0.2, np.nan], nan_ok=True)

    def test_a_control_agrees_in_the_columns_that_are_said(self, study):
        rows = pd.DataFrame({"condition": "tied", "measure": ["agreement", "dead"], "mean": 0.5})
        chance = measured({("tied", 0, 9): 0.2, ("tied", 1, 9): 0.4}, "agreement")
        found = study.with_controls(rows, ["condition", "measure"], chance=chance)
        assert found["chance"].fillna(-1).tolist() == [pytest.approx(0.3), -1]


class TestNumbers:
    def test_a_number_per_row_under_its_name(self):
        rows = pd.DataFrame(
            {"condition": ["tied", "untied"], "layer": [1.0, 2.0], "mean": [0.5, 0.25],
             "low": [0.4, np.nan], "high": [0.6, np.nan]}
        )  # fmt: skip
        assert say.named(rows, "{condition}/bridge_{layer}") == {
            "tied/bridge_1": "0.50 [0.40, 0.60]",
            "untied/bridge_2": "0.25",
        }
        assert say.named(rows.iloc[:1], "{condition}", say.mean) == {"tied": "0.50"}
        assert say.named(rows.iloc[:0], "{condition}") == {}

    @pytest.mark.parametrize(
        ("first", "last", "said"),
        [(20, 40, "20–40"), (20, 20, "20"), (np.nan, np.nan, "not in every seed")],
    )
    def test_between_checkpoints(self, first, last, said):
        rows = pd.DataFrame({"name": ["half"], "first": [first], "last": [last]})
        assert say.named(rows, "{name}", say.checkpoints) == {"half": said}

    def test_single_numbers(self):
        assert say.percent(0.25) == r"25\,\%"
        assert say.factor(1.234) == "1.23"
        assert say.factor(np.nan) == "not known"
        assert (say.most(pd.Series([0.1, 0.9])), say.least(pd.Series([0.1, 0.9]))) == (
            "0.90",
            "0.10",
        )
        assert say.first(pd.DataFrame(columns=["mean", "low", "high"]), "not run") == "not run"

    def test_a_row_without_a_mean_is_another_word(self):
        rows = pd.DataFrame(
            {"mean": [0.1234, np.nan], "low": np.nan, "high": np.nan, "n": [3.0, 0]}
        )
        words = say.interval_or("none", digits=3)
        assert [words(row) for row in rows.itertuples()] == ["0.123", "none"]
        assert [say.whole("n")(row) for row in rows.itertuples()] == ["3", "0"]


class TestTables:
    def test_means_of_the_summary(self):
        summary = pd.DataFrame(
            [
                ("tied", "id", "accuracy", 2, 0.987, 0.9, 1.0),
                ("tied", np.nan, "norm", 1, 3.14, 3, 3.3),
            ],
            columns=["condition", "split", "measure", "digits", "mean", "low", "high"],
        )
        columns = {
            "id": MeanOf("accuracy", "id"),
            "mean": MeanOf("accuracy", "id", interval=False),
            "norm": MeanOf("norm"),
        }
        table = summary_cells(summary, columns, TOLD["labels"])
        assert table.to_numpy().tolist() == [
            ["tied embeddings", "0.99 [0.90, 1.00]", "0.99", "3.1 [3.0, 3.3]"],
            ["untied", "", "", ""],
        ]

    def test_predictions_beside_what_was_found(self):
        rows = pd.DataFrame(
            {"condition": ["tied"], "split": ["id"], "replacement": ["donor"], "mean": [0.9],
             "low": [0.8], "high": [1.0], "accuracy": [0.95]}
        )  # fmt: skip
        predicted = [
            Predicted("tied", "donor", "accuracy"),
            Predicted("tied", "donor", 0.0),
            Predicted("tied", "donor", None),
            Predicted("untied", "donor", 0.0),
        ]
        table = predictions_cells(rows, ["id", "oo"], predicted, TOLD["labels"])
        assert table["predicted"].tolist() == ["0.95", "0.00", ""]
        assert set(table["observed"]) == {"0.90 [0.80, 1.00]"}

    def test_titles_of_crossed_panels(self):
        crossed = NotebookStudy.crossed(["id", "oo"], {"donor": "donor's state"})
        assert crossed == {
            ("id", "donor"): "id: donor's state",
            ("oo", "donor"): "oo: donor's state",
        }


class TestVerdicts:
    @pytest.mark.parametrize(
        ("borders", "agrees"),
        [
            ({"above": 0.5}, True),
            ({"above": 0.7}, False),
            ({"below": 0.95}, True),
            ({"below": 0.9}, False),
            ({"above": 0.5, "below": 0.95}, True),
        ],
    )
    def test_the_whole_interval_is_beyond_the_border(self, borders, agrees):
        assert Found.of(Summary(0.8, 0.7, 0.9), **borders) == (0.8, 0.7, 0.9, agrees)

    @pytest.mark.parametrize(
        ("values", "how", "agrees"),
        [
            ([0.49, 0.52], {"within": 0.015}, True),
            ([0.52, 0.53], {"within": 0.015}, False),
            ([0.7, 0.7], {"within": 1.5, "by_factor": True}, True),
            ([0.3, 0.3], {"within": 1.5, "by_factor": True}, False),
            ([], {"within": 1.0}, None),
            ([0.5, np.nan], {"within": 1.0}, None),
        ],
    )
    def test_the_mean_is_near_a_number(self, values, how, agrees):
        assert Found.near(values, 0.5, **how).agrees is agrees

    def test_of_a_value_per_seed_if_every_seed_has_one(self):
        assert Found.of_seeds(pd.Series([0.2, 0.2]), below=0.5).agrees is True
        assert Found.of_seeds(pd.Series([0.2, np.nan]), below=0.5) is None
        assert Found.of_seeds(pd.Series([], dtype=float), below=0.5) is None

    def test_what_was_not_run_or_not_published_is_left_out(self, study):
        table = study.verdict({"sharing": Found(0.9, 0.8, 1.0, True), "other": None, "odd": None})
        assert table[["quantity", "ours", "agrees"]].to_numpy().tolist() == [
            ["accuracy", 0.9, "yes"]
        ]
        assert study.verdict({"sharing": None}).empty


class TestPanels:
    ROWS = pd.DataFrame(
        {
            "condition": ["tied", "untied"] * 3,
            "split": ["id", "id", "oo", "oo", "oi", "oi"],
            "replacement": ["a", "b"] * 3,
            "mean": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
            "low": 0.0, "high": 1.0, "seed_0": 0.5, "guess": 0.25,
        }
    )  # fmt: skip

    def test_each_has_its_share_of_the_rows(self):
        shown = panels.panels_of(self.ROWS, {"oo": "neither", "id": "both"}, "split")
        assert {title: its["mean"].tolist() for title, its in shown.items()} == {
            "neither": [0.3, 0.4],
            "both": [0.1, 0.2],
        }
        (its,) = panels.panels_of(
            self.ROWS, {("oo", "b"): "one"}, ("split", "replacement")
        ).values()
        assert its["mean"].tolist() == [0.4]

    def test_rows_controls_and_marks_are_where_they_belong(self):
        shown = panels.panels_of(self.ROWS, ["id", "oo", "oi"], "split")
        of = styles(TOLD["conditions"]), TOLD["labels"]
        figure = panels.draw_rows(
            shown, *of, "accuracy", controls={"guess": "|"}, marked={"oo": 0.125}, n_lines=2
        )
        drawn = [axis for axis in figure.axes if axis.get_visible()]
        assert [axis.get_title() for axis in drawn] == ["id", "oo", "oi"]
        assert figure.get_supxlabel() == "accuracy"
        for axis, means in zip(drawn, ([0.1, 0.2], [0.3, 0.4], [0.5, 0.6]), strict=True):
            points = {
                float(line.get_xdata()[0]) for line in axis.lines if len(line.get_xdata()) == 1
            }
            assert {*means, 0.25} <= points
        marks = [[0.125, 0.125] in [list(li.get_xdata()) for li in axis.lines] for axis in drawn]
        assert marks == [False, True, False]

    def test_curves_of_a_null_are_grey_means(self):
        rows = pd.DataFrame(
            {"condition": "tied", "split": "id", "step": [0, 10], "mean": [0.0, 0.5], "low": 0.0,
             "high": 1.0, "seed_0": [0.0, 0.5]}
        )  # fmt: skip
        null = rows.assign(mean=[0.1, 0.125])
        figure = panels.draw_curves(
            {"id": rows}, styles(["tied"]), {"tied": "tied"}, "accuracy", nulls={"id": null},
            from_step=5,
        )  # fmt: skip
        (axis,) = figure.axes
        drawn = [list(line.get_ydata()) for line in axis.lines]
        assert [0.0, 0.5] in drawn
        assert [0.1, 0.125] in drawn
        assert [5, 5] in [list(line.get_xdata()) for line in axis.lines]
        assert axis.get_ylim() == (-0.03, 1.03)
