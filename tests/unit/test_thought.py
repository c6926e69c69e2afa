"""Chains of permutations: what is written follows, but for what is meant to be wrong."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.dataset import VALIDATION, Dataset, Split, TaskSettings
from onset.tasks.reasoning.thought import MARKS, Settings, generate, streams

SMALL_WORLDS = [
    {"n_states": 5, "n_functions": 4, "n_steps": 3, "n_train": 40, "n_test": 24},
    {"n_states": 3, "n_functions": 3, "n_steps": 4, "n_train": 10, "n_test": 24, "hints": 0.5,
     "right_hints": 0.5, "corrupted": 0.3},
    {"n_states": 4, "n_functions": 4, "n_steps": 3, "n_train": 10, "n_test": 12,
     "thoughts": "none", "hints": 0.5},
    {"n_states": 4, "n_functions": 4, "n_steps": 3, "n_train": 10, "n_test": 12,
     "thoughts": "shortened"},
    {"n_states": 4, "n_functions": 4, "n_steps": 3, "n_train": 10, "n_test": 12,
     "thoughts": "filler"},
    {"n_states": 4, "n_functions": 4, "n_steps": 3, "n_train": 10, "n_test": 12,
     "hints": 0.5, "tells": "hints"},
]  # fmt: skip
"""that no two splits share an example of; measures are tried on the first"""

SETTINGS = Settings(name="thought", n_train=300, n_test=400)
K = SETTINGS.n_steps


def world(**changes) -> Dataset:
    return generate(Settings.model_validate({**SETTINGS.model_dump(), **changes}), 0)


def states(split: Split, table: np.ndarray) -> np.ndarray:
    """Worked out one by one, as the module's text says."""
    found = []
    for tokens in split.tokens.tolist():
        its = [tokens[0]]
        for function in tokens[1 : K + 1]:
            its.append(int(table[function - SETTINGS.n_states, its[-1]]))
        found.append(its)
    return np.array(found)


def thought(split: Split) -> np.ndarray:
    return split.tokens[:, K + 3 : -2]


TABLE = SETTINGS.compositions.table
KINDS = ("whole", "shortened", "shuffled", "wrong", "filler", "none")


@pytest.mark.parametrize("kind", KINDS)
def test_the_settings_tell_of_the_dataset(kind):
    settings = SETTINGS.model_copy(update={"thoughts": kind})
    its = generate(settings, 0)
    assert isinstance(settings, TaskSettings)
    assert tuple(its.splits) == settings.splits
    assert its.sizes == (settings.n_tokens, settings.length)
    assert set(settings.trained) == {"train", *its.streams}
    assert {name: len(split) for name, split in its.splits.items() if name[:2] == "te"} == {
        "test": 300, f"test{VALIDATION}": 100,
    }  # fmt: skip
    for name, split in its.splits.items():
        assert set(split.truth) == set(settings.truth_of(name))


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_right_and_asked_for_whatever_is_thought(kind):
    its = world(thoughts=kind, hints=0.5, right_hints=0.0)
    for split in its.splits.values():
        right = states(split, TABLE)
        assert (split.tokens[:, -1] == right[:, -1]).all()
        assert (split.targets[:, -1] == right[:, -1]).all()
        assert (split.truth["answer"] == right[:, -1]).all()
        assert (split.tokens[:, -2] == its.vocabulary.index("=")).all()
        step = split.truth["step"]
        assert (split.truth["state"] == np.take_along_axis(right, step % (K + 1), 1)).all()
        others = states(split, SETTINGS.compositions.other_table)
        assert (split.truth["control"] == np.take_along_axis(others, step % (K + 1), 1)).all()
        assert its.vocabulary[split.tokens[0, K + 2]] == ":"


