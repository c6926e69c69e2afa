"""The paper's tables of settings, conditions and published values say what they are given."""

from __future__ import annotations

import re

import pytest

from onset.latex.conditions import conditions_table
from onset.latex.published import published_numbers, published_table
from onset.latex.settings import settings_tables
from onset.latex.settings_in_words import as_written, in_words, key_in_words
from onset.latex.text import breakable, longtable


def study(name: str, steps: int = 100, family: str = "transformer", **model) -> dict:
    base = {
        "task": {"name": "composition", "n_entities": 20},
        "model": {"name": family, "n_layers": 1, "d_model": 64, **model},
        "training": {"steps": steps, "betas": [0.9, 0.98], "mixture": {"atomic": 1.0}},
        "checkpoints": {"schedule": "log", "steps": None},
        "measures": {"names": ["prediction"]},
        "analyses": {"names": [], "splits": [], "checkpoints": 1},
    }
    return {"name": name, "title": name.title(), "base": base}


def row(text: str, start: str) -> list[str]:
    """The cells of the row that begins with some text."""
    (found,) = (line for line in text.splitlines() if line.startswith(f"{start} & "))
    return [cell.strip() for cell in found.removesuffix(r"\\").split("&")]


@pytest.mark.parametrize(
    ("value", "written", "words"),
    [
        (None, "null", "–"),
        (True, "true", "yes"),
        (1e-5, "1e-05", "1e-05"),
        (1.5e-3, "0.0015", "0.0015"),
        ([0.9, 0.98], "[0.9, 0.98]", "0.9, 0.98"),
        ([], "[]", "–"),
        ({"a": 0.5, "b": [1, 2]}, "{a: 0.5, b: [1, 2]}", "a 0.5, b 1, 2"),
        ("per_hop", "per_hop", "per_hop"),
    ],
)
def test_values(value, written, words):
    assert as_written(value) == written
    assert in_words(value) == words


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("n_layers", "layers"),
        ("learning_rate", "learning rate"),
        ("d_mlp", r"$d_{\mathrm{mlp}}$"),
        ("p", "p"),
    ],
)
def test_keys(key, said):
    assert key_in_words(key) == said


def test_only_long_words_may_break():
    assert breakable("task.n_bases: 50") == r"task.n\_bases: 50"
    assert breakable("weight_decay_1p0__decay_fraction_0p9").count(r"\allowbreak{}") == 6


def test_a_long_table_repeats_its_head_and_fills_the_text():
    table = longtable({"a_b": 0.4, "c": 0.6}, [r"1 & 2 \\"], "What.", "tab:x")
    assert table.count(r"a\_b & c \\") == 2
    assert r"\label{tab:x}" in table
    widths = re.findall(r"([\d.]+)\\linewidth-([\d.]+)\\tabcolsep", table)
    assert widths == [("0.4", "0.8"), ("0.6", "1.2")]  # two gaps of one column, shared out


class TestSettings:
    def test_studies_stand_side_by_side_and_what_all_share_is_said_once(self):
        text = settings_tables([study("one", n_heads=4), study("two", steps=200, n_heads=8)])
        assert row(text, "heads") == ["heads", "4", "8"]
        assert row(text, "steps") == ["steps", "100", "200"]  # of the training, not of checkpoints
        assert "In all of them: layers 1; $d_{\\mathrm{model}}$ 64." in text
        assert text.count("0.9, 0.98") == 1

    def test_a_family_of_one_study_and_what_is_long_are_said_with_the_study(self):
        text = settings_tables([study("one"), study("two", family="dictionary")])
        own = text.partition("tab:settings:studies")[2]
        assert r"& model & \texttt{dictionary}: layers 1; $d_{\mathrm{model}}$ 64 \\" in own
        assert own.count(r"& mixture & atomic 1 \\") == 2
        assert own.count("world & \\texttt{composition}: entities 20") == 2

    def test_what_a_study_leaves_to_its_conditions_is_empty(self):
        one, two = study("one"), study("two", steps=7)
        del one["base"]["training"]["steps"]
        assert row(settings_tables([one, two]), "steps") == ["steps", "", "7"]

    def test_many_studies_are_in_several_tables(self):
        text = settings_tables([study(f"s{i}", steps=i) for i in range(30)])
        assert text.count("Training and checkpoints") == 3
        assert text.count(r"\label{tab:settings:training}") == 1
        assert text.count(r"\rotatebox") == 2 * 30


