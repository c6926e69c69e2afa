"""What the gallery's pages are made of."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from onset.gallery.answer import UnknownNumberError, filled
from onset.gallery.comparisons import comparisons_of
from onset.gallery.curves import learning_curves
from onset.gallery.front import card, front_page
from onset.gallery.maths import with_equations
from onset.gallery.tables import interval, read_table, rows_of, short
from tests.files import put_on_record

STUDY = {
    "name": "first",
    "title": "A study",
    "question": "Does it?",
    "answer": "It does.",
    "conditions": [
        {"name": "plain", "label": "as it is", "seeds": [0, 1], "differences": {}},
        {"name": "deep", "label": "deeper", "seeds": [0], "differences": {"model.n_layers": 3}},
    ],
    "figures": [{"name": "main", "caption": "What <b>it</b> does."}],
}


class TestAnswer:
    def test_numbers_stand_in_their_places(self):
        numbers = {"one/id": "0.98 [0.96, 0.99]", "share": r"30\,\%"}
        said = filled("It is {one/id}, of {share}.", numbers)
        assert said == "It is 0.98 [0.96, 0.99], of 30\u202f%."
        assert filled("{a}", {"a": r"x\_1 \& \$5 \{y\}"}) == "x_1 & $5 {y}"

    def test_a_number_that_nobody_saved_is_named(self):
        with pytest.raises(UnknownNumberError, match="'two/id'"):
            filled("It is {two/id}.", {"one/id": "1"})


class TestComparisons:
    def test_a_table_of_what_is_found_of_whom(self):
        look = {"name": "look", "module": "same_heads", "for_each": "run", "beside": "deep",
                "checkpoints": 3}  # fmt: skip
        numbers = {"split": "test", "measure": "share", "n_seeds": "2", "mean": "0.5", "low": "0.4",
                   "high": "0.6"}  # fmt: skip
        called = ("plain", "look/plain/deep", "other/plain", "look/plain/study/one")
        summary = [{"condition": name, **numbers} for name in called]
        (found,) = comparisons_of({**STUDY, "comparisons": [look]}, summary)
        assert found["name"] == "look"
        assert found["said"] == "same heads: each run beside deep, 3 checkpoints"
        assert [row[0] for row in found["rows"]] == [
            "as it is beside deeper",
            "as it is beside study/one",
        ]
        assert found["rows"][0][1:] == ["test", "share", "2", "0.5 [0.4, 0.6]"]

    def test_a_study_without_any(self):
        assert comparisons_of(STUDY, []) == []


class TestEquations:
    def test_they_become_mathml_and_the_rest_stays(self):
        said = with_equations("Where $a_i + b$ is, and `$x$` isn't.")
        before, _, rest = said.partition("<math")
        equation, _, after = rest.partition("</math>")
        assert (before, after) == ("Where ", " is, and `$x$` isn't.")
        tree = ET.fromstring(f"<math{equation}</math>")
        assert [its.text for its in tree.iter() if its.text] == ["a", "i", "+", "b"]

    def test_on_lines_of_their_own(self):
        said = with_equations("So\n$$\nx =\ny\n$$\nholds.")
        assert 'display="block"' in said
        assert said.count("\n") == 2  # a line break in it would end the paragraph

    @pytest.mark.parametrize("text", ["5 $ and 6 $ more", "```\na $b$ c\n```", "no equation"])
    def test_what_is_none_is_left_alone(self, text):
        assert with_equations(text) == text


class TestTables:
    @pytest.mark.parametrize(
        ("cell", "shown"),
        [
            ("0.97712345", "0.977"),
            ("12", "12"),
            ("1.5e-10000", "0"),
            ("longer name", "longer name"),
        ],
    )
    def test_long_numbers_are_short(self, cell, shown):
        assert short(cell) == shown

    def test_so_many_rows_of_how_many(self, tmp_path):
        (tmp_path / "data.csv").write_text("a,b\n1,2\n3,4\n5,6\n")
        put_on_record(tmp_path)
        read = read_table(tmp_path / "data.csv", most=2)
        assert read == {"columns": ["a", "b"], "rows": [["1", "2"], ["3", "4"]], "n_rows": 3}
        rows = [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}, {"a": "5", "b": "6"}]
        assert list(rows_of(tmp_path / "data.csv")) == rows

    def test_an_interval_where_there_is_one(self):
        assert interval({"mean": "0.5", "low": "0.25", "high": "0.75"}) == "0.5 [0.25, 0.75]"
        assert interval({"mean": "0.5", "low": "", "high": ""}) == "0.5"


class TestFrontPage:
    def test_a_card_counts_runs_and_is_found_by_what_differs(self):
        its = card(STUDY)
        assert (its["n_conditions"], its["n_runs"], its["n_figures"]) == (2, 3, 1)
        found = [entry["address"] for entry in its["entries"] if "n_layers" in entry["words"]]
        assert found == ["first/deep/index.html"]

    def test_names_are_text_and_not_markup(self):
        page = front_page([card(STUDY)], paper=False)
        assert "<b>it</b>" not in page
        assert "&lt;b&gt;it&lt;/b&gt;" in page
        assert "paper.pdf" not in page
        assert "paper.pdf" in front_page([card(STUDY)], paper=True)


class TestCurves:
    log = pd.DataFrame({"step": range(1000), "loss": [1 / (1 + i) for i in range(1000)]})
    measures = pd.DataFrame(
        {"step": [0, 9, 0, 9], "split": ["near", "near", "far", "far"], "value": [0, 1, 0, 0.5]}
    )

    def text(self, svg: str) -> set[str]:
        return {
            its.text.strip() for its in ET.fromstring(svg).iter() if its.text and its.text.strip()
        }

    def test_accuracy_by_split(self):
        measures = self.measures.assign(measure="accuracy")
        drawn = learning_curves([self.log, self.log], [measures, measures])
        assert {"training loss", "training step"} <= self.text(drawn.training)
        assert {"accuracy", "training step"} <= self.text(drawn.splits)
        assert list(drawn.key) == ["near", "far"]

    def test_loss_where_there_is_no_accuracy_and_no_split(self):
        measures = self.measures.assign(measure="loss", split=None, value=[2.0, 1.0, 4.0, 3.0])
        drawn = learning_curves([self.log], [measures])
        assert "loss" in self.text(drawn.splits)
        assert list(drawn.key) == ["all"]

    def test_the_same_curves_give_the_same_bytes_and_take_the_colour_of_the_page(self):
        measures = self.measures.assign(measure="accuracy")
        drawn = learning_curves([self.log], [measures])
        assert drawn == learning_curves([self.log], [measures])
        assert "currentColor" in drawn.training
        assert "#000000" not in drawn.training + drawn.splits

    def test_a_long_log_is_thinned(self):
        drawn = learning_curves([self.log], [self.measures.assign(measure="accuracy")])
        assert len(drawn.training) < 40_000
