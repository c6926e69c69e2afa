"""Titles of panels by what they show."""

from __future__ import annotations

from onset.notebook.titles import crossed, there


def test_every_value_of_one_with_every_value_of_another():
    assert crossed({"whole": "whole thoughts"}, {0: "after 0", 1: "after 1"}) == {
        ("whole", 0): "whole thoughts: after 0",
        ("whole", 1): "whole thoughts: after 1",
    }


def test_those_of_what_there_is_in_their_own_order():
    titles = {"word": "the word", "probe": "a probe", "chance": "nothing"}
    found = there(titles, ["chance", "word", "chance", "else"])
    assert list(found.items()) == [("word", "the word"), ("chance", "nothing")]