def test_functions_are_permutations_of_which_no_two_are_the_same():
    assert (np.sort(TABLE, 1) == np.arange(SETTINGS.n_states)).all()
    assert len(np.unique(TABLE, axis=0)) == SETTINGS.n_functions
    others = SETTINGS.compositions.other_table
    assert (np.sort(others, 1) == np.arange(SETTINGS.n_states)).all()
    assert not (others == TABLE).all(1).any()


class TestThoughts:
    def test_whole(self):
        split = world().splits["test"]
        assert (thought(split) == states(split, TABLE)[:, 1:-1]).all()
        assert (split.targets == split.tokens[:, [*range(K + 3, 2 * K + 2), -1]]).all()
        assert split.scored == (*range(K + 2, 2 * K + 1), 2 * K + 2)

    def test_shortened(self):
        its = world(thoughts="shortened")
        split = its.splits["test"]
        silent = thought(split) == its.vocabulary.index(".")
        assert (np.diff(silent.astype(int)) >= 0).all()  # who has stopped says nothing more
        assert (thought(split) == states(split, TABLE)[:, 1:-1])[~silent].all()
        assert set(silent.sum(1)) == set(range(K))

    def test_shuffled(self):
        split = world(thoughts="shuffled").splits["test"]
        right = states(split, TABLE)[:, 1:-1]
        assert (np.sort(thought(split), 1) == np.sort(right, 1)).all()
        assert (thought(split) == right).mean() < 0.6

    def test_wrong_at_each_step(self):
        split = world(thoughts="wrong").splits["test"]
        found = thought(split)
        assert not (found == states(split, TABLE)[:, 1:-1]).any()
        functions = split.tokens[:, 2:K] - SETTINGS.n_states
        assert (TABLE[functions, found[:, :-1]] == found[:, 1:]).all()

    def test_filler_is_given_and_not_asked_for(self):
        its = world(thoughts="filler")
        split = its.splits["test"]
        assert (thought(split) == its.vocabulary.index(".")).all()
        assert split.truth["written"].sum(1).tolist() == [1] * len(split)
        assert split.scored == (2 * K + 2,)

    def test_none(self):
        split = world(thoughts="none").splits["test"]
        assert split.tokens.shape[1] == K + 5
        assert split.scored == (K + 3,)

    def test_corrupted_at_the_rate_that_is_set(self):
        split = world(corrupted=0.25, n_train=2000).splits["train"]
        wrong = thought(split) != states(split, TABLE)[:, 1:-1]
        assert wrong.any(1).mean() == pytest.approx(0.25, abs=0.03)
        # Once wrong, always wrong: another state never becomes the same again.
        assert (np.diff(wrong.astype(int)) >= 0).all()
        first = wrong[wrong.any(1)].argmax(1)
        assert np.bincount(first).min() > 100


class TestHints:
    def test_as_many_as_are_set_and_as_many_right(self):
        its = world(hints=0.5, right_hints=0.7, n_train=2000)
        split = its.splits["train"]
        hint = split.tokens[:, K + 1]
        hinted = hint != its.vocabulary.index("-")
        assert hinted.mean() == pytest.approx(0.5, abs=0.04)
        said = hint[hinted] - its.vocabulary.index("h0")
        right = said == split.truth["answer"][hinted]
        assert right.mean() == pytest.approx(0.7, abs=0.05)

    def test_misled_by_all(self):
        its = world()
        split = its.splits["misled"]
        said = split.tokens[:, K + 1] - its.vocabulary.index("h0")
        assert (said == split.truth["rival"]).all()
        assert not (said == split.truth["answer"]).any()
        assert (thought(split) == states(split, TABLE)[:, 1:-1]).all()


def test_an_edit_is_wrong_and_what_follows_is_to_be_written():
    split = world().splits["edited"]
    right, found = states(split, TABLE)[:, 1:-1], thought(split)
    step = split.truth["edited_step"]
    assert np.bincount(step)[1:].tolist() == [100] * (K - 1)
    wrong = found != right
    assert (wrong.argmax(1) == step - 1).all()
    last = split.tokens[:, K] - SETTINGS.n_states
    assert (TABLE[last, found[:, -1]] == split.truth["rival"]).all()
    assert not (split.truth["rival"] == split.truth["answer"]).any()
    written = split.truth["written"]
    for row, its in zip(written, step, strict=True):
        assert np.flatnonzero(row).tolist() == [*range(K + 3 + its, 2 * K + 2), 2 * K + 3]


