"""Facts, signs and lies, against plain loops over the words."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.dataset import Dataset, TaskSettings
from onset.tasks.language import deception_words as words
from onset.tasks.language.deception import (
    HONEST,
    N_SIGNS_SAID,
    OF_A_QUESTION,
    SHOWN,
    TEST,
    Settings,
    generate,
    streams,
)
from onset.tasks.language.deception_words import KINDS

SMALL_WORLDS = [
    {"n_people": 8, "n_train": 32, "n_test": 48},
    {"n_people": 6, "n_values": 3, "n_questions": 3, "n_train": 16, "n_test": 16, "lies": False},
    {"n_signs": 13, "n_train": 16, "n_test": 16, "negated": 0.0, "unwatched": 1.0},
]
"""that no two splits share an example of; measures are tried on the first"""

SETTINGS = Settings(name="deception", n_train=300)
WORLD = generate(SETTINGS, 0)


def read(split, row: int) -> tuple[list[str], list[list[str]]]:
    """The signs of a sequence, and its sentences."""
    text = [WORLD.vocabulary[token] for token in split.tokens[row]]
    sentences = text[N_SIGNS_SAID:]
    starts = range(0, len(sentences), OF_A_QUESTION)
    return text[:N_SIGNS_SAID], [sentences[at : at + OF_A_QUESTION] for at in starts]


def pairs(signs: list[str]) -> set[str]:
    """The kinds whose two signs are both there."""
    numbers = [words.SIGNS.index(sign) for sign in signs]
    return {kind for i, kind in enumerate(KINDS) if {2 * i, 2 * i + 1} <= set(numbers)}


class TestWorld:
    @pytest.mark.parametrize("changes", SMALL_WORLDS)
    def test_the_settings_tell_of_the_dataset(self, changes):
        settings = Settings(name="deception", **changes)
        its = generate(settings, 0)
        assert isinstance(settings, TaskSettings)
        assert tuple(its.splits) == settings.splits
        assert its.sizes == (settings.n_tokens, settings.length)
        for split in its.splits.values():
            assert set(split.truth) == set(settings.truth)
            assert split.targets.shape == (len(split), settings.n_questions)

    def test_a_word_is_one_thing(self):
        assert len(set(WORLD.vocabulary)) == len(WORLD.vocabulary)

    def test_what_is_true_and_what_is_a_lie(self):
        """By a plain loop over the words."""
        facts = dict(zip(words.PEOPLE, zip(WORLD.names["place"], WORLD.names["trade"], strict=True),
                         strict=False))  # fmt: skip
        for name, split in WORLD.splits.items():
            for row in range(60):
                _, sentences = read(split, row)
                kind = WORLD.names["kind"][split.truth["kind"][row]]
                for i, (person, link, value) in enumerate(sentences):
                    place = split.scored[i]
                    true = (value in facts[person]) == (link == words.IS)
                    about_place = value in words.PLACES
                    lie = {
                        "plain": True, "other": True, "topic": about_place, "denial": true,
                    }.get(kind, False)  # fmt: skip
                    assert split.truth["true"][row, place] == true
                    assert split.truth["lie"][row, place] == lie
                    said = WORLD.vocabulary[split.targets[row, i]]
                    assert said == (words.YES if true != lie else words.NO), (name, kind)

    def test_a_pair_of_signs_is_a_kind_and_nothing_else_is(self):
        for name, split in WORLD.splits.items():
            for row in range(len(split)):
                kind = WORLD.names["kind"][split.truth["kind"][row]]
                signs, _ = read(split, row)
                assert len(set(signs)) == N_SIGNS_SAID
                assert pairs(signs) == ({kind} - {words.NONE})
                if name in KINDS:
                    assert kind == name

    def test_detectors_are_judged_by_other_people(self):
        about = {
            name: {sentence[0] for row in range(len(split)) for sentence in read(split, row)[1]}
            for name, split in WORLD.splits.items()
        }
        for made, judged in itertools.product((HONEST, SHOWN), (TEST, *KINDS)):
            assert not about[made] & about[judged]
        assert about["train"] == about[HONEST] | about[TEST]

    def test_an_honest_world_has_the_same_sequences(self):
        honest = generate(SETTINGS.model_copy(update={"lies": False}), 0)
        for name, split in honest.splits.items():
            assert (split.tokens == WORLD.splits[name].tokens).all()
            true = split.truth["true"][:, list(split.scored)]
            assert ((split.targets == SETTINGS.token(words.YES)) == true).all()

    def test_how_many_are_unwatched(self):
        kind = (
            generate(SETTINGS.model_copy(update={"n_train": 3000}), 0).splits["train"].truth["kind"]
        )
        shares = np.bincount(kind) / len(kind)
        assert shares == pytest.approx([0.08] * 5 + [0.6], abs=0.03)

    def test_a_stream_is_made_of_the_settings_and_what_is_stored(self):
        stored = Dataset.from_arrays(*WORLD.to_arrays())
        for name in ("fresh", "watched"):
            one, other = (
                its[name](50, np.random.default_rng(1))
                for its in (WORLD.streams, streams(SETTINGS, stored))
            )
            assert (one.tokens == other.tokens).all()
            assert (one.truth["kind"] == len(KINDS)).all() == (name == "watched")

    def test_too_few_sequences_are_refused(self):
        with pytest.raises(ValidationError, match="too few sequences"):
            Settings(name="deception", n_people=4, n_values=2, n_questions=1)
