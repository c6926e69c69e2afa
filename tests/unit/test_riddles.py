"""Riddles: their answers follow, their twins differ as they should, and stories go on around them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from onset.tasks.dataset import VALIDATION
from onset.tasks.language.renamed import renamed
from onset.tasks.language.riddle_kinds import (
    FRUITS,
    KINDS,
    NUMBERS,
    Pools,
    candidates,
    drawn,
    names_of,
)
from onset.tasks.language.riddles import Settings, generate
from onset.tasks.language.words import HE, SHE
from onset.tasks.twins import twins

SMALL_WORLDS = [
    {"length": 40, "n_train": 8, "n_test": 4},
    {"length": 40, "kinds": ["order", "bracket"], "n_train": 8, "n_test": 4},
]
"""that no two splits share an example of; measures are tried on the first"""

SETTINGS = Settings(name="riddles", kinds=list(KINDS), n_train=200, n_test=40)
WORLD = generate(SETTINGS, 0)
WORDS = np.array(WORLD.vocabulary)
NAMES = {*SHE.split(), *HE.split()}
PAIRS = dict(zip("([{", ")]}", strict=True))


def listed(said: list[str], among: list[str] | set[str] | tuple[str, ...]) -> list[str]:
    return [word for word in said if word in among]


def _ioi(said: list[str]) -> set[str]:
    names = listed(said, NAMES)
    return {name for name in names if names.count(name) == 1}


def _sorting(said: list[str]) -> set[str]:
    *fruits, first = listed(said, FRUITS)
    assert sorted(fruits)[0] == first
    return {sorted(fruits)[1]}


def _order(said: list[str]) -> set[str]:
    (x,) = listed(said, NUMBERS)
    at = NUMBERS.index(x)
    return set(NUMBERS[at + 1 :] if "up" in said else NUMBERS[:at])


def _mapping(said: list[str]) -> set[str]:
    x, fx, y, fy, z = (NUMBERS.index(word) for word in listed(said, NUMBERS))
    assert fx - x == fy - y
    return {NUMBERS[z + fx - x]}


def _bracket(said: list[str]) -> set[str]:
    return {PAIRS[listed(said, tuple(PAIRS))[-1]]}


def _argument(said: list[str]) -> set[str]:
    names = listed(said, candidates("argument"))
    return {name for name in names if names.count(name) == 1}


RIGHT: dict[str, Callable[[list[str]], set[str]]] = {
    "ioi": _ioi,
    "order": _order,
    "pronoun": lambda said: {"she" if listed(said, NAMES)[0] in SHE.split() else "he"},
    "bracket": _bracket,
    "sorting": _sorting,
    "acronym": lambda said: {f"letter_{listed(said, FRUITS)[2][0]}"},
    "argument": _argument,
    "mapping": _mapping,
}
"""the answers that may be given"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pools", [Pools(), Pools(new_names=True), Pools(new_template=True)])
def test_answers_follow_and_twins_have_the_rival(kind, pools):
    rng = np.random.default_rng(0)
    for _ in range(60):
        its = drawn(kind, pools, rng)
        assert its.right in RIGHT[kind](its.words)
        assert its.rival in RIGHT[kind](its.twin)
        assert its.right not in RIGHT[kind](its.twin)
        assert len(its.words) == len(its.twin)
        assert 1 <= sum(a != b for a, b in zip(its.words, its.twin, strict=True)) <= 2
        assert {its.right, its.rival} <= set(candidates(kind))


def test_held_out_riddles_end_the_sequence():
    for name, split in WORLD.splits.items():
        kind = next((its for its in KINDS if name.startswith(its)), None)
        if kind is None:
            continue
        for tokens, (target,) in zip(split.tokens, split.targets, strict=True):
            told = WORDS[tokens].tolist()
            said = told[max(i for i, word in enumerate(told[:-3]) if word in ".!?") + 1 :]
            assert WORDS[target] in RIGHT[kind](said), (name, said)


def test_names_and_templates_are_held_out():
    def names(split: str) -> set[str]:
        return set(WORDS[WORLD.splits[split].targets[:, 0]])

    assert names("ioi").isdisjoint(names("ioi_new_names"))
    assert names("ioi_new_names") == {"rosa", "nora", "leo", "paul"}
    assert names("ioi") == NAMES - names("ioi_new_names") == names("ioi_new_template")
    brought = WORLD.vocabulary.index("brought")
    assert (WORLD.splits["ioi_new_template"].tokens == brought).any(1).all()
    assert not (WORLD.splits["train"].tokens == brought).any()


