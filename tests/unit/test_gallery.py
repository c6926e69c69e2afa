"""What the gallery's pages are made of."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from onset.gallery.answer import UnknownNumberError, filled
from onset.gallery.captions import caption_of
from onset.gallery.comparisons import comparisons_of
from onset.gallery.curves import learning_curves
from onset.gallery.maths import with_equations
from onset.gallery.means import label_of, one_by_one, side_by_side
from onset.gallery.study import study_page
from onset.gallery.tables import read_table, short
from onset.stages.command import StageError
from onset.stages.gallery import _answered
from onset.statistics.means import Mean, Means
from onset.statistics.quantities import Quantity
from tests.cards import STUDY
from tests.files import put_on_record


def mean(
    condition: str, split: str, quantity: str, *numbers: float, kind: str = "share", digits: int = 2
) -> Mean:
    mean, low, high = [*numbers, math.nan, math.nan][:3]
    return Mean(condition, split, quantity, kind, digits, 3, mean, low, high)


class TestAnswer:
    MEANS = Means({"one/id/accuracy": mean("one", "id", "accuracy", 0.975, 0.961, 0.989)})

    def test_numbers_stand_in_their_places(self):
        numbers = {"one/id": "0.98 [0.96, 0.99]", "share": r"30\,\%"}
        said = filled("It is {one/id}, of {share}.", numbers, Means())
        assert said == "It is 0.98 [0.96, 0.99], of 30\u202f%."
        assert filled("{a}", {"a": r"x\_1 \& \$5 \{y\}"}, Means()) == "x_1 & $5 {y}"

    def test_a_number_that_nobody_saved_is_named(self):
        with pytest.raises(UnknownNumberError, match=r"'two/id': no number .*the nearest: one/id"):
            filled("It is {two/id}.", {"one/id": "1"}, Means())

    def test_means_come_from_the_summary_also_where_a_notebook_says_otherwise(self):
        said = filled("In {one/id/accuracy}.", {"one/id/accuracy": "0.3"}, self.MEANS)
        assert said == "In 0.97 [0.96, 0.99]."

    def test_what_of_its_claims_is_not_so_is_told_with_it(self, tmp_path):
        (tmp_path / "numbers.json").write_text('{"share": "0.3"}')
        put_on_record(tmp_path)
        told = {"name": "alias", "answer": "In {share}.", "holds": ["share < 1", "share > 0.5"]}
        study = _answered(tmp_path, told, self.MEANS)
        assert study["answer"] == "In 0.3."
        assert study["broken"] == ["share > 0.5 (found: 0.3 > 0.5)"]
        with pytest.raises(StageError, match="alias has no number 'shares'"):
            _answered(tmp_path, told | {"holds": ["shares > 0"]}, self.MEANS)

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("on/id/accuracy", "no condition 'on'; the nearest: one"),
            ("one/di/accuracy", "accuracy isn't of the split 'di'; the nearest: id"),
            ("one//accuracy", r"accuracy isn't of the split '\(none\)'; the nearest: id"),
            ("one/id/acuracy", "no quantity 'acuracy'; the nearest: accuracy"),
        ],
    )
    def test_of_a_mean_that_is_not_there_it_says_which_part(self, name, says):
        with pytest.raises(UnknownNumberError, match=says):
            filled(f"In {{{name}}}.", {}, self.MEANS)


class TestComparisons:
    def test_a_table_of_what_is_found_of_whom(self):
        look = {"name": "look", "module": "same_heads", "for_each": "run", "beside": "deep",
                "checkpoints": 3}  # fmt: skip
        called = ("plain", "look:plain:deep", "other:plain", "look:plain:study:one")
        numbers = ("test", "share.layer_1", "share", 2, 2, 0.5, 0.4, 0.6)
        means = [Mean(name, *numbers) for name in called]
        quantities = {"share": Quantity("share", "share", "what is shared", 2)}
        (found,) = comparisons_of({**STUDY, "comparisons": [look]}, means, quantities)
        assert found["name"] == "look"
        assert found["said"] == "same heads: each run beside deep, 3 checkpoints"
        whom = [row[0] for row in found["rows"]]
        assert whom == ["as it is beside deeper", "as it is beside study:one"]
        said = ["what is shared, layer 1", "test", "2", "0.50 [0.40, 0.60]"]
        assert found["rows"][0][1:-1] == said
        assert found["rows"][0][-1] == "look:plain:deep/test/share.layer_1"

    def test_a_study_without_any(self):
        assert comparisons_of(STUDY, [], {}) == []


class TestPublished:
    """What others report, on a study's page."""

    HEAD = "quantity,published,source,set_up,value,border,ours,low,high,agrees"
    ROWS = (
        "one,.9,A & B,same,0.9,within 0.1,0.95,0.94,0.96,yes",
        "two,50,C,other,50,factor 1.5,1000,900,1100,no",
        "three,yes,D,nearly,,above 0.5,0.5,,,undecided",
    )

    def page(self, folder) -> str:
        (folder / "reference.csv").write_text("\n".join([self.HEAD, *self.ROWS]) + "\n")
        put_on_record(folder)
        parts = ("conditions", "figures", "tables", "comparisons")
        study = {**STUDY, **{key: [] for key in parts}, "has_reference": True}
        return study_page(folder, study, Means(), {})

    def test_ours_stands_beside_it_and_what_disagrees_comes_first(self, tmp_path):
        table = self.page(tmp_path).partition('<table class="numbers compared">')[2]
        cells = re.findall(r"<td>(.*?)</td>", table.partition("</table>")[0])
        assert cells[:7] == ["two", "50", "1,000 [900, 1,100]", "factor 1.5", "no", "other", "C"]
        assert cells[7::7] == ["three", "one"]
        assert cells[-1] == "A &amp; B"

    def test_numbers_alone_are_counted(self, tmp_path):
        said = " ".join(self.page(tmp_path).split())
        assert (
            "Of 2 published numbers, ours agree with 1 and differ from 1; 0 are undecided" in said
        )


