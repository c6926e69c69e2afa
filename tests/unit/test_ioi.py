"""The task `ioi`: sentences whose answer is known, in any tokenizer."""

from __future__ import annotations

import re

import numpy as np
import pytest

from onset import tasks
from onset.tasks.dataset import VALIDATION
from tests.texts import Pieces, generated
from tests.worlds import settings_of

SMALL_WORLDS = [{"n_examples": 12}]
WORLD, PIECES = generated("ioi", n_examples=40)
NAMES = np.array(PIECES.names)


def texts(split: str) -> list[str]:
    its = WORLD.splits[split]
    return [
        "".join(NAMES[row[: end + 1]])
        for row, end in zip(its.tokens, its.positions[:, 0], strict=True)
    ]


@pytest.mark.parametrize("part", ["", VALIDATION])
def test_the_answer_is_the_name_that_comes_once(part):
    split = WORLD.splits[f"ioi{part}"]
    names = set(NAMES[split.candidates])
    for text, right, rival in zip(
        texts(f"ioi{part}"), NAMES[split.targets[:, 0]], NAMES[split.truth["rival"]], strict=True
    ):
        said = [piece for piece in re.findall(r" ?\w+", text) if piece in names]
        assert text.endswith(" to")
        assert (said.count(right), said.count(rival), len(said)) == (1, 2, 3)


def test_places_are_those_of_the_names():
    split = WORLD.splits["ioi"]
    rows = np.arange(len(split))
    right, rival, again = (
        split.tokens[rows, split.truth[f"{which}_place"]] for which in ("right", "rival", "repeat")
    )
    assert (right == split.targets[:, 0]).all()
    assert (rival == split.truth["rival"]).all()
    assert (again == rival).all()
    assert (split.truth["repeat_place"] > split.truth["rival_place"]).all()
    first = split.truth["right_place"] < split.truth["rival_place"]
    assert (first == split.truth["first_is_right"]).all()
    assert first.mean() == 0.5


def test_the_counterpart_differs_in_one_name_alone():
    own, other = WORLD.splits["ioi"], WORLD.splits["three_names"]
    differs = own.tokens != other.tokens
    assert (differs.sum(1) == 1).all()
    assert (differs.argmax(1) == own.truth["repeat_place"]).all()
    assert (own.targets == other.targets).all()
    third = other.tokens[np.arange(len(other)), other.truth["repeat_place"]]
    assert not ((third == own.targets[:, 0]) | (third == own.truth["rival"])).any()


def test_validation_has_other_sentences():
    def words(split: str) -> set[str]:
        return {piece for text in texts(split) for piece in re.findall(r"\w+", text)}

    names = {name.strip() for name in NAMES[WORLD.splits["ioi"].candidates]}
    common = words("ioi") & words("ioi" + VALIDATION) - names
    assert common <= {"and", "the", "to", "a", "gave", "at", "were", "When", "Then", "After", "was"}


def test_a_seed_gives_the_same_sentences_and_another_others():
    same, _ = generated("ioi", n_examples=40)
    other, _ = generated("ioi", seed=1, n_examples=40)
    assert (same.splits["ioi"].tokens == WORLD.splits["ioi"].tokens).all()
    assert not (other.splits["ioi"].truth["rival"] == WORLD.splits["ioi"].truth["rival"]).all()


def test_the_token_that_texts_begin_with_moves_all_places_by_one():
    begun = tasks.load("ioi").generate(settings_of("ioi", n_examples=40), 0, Pieces(begins=True))
    own, moved = WORLD.splits["ioi"], begun.splits["ioi"]
    assert (moved.tokens[:, 0] == 0).all()
    assert (moved.positions == own.positions + 1).all()
    assert (moved.truth["rival_place"] == own.truth["rival_place"] + 1).all()


class Letters(Pieces):
    """A tokenizer in which no name is a single token."""

    def part(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]


def test_a_tokenizer_without_whole_names_is_refused_in_a_line():
    with pytest.raises(ValueError, match="only 0 of its 64 names are single tokens"):
        tasks.load("ioi").generate(settings_of("ioi"), 0, Letters())


def test_a_sentence_that_is_too_long_is_named():
    with pytest.raises(ValueError, match=r"length: '.* to' has \d+ tokens, and length is 9"):
        generated("ioi", length=9)