def test_more_people_have_names_if_it_is_wished():
    world = generate(SETTINGS.model_copy(update={"n_names": 15, "kinds": ("ioi",)}), 0)
    words = np.array(world.vocabulary)
    she, he = names_of(15)
    trained, new = {*she[:10], *he[:10]}, {*she[10:], *he[10:]}

    def told(split: str) -> set[str]:
        return set(words[world.splits[split].tokens].ravel()) & {*she, *he}

    assert len(told("test") & trained) > 15  # stories tell of all
    assert len(told("test") & new) > 7
    assert told("train") & new
    assert set(words[world.splits["ioi"].targets[:, 0]]) <= trained
    assert set(words[world.splits["ioi_new_names"].targets[:, 0]]) <= new
    assert set(words[world.splits["ioi"].candidates]) == trained | new


def test_people_keep_their_names_in_a_story():
    stories = np.array([[0, 1, 0, 9, 1], [1, 1, 0, 9, 9]])
    found = renamed(stories, [np.array([0, 1, 4, 5, 6])], 2, 10, np.random.default_rng(0))
    assert (found[:, 3] == 9).all()
    assert (found[0, [0, 1]] == found[0, [2, 4]]).all()
    assert found[0, 0] != found[0, 1]
    assert np.isin(found[stories != 9], [0, 1, 4, 5, 6]).all()


def test_names_stand_where_it_is_said():
    for name in ("ioi", "ioi_new_template", "ioi_swapped", f"three_names{VALIDATION}"):
        split = WORLD.splits[name]
        each = np.arange(len(split))
        own = {fact: split.tokens[each, split.truth[fact]] for fact in
               ("right_place", "rival_place", "repeat_place")}  # fmt: skip
        assert (own["right_place"] == split.targets[:, 0]).all()
        assert (own["rival_place"] == split.truth["rival"]).all()
        again = own["repeat_place"] == split.truth["rival"]
        assert not again.any() if name.startswith("three") else again.all()
        assert (split.truth["repeat_place"] > split.truth["rival_place"]).all()
        first = split.truth["right_place"] < split.truth["rival_place"]
        assert (split.truth["first_is_right"] == first).all()
        assert 0 < first.mean() < 1


def test_twins_tell_the_same_story():
    for name, twin in twins(WORLD.splits).items():
        one, other = WORLD.splits[name], WORLD.splits[twin]
        assert ((one.tokens != other.tokens).sum(1) <= 2).all()
        assert (one.targets[:, 0] == other.truth["rival"]).all()


def with_riddle(world) -> float:
    """The share of trained sequences in which a gift is given, as only in riddles."""
    gave = [world.vocabulary.index(word) for word in ("gave", "showed")]
    return np.isin(world.splits["train"].tokens, gave).any(1).mean()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_so_many_sequences_have_a_riddle(share):
    """A few begin so late that the sequence ends before the gift."""
    told = Settings(name="riddles", share=share, n_train=400, n_test=4, length=96)
    assert 0.75 * share - 0.05 <= with_riddle(generate(told, 0)) <= share + 0.05


def answers(world) -> float:
    """Of trained riddles, the share whose answer is right."""
    to, found = world.vocabulary.index("to"), []
    for tokens in world.splits["train"].tokens:
        for at in np.flatnonzero(tokens[:-1] == to):
            said = WORDS[tokens[:at]].tolist()
            starts = [i for i, word in enumerate(said) if word in ".!?"]
            names = listed(said[starts[-1] + 1 if starts else 0 :], NAMES)
            if len(names) == 3 and "gave" in said[-4:]:
                found.append(WORDS[tokens[at + 1]] in _ioi(names))
    assert len(found) > 50
    return float(np.mean(found))


def test_in_the_null_any_of_both_names_is_the_answer():
    told = Settings(name="riddles", share=1.0, n_train=300, n_test=4)
    assert answers(generate(told, 0)) == 1
    null = told.model_copy(update={"answers": "either"})
    assert 0.35 < answers(generate(null, 0)) < 0.65


def test_a_stream_has_no_held_out_sequence_and_is_made_of_the_settings_alone():
    drawn_twice = [WORLD.streams["fresh"](50, np.random.default_rng(1)).tokens for _ in range(2)]
    assert (drawn_twice[0] == drawn_twice[1]).all()
    assert drawn_twice[0].shape == (50, SETTINGS.length)
