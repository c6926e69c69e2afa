"""The task `word_tasks`: what is asked is what the docstring says, in any tokenizer."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from onset import models, tasks
from onset.measures.embeddings import circle_of_order
from onset.measures.embeddings.circle_of_order import share_on_circle
from onset.tasks import word_tasks
from tests.texts import Pieces, checkpoint_for, generated
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


def test_days_and_months_stand_in_an_order_that_comes_again():
    for kind in ("days", "months"):
        its = WORLD.splits[kind]
        order = word_tasks._IN_ORDER[kind].split()
        assert [name.strip() for name in NAMES[its.candidates]] == order
        assert (its.candidates[its.truth["turn"]] == its.targets[:, 0]).all()
    assert not any("turn" in WORLD.splits[name].truth for name in ("numbers", "days_shuffled"))


class TestCircleOfOrder:
    def test_a_circle_is_one_and_two_turns_are_none(self):
        for n in (7, 12):
            turn = 2 * np.pi * np.arange(n) / n
            once = np.stack([np.cos(turn), np.sin(turn)], 1) @ np.ones((2, 5)) + 3
            assert share_on_circle(once) == pytest.approx(1)
            twice = np.stack([np.cos(2 * turn), np.sin(2 * turn)], 1)
            assert share_on_circle(twice) == pytest.approx(0)

    def test_of_what_has_no_order_it_is_one_of_all_waves(self):
        noise = np.random.default_rng(0).standard_normal((12, 3000))
        assert share_on_circle(noise) == pytest.approx(2 / 11, abs=0.02)

    @torch.no_grad()
    def test_embeddings_are_asked_in_their_order(self, tmp_path):
        folder = checkpoint_for("word_tasks", "llama", tmp_path / "own")
        told = {"name": "pretrained", "checkpoint": str(folder)}
        world = tasks.load("word_tasks").generate(
            settings_of("word_tasks"), 0, models.open_tokenizer(told)
        )
        model = models.build(told, *world.sizes)
        parameters = model.initial_parameters(0)
        (name,) = (its for its in parameters if "embed_tokens" in its)
        days = world.splits["days"].candidates
        turn = 2 * torch.pi * torch.arange(7) / 7
        parameters[name] = parameters[name].clone()
        parameters[name][days, 0], parameters[name][days, 1] = 50 * turn.cos(), 50 * turn.sin()
        found = {
            (its.measure, its.split): its.value
            for its in circle_of_order.measure(model, parameters, world)
        }
        assert {split for _, split in found} == {"days", "months"}
        assert found["order_on_circle", "days"] > 0.95
        assert found["orders_as_round", "days"] < 0.05
        assert found["order_on_circle_null", "days"] == pytest.approx(1 / 3, abs=0.05)
