"""The task `word_tasks`: what is asked is what the docstring says, in any tokenizer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from onset import tasks
from onset.tasks import word_tasks
from tests.texts import Pieces, generated
from tests.worlds import settings_of

SMALL_WORLDS = [{"n_examples": 6}]
WORLD, PIECES = generated("word_tasks", n_examples=40)
NAMES = np.array(PIECES.names)
KINDS = [name for name in WORLD.splits if not name.endswith("_shuffled")]


def asked(split: str) -> list[tuple[str, str, str]]:
    """Prompt, right answer and rival."""
    its = WORLD.splits[split]
    prompts = [
        "".join(NAMES[row[: end + 1]])
        for row, end in zip(its.tokens, its.positions[:, 0], strict=True)
    ]
    right, rival = NAMES[its.targets[:, 0]], NAMES[its.truth["rival"]]
    return [*zip(prompts, right.tolist(), rival.tolist(), strict=True)]


def follows(kind: str, prompt: str, right: str, rival: str) -> bool:
    order = word_tasks._IN_ORDER[kind].split()
    shown = [order.index(word) for word in prompt.rstrip(",").split(", ")]
    steps = [(order.index(its.strip()) - shown[-1]) % len(order) for its in (right, rival)]
    one_by_one = all((b - a) % len(order) == 1 for a, b in pairwise(shown))
    return one_by_one and steps == [1, 2]


def is_later(_: str, prompt: str, right: str, rival: str) -> bool:
    assert prompt.endswith(" to the year 17")
    decade = int(prompt.split(" year 17")[1][0])
    return int(rival) < decade < int(right)


def agrees(_: str, prompt: str, right: str, rival: str) -> bool:
    its = {pronoun: any(f" {name}" in f" {prompt}" for name in names.split())
           for pronoun, names in word_tasks._NAMES.items()}  # fmt: skip
    return its[right] and not its[rival]


def is_initial(_: str, prompt: str, right: str, rival: str) -> bool:
    words, letters = prompt.removeprefix("The initials of ").split(" are ")
    a, b, c = (f" {word[0]}" for word in words.split())
    assert f" {letters}" == f"{a},{b},"
    return right == c and rival not in (a, b, c)


def closes(_: str, prompt: str, right: str, rival: str) -> bool:
    stack: list[str] = []
    pairs = dict(zip("([{", ")]}", strict=True))
    for sign in prompt.split():
        if sign in pairs:
            stack.append(pairs[sign])
        else:
            assert stack.pop() == sign
    return stack[-1] == right.strip() and rival.strip() in stack[:-1] and right != rival


RIGHT = {
    **dict.fromkeys(("days", "months", "numbers"), follows),
    "greater_than": is_later,
    "pronouns": agrees,
    "initials": is_initial,
    "brackets": closes,
}


@pytest.mark.parametrize("kind", KINDS)
class TestKinds:
    def test_the_answer_is_right_and_the_rival_is_not(self, kind):
        assert all(RIGHT[kind](kind, *its) for its in asked(kind))

    def test_of_the_null_most_answers_are_not(self, kind):
        null = asked(f"{kind}_shuffled")
        assert [prompt for prompt, *_ in null] == [prompt for prompt, *_ in asked(kind)]
        assert sum(RIGHT[kind](kind, *its) for its in null) < 0.7 * len(null)
        assert sorted(its[1:] for its in null) == sorted(its[1:] for its in asked(kind))

    def test_answers_are_candidates(self, kind):
        its = WORLD.splits[kind]
        assert np.isin(its.targets, its.candidates).all()
        assert np.isin(its.truth["rival"], its.candidates).all()

    def test_it_is_the_same_without_the_others(self, kind):
        pieces = Pieces()
        settings = settings_of("word_tasks", n_examples=40, kinds=[kind])
        alone = tasks.load("word_tasks").generate(settings, 0, pieces).splits
        assert list(alone) == [kind, f"{kind}_shuffled"]
        names = np.array(pieces.names)
        assert (names[alone[kind].targets] == NAMES[WORLD.splits[kind].targets]).all()


class Letters(Pieces):
    """A tokenizer in which no word is a single token."""

    def part(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]


@pytest.mark.parametrize("kind", ["days", "pronouns", "initials", "brackets"])
def test_a_kind_that_a_tokenizer_has_no_tokens_for_is_named(kind):
    settings = settings_of("word_tasks", kinds=[kind])
    with pytest.raises(ValueError, match=f"no single token of this model's .* leave out {kind}"):
        tasks.load("word_tasks").generate(settings, 0, Letters())


class Years(Pieces):
    """A tokenizer in which whole numbers are single tokens, so that no prompt ends within a year."""

    def part(self, text: str) -> list[int]:
        return [self.numbers.setdefault(word, len(self.numbers) + 1) for word in text.split()]


def test_so_are_years_that_are_single_tokens():
    settings = settings_of("word_tasks", kinds=["greater_than"])
    with pytest.raises(ValueError, match=r"'170x' is no single token .* leave out greater_than"):
        tasks.load("word_tasks").generate(settings, 0, Years())
