"""What pages say beside descriptions: nulls that are as clean, what facts are, where else to look."""

from __future__ import annotations

import jinja2
import pandas as pd
import pytest

from onset.collections.neurons.chance import as_clean
from onset.collections.neurons.printed.meanings import meanings_of
from onset.collections.neurons.printed.words import Context, contexts, number, percent, short, steps
from onset.gallery import render


class TestChance:
    NULLS = pd.DataFrame(
        {
            "study": "one", "condition": "a", "seed": 0, "layer": [0, 0, 0, 0, 1],
            "null": ["random"] * 5, "cleanliness": [0.1, 0.5, 0.3, 0.5, 1.0],
        }
    )  # fmt: skip

    def test_the_share_of_a_null_that_is_as_clean(self):
        its = pd.DataFrame(
            {
                "study": "one",
                "condition": "a",
                "seed": 0,
                "layer": 0,
                "cleanliness": [0.5, 0.51, 0, 0.2],
            },
            index=[7, 8, 9, 10],
        )
        found = as_clean(its, self.NULLS)
        assert found["random"].tolist() == [0.5, 0, 1, 0.75]
        assert found.index.tolist() == [7, 8, 9, 10]
        assert found["untrained"].isna().all()  # there is no such null
        assert as_clean(its.assign(layer=1), self.NULLS)["random"].tolist() == [1, 1, 1, 1]

    def test_what_facts_are(self):
        of_study = {"topic": "what it is about"}
        facts = ["2 before", "next topic", "1 before", "token", "bridge"]
        assert meanings_of(facts, of_study) == {
            "2 before": "the token 2 places before",
            "next topic": "of the token that comes next: what it is about",
            "1 before": "the token before",
            "token": "the token at the place",
        }  # nobody says what a bridge is
        assert meanings_of(["next bridge"], of_study) == {}


class TestWords:
    def test_numbers(self):
        assert (number(-0.034), number(None), number(float("nan")), number(-0.001)) == (
            "−0.03",
            "",
            "",
            "0.00",
        )
        assert (short(-1234.5), short(float("nan"))) == ("−1.23e+03", "")
        assert (percent(0.124), percent(0.0), percent(float("nan"))) == ("12 %", "0 %", "")
        assert (steps(500, 1600), steps(0, float("inf"))) == ("500–1,600", "")

    def test_contexts_come_apart(self):
        assert contexts("-3.2\te3 «r1» r2\n1\t«x»") == [
            Context("−3.2", "e3 ", "r1", " r2"), Context("1", "", "x", ""),
        ]  # fmt: skip
        assert contexts(None) == contexts("") == []


class TestLinks:
    """Of pages of a study, its conditions and its figures, to collections with pages of their own."""

    STUDY = {
        "name": "stories",
        "collections": [
            {"name": "neurons", "title": "The library", "page": "list", "conditions": ["one_layer"]}
        ],
    }

    @pytest.fixture
    def leading(self):
        source = '{% from "collections.html" import leading %}{{ leading(study, up, condition) }}'
        loader = jinja2.FileSystemLoader(f"{render.__file__.removesuffix('render.py')}templates")
        return jinja2.Environment(loader=loader, autoescape=True).from_string(source).render

    def test_a_study_leads_to_all_that_is_its_own(self, leading):
        text = leading(study=self.STUDY, up="../", condition=None)
        assert 'href="../neurons/pages/list.html#study=stories"' in text

    def test_a_condition_leads_to_its_models_if_there_are_any(self, leading):
        its = {"name": "one_layer", "label": "one layer, ReLU & more"}
        text = leading(study=self.STUDY, up="../../", condition=its)
        assert "#study=stories&amp;condition=one%20layer%2C%20ReLU%20%26%20more" in text
        assert "href" not in leading(
            study=self.STUDY, up="../../", condition={"name": "by_hand", "label": "by hand"}
        )

    def test_without_collections_there_is_nothing(self, leading):
        assert leading(study={"name": "stories"}, up="", condition=None).strip() == ""
