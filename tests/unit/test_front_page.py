"""The gallery's front page: an overview of all studies by theme, and a search."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from onset.config.yaml_file import read_yaml
from onset.gallery.front import OTHERS, by_theme, card, front_page
from tests.cards import STUDY, card_of
from tests.config_files import ROOT


def page_of(*cards: dict[str, Any], paper: bool = False, smoke: bool = False) -> str:
    return front_page(cards, paper=paper, smoke=smoke)


def headings(page: str) -> list[str]:
    """Those of themes and studies, in their order, with their levels."""
    found = re.findall(r"<(h[23])[^>]*>(?:<a[^>]*>)?([^<]+)", page)
    return [f"{level} {text}" for level, text in found]


def found_in(page: str, word: str) -> list[str]:
    """The kinds and places that the search finds by a word."""
    entries = re.search(r'id="entries">(.*?)</script>', page, re.DOTALL)[1]
    return [
        f"{its['kind']} {its['address']}" for its in json.loads(entries) if word in its["words"]
    ]


class TestCard:
    def test_it_counts_runs_and_is_found_by_what_differs(self):
        its = card(STUDY)
        assert (its["n_conditions"], its["n_runs"], its["n_figures"]) == (2, 3, 1)
        found = [entry["address"] for entry in its["entries"] if "n_layers" in entry["words"]]
        assert found == ["first/deep/index.html"]

    def test_a_study_is_found_by_its_answer(self):
        page = page_of(card_of("a", answer="Rarely."), card_of("b", answer=None))
        assert found_in(page, "rarely") == ["study a/index.html"]


class TestGroups:
    def test_they_come_as_their_themes_first_do_and_keep_the_order_of_studies(self):
        cards = [card_of(*its) for its in zip("abcd", ["Two", "One", "Two", "Three"], strict=True)]
        found = {its.theme: [c["name"] for c in its.cards] for its in by_theme(cards)}
        assert list(found.items()) == [("Two", ["a", "c"]), ("One", ["b"]), ("Three", ["d"])]

    def test_studies_without_a_theme_come_last(self):
        groups = by_theme([card_of("a"), card_of("b", "One"), card_of("c")])
        assert [its.theme for its in groups] == ["One", OTHERS]
        assert [its["name"] for its in groups[1].cards] == ["a", "c"]

    def test_capital_letters_and_spaces_make_no_other_theme(self):
        (group,) = by_theme([card_of("a", "Phase changes"), card_of("b", "phase  Changes ")])
        assert group.theme == "Phase changes"

    def test_each_has_a_place_of_its_own(self):
        groups = by_theme([card_of("a"), card_of("b", "One"), card_of("c", "Two")])
        assert len({its.address for its in groups}) == 3


class TestHeadings:
    def test_studies_stand_below_their_themes(self):
        page = page_of(
            card_of("a", "One", title="A"), card_of("b", title="B"), card_of("c", "One", title="C")
        )
        assert headings(page) == ["h2 One", "h3 A", "h3 C", f"h2 {OTHERS}", "h3 B"]
        for group in ("#theme-1", "#theme-2"):
            assert f'href="{group}"' in page
            assert f'id="{group[1:]}"' in page

    @pytest.mark.parametrize("themes", [("One", "One"), (None, None), ("One", "Two"), ("One",)])
    def test_there_are_none_where_they_bring_no_order(self, themes):
        names = "abc"[: len(themes)]
        page = page_of(*(card_of(n, t, title=n) for n, t in zip(names, themes, strict=True)))
        assert headings(page) == [f"h2 {name}" for name in names]
        assert "<nav class" not in page
        assert found_in(page, "theme") == []

    def test_the_search_finds_a_theme_and_its_studies_but_not_all_that_is_in_them(self):
        page = page_of(card_of("a", "Growth"), card_of("b"), card_of("c", "Growth"))
        theme, *studies = found_in(page, "growth")
        assert theme == "theme #theme-1"
        assert studies == ["study a/index.html", "study c/index.html"]


class TestState:
    def test_how_many_runs_are_finished(self):
        said = " ".join(re.sub("<[^>]+>", "", page_of(card_of("a"))).split())
        assert "3 runs of 2 conditions finished" in said
        one = [{"name": "plain", "label": "as it is", "seeds": [0], "differences": {}}]
        said = " ".join(re.sub("<[^>]+>", "", page_of(card_of("a", conditions=one))).split())
        assert "1 run of 1 condition finished" in said

    def test_whose_settings_the_config_changes(self):
        page = page_of(card_of("a", overridden=True), card_of("b"))
        assert page.count("Settings changed by the config") == 1
        assert page.index("Settings changed") < page.index('id="b"')

    def test_an_answer_that_doesnt_hold_is_marked(self):
        broken = ["share > 0.9 (found: 0.7 > 0.9)", "n < 3 (found: 4 < 3)"]
        page = page_of(card_of("a", broken=broken), card_of("b"))
        said = (
            "with these settings: share &gt; 0.9 (found: 0.7 &gt; 0.9); n &lt; 3 (found: 4 &lt; 3)."
        )
        assert said in page
        assert page.count("with these settings") == 1

    def test_of_a_smoke_run_it_says_that_its_numbers_mean_nothing(self):
        cards = [card_of("a", overridden=True)]
        assert "numbers mean nothing" not in page_of(*cards)
        smoke = page_of(*cards, smoke=True)
        assert "numbers mean nothing" in smoke
        assert "Settings changed" not in smoke  # all are


def test_names_are_text_and_not_markup():
    page = page_of(card_of("a", "<i>One</i>", title="<b>A</b>"), card_of("b"), card_of("c"))
    for markup in ("<b>A", "<i>One"):
        assert markup not in page
        assert markup.replace("<", "&lt;").replace(">", "&gt;") in page


def test_it_leads_to_the_paper_where_there_is_one():
    assert "paper.pdf" not in page_of(card_of("a"))
    assert "paper.pdf" in page_of(card_of("a"), paper=True)


def test_the_recipes_name_the_themes_there_are():
    """So that the next study is put under one of them."""
    files = [
        *map("config/studies/{}.yaml".format, read_yaml(ROOT / "config/config.yaml")["studies"]),
        *(ROOT / "config/collections").glob("*.yaml"),
    ]
    themes = dict.fromkeys(read_yaml(ROOT / file)["theme"] for file in files)
    recipes = " ".join((ROOT / "config/README.md").read_text(encoding="utf-8").split())
    assert f"Ours: {', '.join(themes)}." in recipes