def test_conditions():
    conditions = [
        {
            "name": "deeper",
            "label": "three layers & more",
            "seeds": [0, 1, 2],
            "differences": {"model.n_layers": 3, "training.mixture": {"atomic": 1.0}},
            "parent": {"condition": "plain", "step": 5},
            "handmade": None,
            "interventions": [{"name": "removal", "what": "pair"}],
        },
        {
            "name": "written",
            "label": "written down",
            "seeds": [0],
            "differences": {},
            "parent": None,
            "handmade": {"name": "stories", "up_to": "topic"},
            "interventions": [],
        },
        {
            "name": "plain",
            "label": "plain",
            "seeds": [0],
            "differences": {},
            "parent": None,
            "handmade": None,
            "interventions": [],
        },
    ]
    text = conditions_table({"name": "tiny", "title": "A study", "conditions": conditions})
    assert r"three layers \& more\newline\texttt{deeper} & " in text
    said = re.findall(r"\\texttt\{(\S*:~.*?)\}(?=;$| &)", text, re.MULTILINE)
    assert said == [
        r"parent:~\{condition: plain, step: 5\}",
        r"model.n\_layers:~3",
        r"training.mixture:~\{atomic: 1\}",
        r"intervention:~\{name: removal, what: pair\}",
        r"handmade:~\{name: stories, up\_to: topic\}",
    ]
    assert "& as it stands & 0" in text
    assert r"\label{tab:conditions:tiny}" in text


class TestPublished:
    ROW = {
        **{"quantity": "steps", "published": "about 10,000", "source": "Somebody 2023"},
        **{"set_up": "same", "value": "10000", "border": "factor 1.5"},
    }

    def test_ours_stand_beside_them(self):
        found = {**self.ROW, "ours": "6317", "low": "-0.0123", "high": "1.486e+04", "agrees": "no"}
        text = published_table({"A study": [found]})
        assert r"\textbf{A study}" in text
        assert "steps & about 10,000 & Somebody 2023 & same & 6,317 [−0.0123, 14,860] & " in text
        assert r"14,860] & factor 1.5 & \textbf{no} \\" in text

    def test_one_seed_has_no_interval(self):
        found = {**self.ROW, "ours": "0.5", "low": "", "high": "", "agrees": "undecided"}
        assert "& 0.5 & factor 1.5 & undecided" in published_table({"A study": [found]})

    def test_what_disagrees_comes_first_in_every_study(self):
        found = [
            {
                **self.ROW,
                "quantity": f"{number} {said}",
                "agrees": said,
                "ours": "1",
                "low": "",
                "high": "",
            }
            for number, said in enumerate(("yes", "undecided", "no", "yes", "no"))
        ]
        text = published_table({"A study": found, "Another": found[:1]})
        order = re.findall(r"^(\d) \w+ &", text, re.MULTILINE)
        assert order == ["2", "4", "1", "0", "3", "0"]
        assert published_table({}) == ""

    def test_they_are_counted(self):
        said = {"yes": ("1", "nearly"), "no": ("", "same"), "undecided": ("2", "other")}
        rows = [
            {"agrees": its, "value": said[its][0], "set_up": said[its][1]}
            for its in ("yes", "no", "yes", "undecided")
        ]
        assert published_numbers({"one": rows[:1], "two": rows[1:]}) == {
            "n_published": "4",
            "n_published_yes": "2",
            "n_published_no": "1",
            "n_published_undecided": "1",
            "n_published_numeric": "3",
            "n_published_numeric_yes": "2",
            "n_published_numeric_no": "0",
            "n_published_numeric_undecided": "1",
            "n_published_close": "2",
            "n_published_close_yes": "2",
            "n_published_close_no": "0",
            "n_published_close_undecided": "0",
            "n_published_findings": "1",
            "n_published_findings_yes": "0",
            "n_published_findings_no": "1",
            "n_published_findings_undecided": "0",
        }
        alone = published_numbers({"one": [rows[1]]})
        assert not [name for name in alone if "numeric" in name or "close" in name]
        assert published_numbers({}) == {}
