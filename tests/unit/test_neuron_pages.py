"""The neuron library as tables and pages: of a small model with two neurons of which all is known."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onset.collections.neurons import paged, pages
from onset.collections.neurons.combine import combine
from onset.collections.neurons.declared import best_of_each, words_of
from onset.collections.neurons.printed import drawing
from onset.collections.neurons.reading import Library, open_library
from onset.collections.neurons.summary import beyond, by_study, clean_of, percent
from tests import library

NEURON = "composition-one-0-0-0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return library.made(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def opened(folder) -> Library:
    return open_library(folder.parent)


class TestTables:
    def test_every_neuron_is_there_once_and_the_closest_have_pages(self, opened):
        assert opened.neurons["neuron"].tolist() == list(range(8))
        assert opened.neurons.loc[0, "page"] == NEURON
        closer = opened.rows("closer")
        assert set(closer["neuron"]) == set(opened.neurons.query("page != ''")["neuron"])
        assert {0, 1} <= set(closer["neuron"])

    def test_nulls_have_a_row_per_neuron(self, opened):
        counts = opened.nulls["null"].value_counts()
        assert counts.to_dict() == {"untrained": 8, "random": 8, "shuffled": 8}
        assert clean_of(opened.nulls, "shuffled") == 0

    def test_a_model_says_how_many_are_clean_and_what_they_cost(self, opened):
        (its,) = opened.models.to_dict("records")
        clean = opened.neurons["cleanliness"] >= 0.7
        cost = opened.neurons["added"].clip(lower=0)
        assert (its["n_neurons"], its["n_clean"]) == (8, clean.sum())
        assert its["clean"] == clean.mean()
        assert its["cost_of_clean"] == pytest.approx(cost[clean].sum() / cost.sum())
        assert its["clean_shuffled"] == 0
        judged = opened.neurons[clean].dropna(subset="sharpness")
        assert its["n_judged"] == len(judged) >= 2
        assert its["sharper"] == (judged["sharpness"] > judged["loss_sharpness"]).mean()

    def test_what_a_description_gets_wrong_is_counted(self, opened):
        its = opened.neurons[opened.neurons["description"] != ""]
        both = its["n_named"] - its["n_missed"]
        assert (both / its["n_named"]).tolist() == pytest.approx(
            its["precision"].tolist(), nan_ok=True
        )
        active = both + its["n_unexplained"]
        assert (both / active).tolist() == pytest.approx(its["recall"].tolist(), nan_ok=True)
        closer = opened.rows("closer").merge(opened.neurons, on=["neuron", "layer"])
        for row in closer.itertuples():
            assert len(row.splits) == len(row.n_both_of) > 1
            assert sum(row.n_named_of) == row.n_named
            assert sum(row.n_both_of) == row.n_named - row.n_missed
            assert sum(row.n_active_of) == sum(row.n_both_of) + row.n_unexplained

    def test_the_clearest_of_it_are_there_to_be_asked_about(self, opened):
        its = opened.neurons
        wrong = its[(its["n_missed"] + its["n_unexplained"]).gt(0) & its["page"].ne("")].iloc[0]
        found = opened.counterexamples(neuron=wrong["neuron"])
        assert set(found["wrong"]) <= {"named", "active"}
        assert found["wrong"].eq("named").sum() == min(wrong["n_missed"], 3)
        missed, rest = found[found["wrong"].eq("named")], found[found["wrong"].eq("active")]
        assert (missed["activation"] <= wrong["threshold"] * 1.01).all()
        assert (rest["activation"] >= wrong["threshold"] * 0.99).all()
        assert found["text"].str.contains("«").all()
        assert opened.counterexamples(neuron=0).empty
        if (unlooked := its[its["page"].eq("")]).size:
            with pytest.raises(ValueError, match="wasn't looked at closely"):
                opened.counterexamples(neuron=unlooked["neuron"].iloc[0])

    def test_a_run_that_begins_trained_has_no_untrained_null(self):
        rows = library.rows()
        tables = combine(rows[rows["source"] != "untrained"])
        assert tables["models"]["clean_untrained"].isna().all()
        assert tables["models"]["clean_random"].notna().all()

    def test_looking_up_what_is_not_there_says_what_is(self, opened):
        with pytest.raises(
            ValueError, match=r"no neuron with study 'compositon'; there are: \['comp"
        ):
            opened.look_up(study="compositon")


def some_neurons(**changes) -> pd.DataFrame:
    n = 200
    columns = {
        "study": "one", "condition": "plain", "seed": [0] * 100 + [1] * 100, "layer": 0,
        "neuron": list(range(n)), "kind": ["token", "answer"] * 100, "added": np.arange(n) / n,
        "description": [f"d{i}" for i in range(n)], "cleanliness": 0.9, "facts": None, "values": None,
    }  # fmt: skip
    return pd.DataFrame({**columns, **changes})


class TestPaged:
    def test_they_are_of_all_seeds_and_kinds(self):
        its = some_neurons()
        found = pd.Series(paged.paged(its, np.ones(200, bool)))
        has = found != ""
        assert has.sum() == paged.MOST_PAGES
        assert set(its[has]["seed"]) == {0, 1}
        assert its[has]["kind"].value_counts().min() > 15
        assert found[199] == "one-plain-1-0-199"  # without which most is lost

    def test_a_description_has_one_page_unless_more_is_lost(self):
        found = paged.paged(some_neurons(description="same"), np.ones(200, bool))
        assert sum(its != "" for its in found) == 8 + 2

    def test_the_best_for_a_topic_has_one_clean_or_not(self):
        its = some_neurons()
        facts = its["facts"].astype(object)
        for neuron in (5, 6, 7):
            facts[neuron] = ["next topic"]
        values = facts.map(lambda found: found and [3])
        its = its.assign(facts=facts, values=values)
        its.loc[[5, 6, 7], "cleanliness"] = [0.2, 0.4, 0.3]
        found = paged.paged(its, np.ones(200, bool))
        assert [bool(found[neuron]) for neuron in (5, 6, 7)] == [False, True, False]

    def test_what_nobody_looked_at_has_none(self):
        assert paged.paged(some_neurons(), np.zeros(200, bool)) == [""] * 200


class TestSummary:
    MODELS = pd.DataFrame(
        {
            "study": ["one"] * 5 + ["two"] * 3,
            "condition": ["a", "a", "b", "b", "a", "a", "a", "a"],
            "seed": [0, 1, 0, 1, 2, 0, 1, 2],
            "clean": [0.2, 0.4, 0.4, 0.6, 1.0, 0.5, 0.5, 0.5],
            "clean_random": [0.1, 0.1, 0.3, 0.3, 0.9, 0.6, 0.6, 0.6],
        }
    )

    def test_a_seed_counts_once_and_only_where_all_conditions_have_it(self):
        found = by_study(self.MODELS, "clean", {"random": "clean_random"}).set_index("condition")
        assert found.loc["one", "mean"] == pytest.approx(0.4)
        assert found.loc["one", ["seed_0", "seed_1"]].tolist() == pytest.approx([0.3, 0.5])
        assert found.loc["one", "random"] == pytest.approx(0.2)
        assert found.loc["two", "n_seeds"] == 3

    def test_beyond_is_with_the_whole_interval(self):
        rows = pd.DataFrame({"low": [0.5, 0.3, np.nan], "x": [0.4, 0.4, 0.0], "y": [0.1, 0.1, 0.0]})
        assert beyond(rows, ["x", "y"]) == 1

    def test_percents_are_typeset(self):
        assert percent(0.256) == r"26\,\%"
        assert percent(float("nan")) == "none"


class TestPages:
    def test_the_list_shows_all_and_leads_to_pages(self, folder):
        text = (folder / "pages/neurons.html").read_text()
        assert text.count("<tr data-study=") == 8
        assert f'href="{NEURON}.html"' in text
        for link in re.findall(r'href="([^"/]+\.html)"', text):
            assert (folder / "pages" / link).exists(), link
        assert "seed 0, layer 0, neuron 0" in text
        assert "token = r1" in text

    def test_a_neurons_page_says_what_is_known_of_it(self, folder):
        text = (folder / f"pages/{NEURON}.html").read_text()
        assert "<strong>token = r1</strong>" in text
        assert text.count("<svg") == 3
        assert "<mark>r1</mark>" in text
        assert "There are none." in text  # no counterexamples
        assert "(0 false positives of the description)" in text
        assert "(0 false negatives)" in text
        assert 'href="../../composition/one/index.html"' in text
        assert 'href="../../composition/index.html"' in text
        assert 'href="neurons.html#study=composition&amp;condition=as%20it%20is"' in text
        pair = (folder / "pages/composition-one-0-0-1.html").read_text()
        assert "the first half of the description" in pair
        assert f'href="{NEURON}.html"' in pair

    def test_what_people_wrote_is_escaped(self, folder):
        its = open_library(folder.parent).neurons.iloc[0].copy()
        its["top"], its["description"] = "1\t<b> «<i>»", "token = <i>"
        its["by_chance"] = 0.02
        row = pages.row(its, {"composition": "A & B"}, {"composition": {"one": "<u>"}})
        others = {"figures": [], "studies": {}, "conditions": {}, "kinds": [], "declared": {}}
        text = pages.filled("list.html", n_neurons=1, rows=[row], **others)
        assert not {"<b>", "<i> ", "<u>"} & set(re.findall(r"<[biu]> ?", text))
        assert "&lt;u&gt;" in text

    def test_pictures_have_what_they_are_given(self):
        drawn = drawing.histogram([0.0, 1.0, 2.0], [10, 2], [0, 2])
        assert drawn.count("<rect") == 4
        assert "1 to 2: 2" in drawn
        drawn = drawing.bars(["a<b", "c"], [2.0, -1.0], float("nan"))
        assert "a&lt;b" in drawn
        assert "+2" in drawn
        assert "−1" in drawn
        drawn = drawing.forming([0, 100], [0.0, 1.0], [3.0, 3.0])
        assert drawn.count("<polyline") == 2


def test_the_list_has_the_best_neuron_for_each_declared_value(monkeypatch):
    monkeypatch.setattr(pages, "MOST_CLEAN", 1)
    monkeypatch.setattr(pages, "MOST_NEEDED", 0)
    # The cleanest; for eating and verbs; for playing.
    assert pages.listed(OF_STORIES).index.tolist() == [0, 2, 3]


OF_STORIES = pd.DataFrame(
    [
        (["token"], [7], 0.9, "token = and"),
        (["topic"], [1], 0.2, "topic = eating"),
        (["next topic", "next slot"], [1, 4], 0.4, "next topic = eating and next slot = verb"),
        (["topic"], [2], 0.1, "topic = playing"),
        (["1 before"], [7], 0.6, "1 before = and"),
        (None, None, 0.0, ""),
    ],
    columns=["facts", "values", "cleanliness", "description"],
).assign(study="stories", page="", added=0.0, by_chance=[0.0, 0.0, 0.0, 0.3, 0.0, 0.0])


class TestDeclared:
    def test_the_best_of_each_value_facts_in_turn(self):
        found = best_of_each(OF_STORIES)
        assert found.index.tolist() == [2, 2, 3]
        assert found["word"].tolist() == ["eating", "verb", "playing"]
        assert found["fact"].tolist() == ["topic", "slot", "topic"]

    def test_one_that_reads_a_token_comes_after_those_that_do_not(self):
        its = OF_STORIES.copy()
        its.at[0, "facts"], its.at[0, "values"] = ["token", "topic"], [7, 1]
        its.at[0, "description"] = "token = and and topic = eating"
        found = best_of_each(its)
        assert found.index.tolist() == [2, 2, 3]
        alone = best_of_each(its.iloc[[0]])
        assert alone["word"].tolist() == ["eating"]
        with_page = its.iloc[[0]].assign(page="page-0")
        (told,) = pages.declared(with_page, {"stories": "Stories"})["Stories"]["topic"]
        assert not told["alone"]  # the list says so

    def test_words_with_an_and_in_them(self):
        assert words_of("token = and and topic = eating", ["token", "topic"]) == ["and", "eating"]
        assert words_of("topic = eating", ["topic"]) == ["eating"]

    def test_the_list_leads_from_a_topic_to_a_page(self):
        its = OF_STORIES.assign(page=[f"page-{neuron}" for neuron in OF_STORIES.index])
        found = pages.declared(its, {"stories": "Stories"})["Stories"]
        both = "next topic = eating and next slot = verb"
        assert found["topic"] == [
            {
                "word": "eating", "description": both, "clean": "0.40", "by_chance": "",
                "page": "page-2", "alone": True,
            },
            {
                "word": "playing", "description": "topic = playing", "clean": "0.10", "by_chance": "30 %",
                "page": "page-3", "alone": True,
            },
        ]  # fmt: skip
        others = {
            "n_neurons": 1,
            "figures": [],
            "studies": {},
            "conditions": {},
            "kinds": [],
            "rows": [],
        }
        meanings = {"Stories": {"topic": "what a sentence is about"}}
        text = pages.filled("list.html", declared={"Stories": found}, meanings=meanings, **others)
        assert "<b>topic</b> (what a sentence is about): " in text
        assert "<small>0.10, random 30 %</small>" in text
        assert '<a href="page-3.html" title="topic = playing">playing</a>' in text
        assert pages.declared(OF_STORIES, {"stories": "Stories"}) == {}  # none has a page
