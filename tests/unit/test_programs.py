"""Programs: every question has the answer that a few lines of Python give, and its twin another."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.programs import Program, Settings, generate
from onset.tasks.twins import twin_of, twins

_SMALL = {"n_train": 16, "n_test": 4}
SMALL_WORLDS = [
    {"program": "induction", **_SMALL},
    *({"program": program, **_SMALL} for program in ("previous", "counting", "reversing")),
    {"program": "sorting", **_SMALL, "n_listed": 6},
    {"program": "ioi", **_SMALL, "n_symbols": 12},
]
"""that no two splits share an example of; measures are tried on the first"""
PROGRAMS = get_args(Program)


def settings(program: str, **changes) -> Settings:
    told = {"n_train": 200, "n_test": 40, "n_symbols": 12, "n_listed": 5, **changes}
    if program == "ioi":
        told |= {"n_train": 64, "n_symbols": 20}
    return Settings(name="programs", program=program, **told)


def _next_said(words: list[str], order: Callable[[list[str]], list[str]]) -> str:
    turn = words.index("turn")
    listed, said = words[1:turn], words[turn + 1 :]
    whole = order(listed)
    assert whole[: len(said)] == said
    return whole[len(said)]


def _of_two(words: list[str]) -> str:
    names = [word for word in words if len(word) == 1]
    (once,) = (name for name in names if names.count(name) == 1)
    return once


RIGHT: dict[str, Callable[[list[str]], str]] = {
    "previous": lambda words: words[-2],
    "counting": lambda words: ("one", "two", "three", "four", "five")[words.count(words[-1]) - 1],
    "induction": lambda words: words[words.index(words[-1]) + 1],
    "reversing": lambda words: _next_said(words, lambda listed: listed[::-1]),
    "sorting": lambda words: _next_said(words, sorted),
    "ioi": _of_two,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_answers_are_right(program):
    world = generate(settings(program), 0)
    words = np.array(world.vocabulary)
    for name, split in world.splits.items():
        for tokens, (target,) in zip(split.tokens, split.targets, strict=True):
            asked = words[tokens].tolist()
            assert asked[0] == "start"
            assert RIGHT[program](asked) == words[target], (name, asked)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("part", ["", "_validation"])
def test_twins_have_each_others_rival(program, part):
    splits = generate(settings(program), 0).splits
    own, twin = splits[f"test{part}"], splits[twin_of(f"test{part}")]
    assert (own.truth["rival"] == twin.targets[:, 0]).all()
    assert (twin.truth["rival"] == own.targets[:, 0]).all()
    assert (own.targets != twin.targets).all()


def test_twins_are_found_by_name():
    assert twins(settings("sorting").splits) == {
        "test": "test_swapped",
        "test_validation": "test_swapped_validation",
    }


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_that_is_held_out_is_trained(program):
    splits = generate(settings(program), 1).splits
    trained = {row.tobytes() for row in splits["train"].tokens}
    for name, split in splits.items():
        if name != "train":
            assert trained.isdisjoint(row.tobytes() for row in split.tokens), name


def test_in_the_null_the_same_questions_have_each_others_answers():
    right = generate(settings("induction"), 0).splits
    null = generate(settings("induction", answers="shuffled"), 0).splits
    for name, split in right.items():
        assert (split.tokens == null[name].tokens).all()
        same = (split.targets == null[name].targets).mean()
        assert same < 0.3 if name == "train" else same == 1
    assert sorted(right["train"].targets.ravel()) == sorted(null["train"].targets.ravel())


def test_numbers_are_equally_frequent():
    world = generate(settings("counting", n_train=2000), 0)
    _, counts = np.unique(world.splits["train"].targets, return_counts=True)
    assert len(counts) == 5
    assert counts.min() > 0.7 * counts.max()


@pytest.mark.parametrize("program", ["reversing", "sorting"])
def test_lists_have_all_lengths(program):
    world = generate(settings(program), 0)
    turns = (world.splits["train"].tokens == world.vocabulary.index("turn")).argmax(1)
    assert set(turns) == {4, 5, 6}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"program": "sorting", "n_symbols": 5, "n_listed": 5}, "must be below n_symbols"),
        ({"program": "ioi", "n_symbols": 8}, "about 224 questions are possible"),
        ({"program": "previous", "n_symbols": 3}, "n_symbols"),
    ],
)
def test_what_cannot_be_is_refused(changes, says):
    with pytest.raises(ValidationError, match=says):
        Settings(name="programs", **changes)