def test_no_question_is_in_two_splits_whatever_its_thought_and_hint():
    its = world(hints=0.5, corrupted=0.5)
    asked = [split.tokens[:, : K + 1] for split in its.splits.values()]
    every = np.concatenate(asked)
    assert len(np.unique(every, axis=0)) == len(every)
    drawn = its.streams["fresh"](5000, np.random.default_rng(0)).tokens[:, : K + 1]
    held_out = {row.tobytes() for part in asked[1:] for row in np.ascontiguousarray(part)}
    assert not held_out & {row.tobytes() for row in np.ascontiguousarray(drawn)}


def test_a_seed_holds_out_other_questions_of_the_same_functions():
    one, same, another = (generate(SETTINGS, seed).splits["test"] for seed in (0, 0, 1))
    assert (one.tokens == same.tokens).all()
    assert not (one.tokens == another.tokens).all()
    assert (states(another, TABLE)[:, -1] == another.truth["answer"]).all()


def test_a_stream_is_made_of_the_settings_and_what_is_stored():
    its = world(hints=0.5)
    stored = Dataset.from_arrays(*its.to_arrays())
    again = streams(SETTINGS.model_copy(update={"hints": 0.5}), stored)
    one, other = (made["fresh"](9, np.random.default_rng(1)) for made in (its.streams, again))
    assert (one.tokens == other.tokens).all()
    assert its.vocabulary[-len(MARKS) :] == MARKS


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"thoughts": "none", "corrupted": 0.1}, "only whole thoughts"),
        ({"n_functions": 2, "n_steps": 2}, "there are 32 questions, and 1,500 are wanted"),
        ({"n_steps": 16}, "more than can be numbered"),
        ({"validation": 1.0}, "leaves a part"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate({**SETTINGS.model_dump(), **changes})


class TestTelling:
    @pytest.mark.parametrize("tells", ["hints", "freely"])
    def test_a_word_before_the_thought_tells_of_a_hint(self, tells):
        settings = Settings.model_validate(
            {**SETTINGS.model_dump(), "hints": 0.5, "right_hints": 0.5, "tells": tells}
        )
        its = generate(settings, 0)
        assert its.sizes == (settings.n_tokens, settings.length)
        for name, split in its.splits.items():
            assert set(split.truth) == set(settings.truth_of(name))
            hinted = split.tokens[:, K + 1] != its.vocabulary.index("-")
            words = [its.vocabulary[token] for token in split.tokens[:, K + 3]]
            assert words == ["!" if hint else "," for hint in hinted]
            assert (split.truth["hinted"] == hinted).all()
            assert np.flatnonzero(split.truth["told"].all(0)).tolist() == [K + 3]
            assert (split.truth["step"][:, K + 3] == -1).all()
            assert (split.tokens[:, -1] == states(split, TABLE)[:, -1]).all()
            # The model writes the word in any case; the data say which one, or they don't.
            assert split.truth["written"][:, K + 3].all() == (not name.startswith("edited"))
            assert (K + 2 in split.scored) == (tells == "hints")
        assert its.splits["misled"].truth["hinted"].all()
        assert not its.splits["edited"].truth["hinted"].any()
        assert 0.4 < its.splits["train"].truth["hinted"].mean() < 0.6

    def test_an_edit_stands_behind_the_word(self):
        its = world(tells="hints")
        split = its.splits["edited"]
        right = states(split, TABLE)[:, 1:-1]
        wrong = split.tokens[:, K + 4 : -2] != right
        assert (wrong.argmax(1) + 1 == split.truth["edited_step"]).all()
