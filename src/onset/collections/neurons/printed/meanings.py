"""What the library's pages say of the words that descriptions use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from onset.collections.neurons.facts import ANSWER, POSITION, SPLIT, TOKEN
from onset.collections.neurons.shown import NEXT

_OURS = {
    TOKEN: "the token at the place",
    POSITION: "the number of the token in its sequence, from 0",
    ANSWER: "the right answer, at places that answer",
    SPLIT: "the part of the dataset that a question is from",
}
_BEFORE = re.compile(r"(\d+) before")


def meanings_of(facts: Iterable[str], of_study: Mapping[str, str]) -> dict[str, str]:
    """Each fact, and what it is; those of which nobody says it are left out.

    Args:
        facts: of a description.
        of_study: what its study's file says of its world.
    """
    said = {its: meaning_of(its, of_study) for its in facts}
    return {fact: its for fact, its in said.items() if its}


def meaning_of(fact: str, of_study: Mapping[str, str]) -> str:
    """What a fact is; empty where nobody says it."""
    if its := _BEFORE.fullmatch(fact):
        return "the token before" if its[1] == "1" else f"the token {its[1]} places before"
    if fact.startswith(NEXT):
        of_next = meaning_of(fact.removeprefix(NEXT), of_study)
        return of_next and f"of the token that comes next: {of_next}"
    return of_study.get(fact, _OURS.get(fact, ""))