class TestAskTheModel:
    """Where a study's page leads to what its models look at."""

    def page(self, folder, *has_heads: bool) -> str:
        conditions = [
            {"name": f"c{i}", "label": f"the {i}th", "seeds": [3, 4], "has_heads": its,
             "differences": {}}
            for i, its in enumerate(has_heads)
        ]  # fmt: skip
        parts = {key: [] for key in ("figures", "tables", "comparisons")}
        study = {**STUDY, **parts, "conditions": conditions, "has_reference": False}
        return study_page(folder, study, Means(), {})

    def test_it_leads_to_conditions_whose_models_have_heads(self, tmp_path):
        page = self.page(tmp_path, False, True, True)
        led = re.findall(r'href="(c\d)/index.html#looking-inside"', page)
        assert led == ["c1", "c2"]
        assert 'run = open_run("first", "c1", seed=3)' in page

    def test_of_many_conditions_the_first(self, tmp_path):
        page = self.page(tmp_path, *[True] * 30)
        assert 1 < page.count("#looking-inside") < 30
        assert "other conditions below" in page

    def test_without_heads_there_is_nothing_to_be_asked(self, tmp_path):
        assert "Ask the model" not in self.page(tmp_path, False)


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


class TestMeans:
    QUANTITIES = {
        "accuracy": Quantity("accuracy", "share", "accuracy", 2),
        "rank": Quantity("rank", "rank", "rank of the bridge", 1),
    }
    MEANS = [
        mean("plain", "near", "accuracy", 0.975, 0.951, 0.999),
        mean("plain", "far", "accuracy", 0.5),
        mean("plain", "near", "rank.layer_1", -1.25, digits=1),
        mean("plain", "", "rank", 3.0, digits=1),
    ]

    def test_what_every_split_has_is_side_by_side(self):
        assert side_by_side(self.MEANS, self.QUANTITIES) == {
            "columns": ["split", "accuracy"],
            "rows": [["near", "0.97 [0.95, 1.00]"], ["far", "0.50"]],
        }
        assert side_by_side(self.MEANS[3:], self.QUANTITIES)["rows"] == []

    def test_all_are_there_one_by_one_by_the_name_that_texts_use(self):
        rows = one_by_one(self.MEANS, self.QUANTITIES)["rows"]
        assert rows[2:] == [
            ["rank of the bridge, layer 1", "near", "−1.2", "plain/near/rank.layer_1"],
            ["rank of the bridge", "", "3.0", "plain//rank"],
        ]
        assert label_of("rank.layer_1.head_2", self.QUANTITIES).endswith(", layer 1, head 2")


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (None, "It rises."),
        ([3], "It rises. n = 3 seeds."),
        ([3, 10], "It rises. n = 3 to 10 seeds."),
    ],
)
def test_a_caption_says_how_many_seeds_the_figure_is_over(tmp_path, numbers, said):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/main.json").write_text(json.dumps({"n_seeds": numbers}))
    put_on_record(tmp_path)
    assert caption_of(tmp_path, {"name": "main", "caption": "It rises."}) == said


class TestCurves:
    QUANTITIES = {
        "accuracy": Quantity("accuracy", "share", "accuracy", 2),
        "loss": Quantity("loss", "nats", "loss (nats)", 2),
        "margin": Quantity("margin", "logits", "lead (nats)", 2),
    }
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
        drawn = learning_curves([self.log, self.log], [measures, measures], self.QUANTITIES)
        assert {"training loss", "training step"} <= self.text(drawn.training)
        assert {"accuracy", "training step"} <= self.text(drawn.splits)
        assert list(drawn.key) == ["near", "far"]

    def test_many_seeds_are_shades(self):
        measures = self.measures.assign(measure="accuracy")
        few, many = (
            learning_curves([self.log] * n, [measures] * n, self.QUANTITIES) for n in (3, 100)
        )
        assert len(many.training + many.splits) < 2 * len(few.training + few.splits)

    def test_loss_where_there_is_no_accuracy_and_no_split(self):
        measures = self.measures.assign(measure="loss", split=None, value=[2.0, 1.0, 4.0, 3.0])
        drawn = learning_curves([self.log], [measures], self.QUANTITIES)
        assert "loss (nats)" in self.text(drawn.splits)
        assert list(drawn.key) == ["all"]

    def test_what_comes_first_where_there_is_neither(self):
        measures = self.measures.assign(measure="margin")
        drawn = learning_curves([self.log], [measures], self.QUANTITIES)
        assert "lead (nats)" in self.text(drawn.splits)

    def test_the_same_curves_give_the_same_bytes_and_take_the_colour_of_the_page(self):
        measures = self.measures.assign(measure="accuracy")
        drawn = learning_curves([self.log], [measures], self.QUANTITIES)
        assert drawn == learning_curves([self.log], [measures], self.QUANTITIES)
        assert "currentColor" in drawn.training
        assert "#000000" not in drawn.training + drawn.splits

    def test_one_checkpoint_is_no_curve(self):
        measures = self.measures.assign(measure="accuracy").query("step == 0")
        assert learning_curves([self.log.head(0)], [measures], self.QUANTITIES) is None

    def test_a_long_log_is_thinned(self):
        measures = self.measures.assign(measure="accuracy")
        drawn = learning_curves([self.log], [measures], self.QUANTITIES)
        assert len(drawn.training) < 40_000
