"""Means as summaries have them, and as the paper's text asks for them."""

from __future__ import annotations

import math

import pytest

from onset.latex.means_asked import means_asked_for
from onset.statistics.means import Means, UnknownMeanError
from onset.store.records import DamagedFileError
from tests.files import put_on_record

COLUMNS = "condition,split,measure,kind,digits,n_seeds,mean,low,high"
ROWS = """\
tied,ood,accuracy,share,2,3,0.975,0.951,1
tied,ood,rank.layer_1,rank,1,3,12.25,1,25.5
tied,id,accuracy,share,2,1,0.5,,
tied,,margin,logits,3,2,-1.23456,-2,-0.00049
untied,ood,accuracy,share,2,3,,,
untied,ood,steps_taken,steps,0,3,1234.5,1000,1469
"""


@pytest.fixture
def summary(tmp_path):
    path = tmp_path / "summary.csv"

    def written(rows: str = ROWS, columns: str = COLUMNS):
        path.write_text(f"{columns}\n{rows}")
        put_on_record(tmp_path)
        return path

    return written


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tied/ood/accuracy", "0.97 [0.95, 1.00]"),
        ("tied/ood/rank.layer_1", "12.2 [1.0, 25.5]"),
        ("tied/id/accuracy", "0.50"),
        ("tied//margin", "−1.235 [−2.000, 0.000]"),
        ("untied/ood/accuracy", "undefined"),
        ("untied/ood/steps_taken", "1234 [1000, 1469]"),
    ],
)
def test_a_mean_is_said_in_its_quantitys_digits(summary, name, said):
    assert Means.of_summary(summary())[name].in_words == said


def test_it_is_all_that_the_row_says(summary):
    mean = Means.of_summary(summary())["tied/id/accuracy"]
    assert mean[:7] == ("tied", "id", "accuracy", "share", 2, 1, 0.5)
    assert math.isnan(mean.low)
    assert math.isnan(mean.high)
    assert mean.name == "tied/id/accuracy"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("teid/ood/accuracy", "no condition 'teid'; the nearest: tied, untied"),
        ("tied/odo/accuracy", "accuracy isn't of the split 'odo'; the nearest: ood"),
        ("tied//accuracy", "accuracy isn't of the split '(none)'; the nearest: ood, id"),
        ("tied/ood/rank.layer_2", "no quantity 'rank.layer_2'; the nearest: rank.layer_1"),
        ("tied/ood/xyz", "no quantity 'xyz'; the nearest: accuracy, rank.layer_1"),
        ("nothing", "no condition 'nothing'; the nearest: tied, untied"),
    ],
)
def test_of_an_unknown_name_it_says_which_part_is_not_there(summary, name, says):
    with pytest.raises(UnknownMeanError) as refused:
        Means.of_summary(summary())[name]
    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ("tied,ood,accuracy,3,0.9,0.8,1\n", "condition,split,measure,n_seeds,mean,low,high"),
        ("tied,ood,accuracy,share,2,3,a lot,,\n", COLUMNS),
        ("tied,ood,accuracy,share,999999999,3,0.5,,\n", COLUMNS),
        ("tied,ood,accuracy\n", COLUMNS),
        (r"tied,ood,accuracy,share,2,3,\input{x},," + "\n", COLUMNS),
    ],
)
def test_a_summary_that_is_none_is_told_by_its_file(summary, rows, columns):
    with pytest.raises(DamagedFileError, match=r"summary\.csv: no summary of this version"):
        Means.of_summary(summary(rows, columns))


class TestAskedFor:
    def asked(self, text: str):
        return [
            (its.study, its.name, its.line) for its in means_asked_for({"a.tex": text.encode()})
        ]

    def test_wherever_they_stand_with_their_lines(self):
        text = (
            "In \\onsetmean{alias}{tied}{ood}{new_name_accuracy} of cases\n\n"
            "and \\emph{\\onsetmean{alias}{tied}{}\n{margin.layer_1}}, \\onsetmean%\n{a} {b} {c} {d}"
        )
        assert self.asked(text) == [
            ("alias", "tied/ood/new_name_accuracy", 1),
            ("alias", "tied//margin.layer_1", 3),
            ("a", "b/c/d", 4),
        ]

    def test_not_in_comments_nor_where_tex_puts_the_name_together(self):
        mean = "\\onsetmean{a}{b}{c}{d}"
        assert self.asked(f"% {mean}\n\\\\% {mean}\n\\onsetmean{{#1}}{{\\x}}{{c}}{{d}}") == []
        assert self.asked(f"95\\,\\% {mean}") == [("a", "b/c/d", 1)]
        assert self.asked("\\onsetmeans{a}{b}{c}{d}") == []

    def test_whether_there_is_one_is_asked_apart(self):
        text = "\\onsetifmean{a}{b}{c}{d}{\\onsetmean{a}{b}{c}{d}}{none}"
        found = list(means_asked_for({"a.tex": text.encode()}))
        assert [(its.name, its.whether) for its in found] == [("b/c/d", True), ("b/c/d", False)]

    def test_in_texts_alone(self):
        mean = b"\\onsetmean{a}{b}{c}{d}"
        found = means_asked_for({"x.pdf": b"\xff" + mean, "b/x.tex": b"\xff" + mean})
        assert [its.place for its in found] == ["b/x.tex:1"]
