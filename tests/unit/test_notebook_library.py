"""What notebooks call: rows, numbers, tables, verdicts and panels with answers known by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from onset.config.published import PublishedSettings
from onset.figures import panels
from onset.figures.alignment import draw_alignment
from onset.figures.page import MOST_PANELS
from onset.figures.points import draw_points
from onset.figures.style import styles
from onset.notebook import say
from onset.notebook.choices import chances
from onset.notebook.here import MeanOf, Predicted, here
from onset.notebook.predictions import failures, means_near, predictions_cells
from onset.notebook.study import NotebookStudy
from onset.notebook.summary_table import summary_cells
from onset.statistics.means import Mean, Means
from onset.statistics.rows import complete, named_parts, rows_of, where
from onset.statistics.seeds import Summary
from tests.files import put_on_record

PUBLISHED = PublishedSettings(quantity="accuracy", published="1", source="somebody", above=0.5)
TOLD = {
    "conditions": ["tied", "untied"],
    "labels": {"tied": "tied embeddings", "untied": "untied"},
    "seeds": [0, 1],
    "extra_seeds": {"untied": [7]},
    "compared": [],
    "analysed": ["tied"],
    "reference": {"sharing": PUBLISHED.told},
    "smoke": False,
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

    def test_conditions_that_are_not_there_are_left_out(self, study):
        assert study.there("untied", "not there") == ["untied"]
        assert list(study.styles_of(["not there", "tied"])) == ["tied"]
        assert study.n_runs.to_dict() == {"tied": 2, "untied": 3}
        assert [(run.condition, run.seed) for run in study.runs_of(["untied"])] == [
            ("untied", 0), ("untied", 1),
        ]  # fmt: skip

    def test_conditions_by_their_settings(self, study):
        removal = {"name": "removal", "before_step": 50}
        told = {
            "tied": {"model": {"d": 8}, "training": {"steps": 100}, "interventions": []},
            "untied": {"model": {"d": 8}, "training": {"steps": None}, "interventions": [removal]},
        }
        object.__setattr__(study, "settings", told)
        assert study.setting_of_all("training.steps") == {"tied": 100, "untied": None}
        assert study.having("training.steps") == ["tied"]
        assert study.alike("tied", "model") == ["untied"]
        assert study.alike("tied", "model", "training") == []
        assert study.operated_at == {"untied": 50}
        said = study.settings_of(["tied"], "training.steps", "model.d")
        assert said.values.tolist() == [["tied", "steps", "100"], ["tied", "d", "8"]]

    def test_a_style_is_the_same_whichever_conditions_are_drawn(self, study):
        assert study.styles_of(["untied"])["untied"] == styles(study.conditions)["untied"]


class TestVariants:
    @pytest.fixture
    def study(self, tmp_path) -> NotebookStudy:
        path = tmp_path / "alias/settings/notebook.json"
        path.parent.mkdir(parents=True)
        labels = {**TOLD["labels"], "slow": "tied: slow", "long": "untied: long"}
        told = {
            **TOLD,
            "conditions": ["tied", "untied", "slow", "long"],
            "variants": {"long": "untied", "slow": "tied"},
            "analysed": ["tied", "slow"],
            "labels": labels,
        }
        path.write_text(json.dumps(told))
        return here("alias", tmp_path)

    def test_no_row_and_no_figure_has_them(self, study):
        assert study.conditions == ("tied", "untied")
        assert study.analysed == ("tied",)
        assert {run.condition for run in study.runs} == {"tied", "untied"}
        assert list(study.styles) == ["tied", "untied"]

    def test_they_can_be_asked_for(self, study):
        assert study.variants_of(["tied"]) == ["slow"]
        every = study.with_variants
        assert every.conditions == ("tied", "untied", "slow", "long")
        assert [(its.condition, its.seed) for its in every.runs][-2:] == [("long", 0), ("long", 1)]

    def test_what_is_made_comes_from_them_too(self, study):
        object.__setattr__(study.with_variants, "provenance", {"settings": {"slow": {}}})
        assert "slow" in study.provenance["settings"]

    def test_tables_of_means_have_them_below_the_others(self, study):
        path = study.folder / "summary.csv"
        rows = [f"{name},id,accuracy,share,2,2,0.{at},," for at, name in enumerate(study.labels, 1)]
        header = "condition,split,measure,kind,digits,n_seeds,mean,low,high"
        path.write_text("\n".join([header, *rows, ""]))
        put_on_record(study.folder)
        object.__setattr__(study, "provenance", {})
        columns = {"id": MeanOf("accuracy", "id")}
        of_all = study.summary_table("accuracy", columns)
        assert of_all.values.tolist() == [
            ["tied embeddings", "0.10"],
            ["untied", "0.20"],
            ["tied: slow", "0.30"],
            ["untied: long", "0.40"],
        ]
        of_one = study.summary_table("accuracy", columns, of=["untied"])
        assert of_one["condition"].tolist() == ["untied", "untied: long"]


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

    def test_parts_of_a_name(self):
        rows = pd.DataFrame({"split": ["hops2_seen", "atomic", "hops10_unseen", "hops2_seen_x"]})
        found = named_parts(rows, "split", r"hops(?P<hops>\d+)_(?P<kind>[a-z]+)")
        assert found.to_dict("index") == {
            0: {"split": "hops2_seen", "hops": 2, "kind": "seen"},
            2: {"split": "hops10_unseen", "hops": 10, "kind": "unseen"},
        }

    def test_what_conditions_were_run_with_stands_beside_their_rows(self, study):
        object.__setattr__(
            study, "settings", {"tied": {"model": {"d": 8}}, "untied": {"model": None}}
        )
        rows = pd.DataFrame({"condition": ["untied", "tied"]})
        found = study.with_settings(rows, width="model.d")["width"]
        assert found.tolist() == pytest.approx([np.nan, 8], nan_ok=True)

    def test_one_in_as_many_as_may_be_answered(self, study):
        asked = SimpleNamespace(
            candidates=np.arange(4), familiar=np.array([True, True, False, True])
        )
        world = SimpleNamespace(n_tokens=10, splits={"reversed": asked})
        object.__setattr__(run := study.run("tied", 0), "dataset", world)
        found = chances({"tied": run}, "reversed").set_index("measure")["chance"]
        assert found.to_dict() == {
            "accuracy": 0.1, "candidate_accuracy": 0.25, "withheld_accuracy": 1.0
        }  # fmt: skip

    def test_a_control_of_the_same_measure(self, study):
        ends = pd.DataFrame({"condition": "tied", "measure": ["accuracy", "rank"], "mean": [1, 2]})
        control = measured({("tied", 0, 5): 0.1}, "rank")
        found = study.with_controls(ends, ["condition", "measure"], null=control)
        assert found["null"].tolist() == pytest.approx([np.nan, 0.1], nan_ok=True)

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

    def test_what_a_column_holds(self):
        rows = pd.DataFrame({"step": [5], "chance": [0.0125]})
        assert say.named(rows, "at", say.column("step")) == {"at": "5"}
        assert say.named(rows, "chance", say.column("chance", digits=3)) == {"chance": "0.013"}

    def test_single_numbers(self):
        assert say.percent(0.25) == r"25\,\%"
        assert say.factor(1.234) == "1.23"
        assert say.factor(np.nan) == "not known"
        assert (say.most(pd.Series([0.1, 0.9])), say.least(pd.Series([0.1, 0.9]))) == (
            "0.90",
            "0.10",
        )
        # "at most" and "at least" hold of the number that is printed, too; what isn't rounded stays
        assert (say.most(pd.Series([0.1842])), say.least(pd.Series([0.1886]))) == ("0.19", "0.18")
        assert (say.most(pd.Series([0.07])), say.least(pd.Series([0.29]))) == ("0.07", "0.29")
        assert say.first(pd.DataFrame(columns=["mean", "low", "high"]), "not run") == "not run"

    def test_a_row_without_a_mean_is_another_word(self):
        rows = pd.DataFrame(
            {"mean": [0.1234, np.nan], "low": np.nan, "high": np.nan, "n": [3.0, 0]}
        )
        words = say.otherwise("none", say.rounded(3))
        assert [words(row) for row in rows.itertuples()] == ["0.123", "none"]
        assert [say.column("n", digits=0)(row) for row in rows.itertuples()] == ["3", "0"]


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
        differences = pd.DataFrame({"condition": ["untied"], "mean": 0.1, "low": 0, "high": 0.2})
        table = summary_cells(summary, {}, TOLD["labels"], {"difference": differences})
        assert table["difference"].tolist() == ["", "0.10 [0.00, 0.20]"]

    def test_means_that_were_said_to_be_near_an_end(self):
        means = pd.DataFrame(
            [("tied", "accuracy", 0.9), ("tied", "rank_a", 0.2), ("untied", "accuracy", 0.1)],
            columns=["condition", "measure", "mean"],
        )
        predicted = {
            1: {"tied": ["accuracy"], "elsewhere": ["accuracy"]},
            0: {"tied": ["rank_a"], "untied": ["accuracy"]},
        }
        outcome = means_near(means, predicted)
        assert outcome["predicted"].tolist() == ["near 1", "near 0", "near 0"]
        assert outcome["held"].tolist() == [True, False, True]
        assert failures(outcome, TOLD["labels"]) == "tied embeddings: rank a near 0, found 0.20"
        assert failures(outcome.iloc[:1], TOLD["labels"]) == "none"

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
    OURS = Summary(0.9, 0.85, 0.95)

    def test_what_is_not_published_is_named(self, study):
        with pytest.raises(ValueError, match=r"nothing published is called 'odd' .*: sharing\)"):
            study.verdict({"sharing": None, "odd": self.OURS})

    def test_what_was_not_run_is_left_out(self, study):
        assert study.verdict({"sharing": None}).empty
        assert study.verdict().empty

    @pytest.mark.parametrize(
        "ours",
        [
            OURS,
            pd.Series([0.9, 0.91, 0.89]),
            pd.DataFrame(
                {"seed": [0, 1, 2], "value": [0.9, 0.91, 0.89], "kind": "share", "n_examples": 1000}
            ),
        ],
    )
    def test_it_stands_beside_what_is_published(self, study, ours):
        (row,) = study.verdict({"sharing": ours}).to_dict("records")
        assert row["quantity"] == "accuracy"
        assert row["ours"] == pytest.approx(0.9)
        assert row["agrees"] == "yes"

    def test_a_mean_that_is_named_is_looked_up(self, study):
        mean = Mean("tied", "ood", "accuracy", "share", 2, 3, 0.9, 0.85, 0.95)
        told = study.reference["sharing"] | {"ours": mean.name}
        named = replace(study, reference={"sharing": told})
        vars(named)["_means"] = Means({mean.name: mean})
        (found,) = named.verdict().to_dict("records")
        assert (found["ours"], found["low"], found["agrees"]) == (0.9, 0.85, "yes")


class TestHolds:
    SUMMARY = (
        "condition,split,measure,kind,digits,n_seeds,mean,low,high\n"
        "tied,ood,accuracy,share,2,3,0.9,0.85,0.95\n"
    )

    @pytest.fixture
    def study(self, study):
        (study.folder / "summary.csv").write_text(self.SUMMARY)
        put_on_record(study.folder)
        return study

    def test_nothing_is_shown_while_it_is_so(self, study, capsys):
        study.save_numbers({"half": "617 [560, 690]"})
        study.holds("tied/ood/accuracy:low > 0.8", "half < 700")
        assert capsys.readouterr().out == ""

    def test_what_is_not_so_is_shown_with_its_numbers(self, study, capsys):
        study.holds("tied/ood/accuracy > 0.8", "tied/ood/accuracy:low > 0.9")
        assert capsys.readouterr().out == (
            "The text above doesn't hold with these settings: "
            "tied/ood/accuracy:low > 0.9 (found: 0.85 > 0.9)\n"
        )

    def test_a_number_is_known_from_when_on_it_is_saved(self, study, capsys):
        (study.folder / "numbers.json").write_text('{"half": "of an earlier call"}')
        study.holds("half < 700")
        said = "can't be checked with these settings: half < 700: alias has no number 'half'"
        assert said in capsys.readouterr().out

    def test_nothing_is_claimed_of_a_smoke_run(self, study, capsys):
        replace(study, smoke=True).holds("tied/ood/accuracy < 0")
        assert capsys.readouterr().out == ""


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

    def test_more_panels_than_a_page_has_room_for(self):
        rows = pd.DataFrame(
            {"condition": "tied", "step": [0, 10], "mean": 0.5, "low": 0.0, "high": 1.0,
             "seed_0": 0.5}
        )  # fmt: skip
        shown = {f"condition {n}": rows for n in range(MOST_PANELS + 5)}
        shown["nothing was measured"] = rows.iloc[:0]
        figure = panels.draw_curves(
            shown, styles(["tied"]), {"tied": "tied"}, "accuracy", n_across=3
        )
        drawn = [axis.get_title() for axis in figure.axes if axis.get_visible()]
        assert [title.replace("\n", " ") for title in drawn] == list(shown)[:MOST_PANELS]
        assert figure.get_suptitle().startswith(f"the first {MOST_PANELS} of {MOST_PANELS + 5}")

    def test_a_long_title_is_made_smaller_and_broken(self):
        long = "up to three hops, with positions that are learned"
        figure = panels.draw_rows(
            dict.fromkeys([long, *"abc"], self.ROWS.iloc[:2]), styles(TOLD["conditions"]),
            TOLD["labels"], "accuracy",
        )  # fmt: skip
        title = figure.axes[0].title
        assert title.get_fontsize() == 7
        assert max(map(len, title.get_text().split("\n"))) <= 19
        assert title.get_text().split() == long.split()


class TestPoints:
    ROWS = pd.DataFrame(
        {"condition": ["seen"] * 3 + ["unseen"] * 3, "hops": [1, 2, 4] * 2,
         "mean": [1.0, 0.8, 0.5, 1.0, 0.4, 0.2], "low": 0.0, "high": 1.0, "seed_0": 0.5,
         "guess": 0.125}
    )  # fmt: skip
    OF = styles(["seen", "unseen"]), {"seen": "seen", "unseen": "unseen"}

    def test_curves_references_and_what_lies_beyond(self):
        figure = draw_points(
            {"two": self.ROWS, "three": self.ROWS.iloc[3:]}, *self.OF, "hops", "accuracy",
            at="hops", reference="guess", beyond={"two": 2.5},
        )  # fmt: skip
        two, three = figure.axes
        lines = [list(line.get_ydata()) for line in two.lines]
        assert [1.0, 0.8, 0.5] in lines
        assert lines.count([0.125] * 3) == 2
        assert [list(line.get_ydata()) for line in three.lines].count([0.125] * 3) == 1
        assert list(two.get_xticks()) == [1, 2, 4]
        (grey,) = two.patches
        assert grey.get_x() == 2.5
        assert not three.patches

    def test_a_shared_axis_has_what_any_panel_has(self):
        first, last = self.ROWS[self.ROWS["hops"] == 1], self.ROWS[self.ROWS["hops"] == 4]
        figure = draw_points({"one": first, "four": last}, *self.OF, "hops", "accuracy", at="hops")
        for axis in figure.axes:
            low, high = axis.get_xlim()
            assert low < 1 < 4 < high
            assert list(axis.get_xticks()) == [1, 4]

    def test_points_that_nothing_orders_are_not_joined(self):
        figure = draw_points(
            {"both": self.ROWS}, *self.OF, "hops", "accuracy", at="hops", unjoined=["unseen"]
        )
        (axis,) = figure.axes
        lines = {tuple(its.get_ydata()): its.get_linestyle() for its in axis.lines}
        assert lines[1.0, 0.8, 0.5] != "None"
        assert lines[1.0, 0.4, 0.2] == "None"

    def test_each_column_has_its_own_axis(self):
        doses = self.ROWS.assign(hops=self.ROWS["hops"] / 10)
        figure = draw_points(
            {"hops": self.ROWS, "doses": doses}, *self.OF, ["hops", "dose"], "accuracy", at="hops"
        )
        assert [axis.get_xlabel() for axis in figure.axes] == ["hops", "dose"]
        assert list(figure.axes[1].get_xticks()) == pytest.approx([0.1, 0.2, 0.4])


def test_gradients_along_one_training_and_against_the_next():
    cosines = pd.DataFrame(
        [(measure, split, step, value, value, value, value)
         for measure, value in (("gradient_cosine", 0.5), ("gradient_cosine_null", 0.125))
         for split in ("one", "other") for step in (0, 10)],
        columns=["measure", "split", "step", "mean", "low", "high", "seed_0"],
    )  # fmt: skip
    points = pd.DataFrame(
        {"condition": ["tied", "tied", "untied"], "alignment": [0.1, 0.2, 0.3],
         "accuracy": [0.4, 0.6, -0.5]}
    )  # fmt: skip
    figure = draw_alignment(
        cosines, {"one": "ONE", "other": "OTHER"}, points, points.iloc[:2],
        styles(TOLD["conditions"]), TOLD["labels"], "n = 1 seed",
    )  # fmt: skip
    left, right = figure.axes
    dotted = [list(line.get_ydata()) for line in left.lines if line.get_linestyle() == ":"]
    assert dotted.count([0.125, 0.125]) == 2
    assert [list(line.get_xdata()) for line in right.lines[:2]] == [[0.1, 0.2], [0.3]]
    assert list(right.lines[2].get_ydata()) == [0.4, 0.6]
    assert right.get_ylim()[0] == pytest.approx(-0.55)


class TestNextTo:
    """Means of another study and its own."""

    SUMMARY = "condition,split,measure,kind,digits,n_seeds,mean,low,high\n"
    ROWS = {
        "loss": ("two_layers/repeats/loss", "tied/id/loss"),
        "lead": ("no/such/mean", "tied/id/lead"),
    }

    @pytest.fixture
    def folders(self, tmp_path):
        means = {
            "alias": "tied,id,loss,nats,2,3,1.5,1,2",
            "other": "two_layers,repeats,loss,nats,2,3,0.5,,",
        }
        for name, row in means.items():
            (tmp_path / name / "settings").mkdir(parents=True)
            (tmp_path / name / "summary.csv").write_text(f"{self.SUMMARY}{row}\n")
            put_on_record(tmp_path / name)
        return tmp_path

    def opened(self, folders, quoted: list[str]) -> NotebookStudy:
        told = {**TOLD, **({"quoted": quoted} if quoted else {})}
        (folders / "alias/settings/notebook.json").write_text(json.dumps(told))
        return here("alias", folders)

    def test_both_are_there_or_empty(self, folders):
        table = self.opened(folders, ["other"]).next_to("other", self.ROWS)
        assert table.to_dict("list") == {
            "finding": ["loss", "lead"], "other": ["0.50", ""], "alias": ["1.50 [1.00, 2.00]", ""],
        }  # fmt: skip

    def test_a_study_that_is_not_run_is_empty(self, folders):
        table = self.opened(folders, []).next_to("other", self.ROWS)
        assert table["other"].tolist() == ["", ""]
        assert table["alias"].tolist() == ["1.50 [1.00, 2.00]", ""]
