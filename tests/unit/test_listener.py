"""Dialogues and their best reader, against plain loops and answers known by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from onset.measures.listeners.turns import places_said, shares, suiting, turns_of
from onset.tasks.dataset import Dataset, TaskSettings
from onset.tasks.language.dialogues import CONTRAST, PLACE, REPLY, SIGNS, TURN
from onset.tasks.language.listener import Settings, generate, streams
from onset.tasks.language.listener_words import ATTRIBUTES, STYLE, VALUES
from onset.tasks.language.listener_words import SIGNS as WORDS

SMALL_WORLDS = [
    {"n_turns": 5, "n_train": 32, "n_test": 48, "moody": 0.3, "n_places": 3},
    {
        "n_turns": 4,
        "n_train": 16,
        "n_test": 16,
        "asked": "everything",
        "n_things": 1,
        "n_places": 2,
    },
    {"n_turns": 4, "n_train": 16, "n_test": 16, "suits": False, "n_withheld": 1, "shows": 0.8},
]
"""that no two splits share an example of; measures are tried on the first"""

SETTINGS = Settings(name="listener", n_train=200, n_test=200, moody=0.25)
WORLD = generate(SETTINGS, 0)
TEST = WORLD.splits["test"]


def said(split, row: int) -> list[str]:
    return [WORLD.vocabulary[token] for token in split.tokens[row]]


class TestWorld:
    @pytest.mark.parametrize("changes", SMALL_WORLDS)
    def test_the_settings_tell_of_the_dataset(self, changes):
        settings = Settings(name="listener", **changes)
        its = generate(settings, 0)
        assert isinstance(settings, TaskSettings)
        assert tuple(its.splits) == settings.splits
        assert its.sizes == (settings.n_tokens, settings.length)
        for name, split in its.splits.items():
            assert set(split.truth) == set(settings.truth)
            assert (split.targets == split.tokens[:, np.array(split.scored) + 1]).all()
            everything = settings.asked == "everything" and name == "train"
            assert len(split.scored) == (
                settings.length - 1 if everything else 5 * settings.n_turns
            )

    def test_a_word_is_one_thing(self):
        assert len(set(WORLD.vocabulary)) == len(WORLD.vocabulary)

    def test_combinations_are_held_out(self):
        seen = {name: set(zip(*(split.truth[a][:, 0] for a in ATTRIBUTES[:3]), strict=True))
                for name, split in WORLD.splits.items()}  # fmt: skip
        assert len(seen["train"]) == 9
        assert len(seen["composed"]) == 3
        assert not seen["composed"] & (seen["train"] | seen["test"])
        for one, other in itertools.combinations(range(3), 2):
            pairs = {(its[one], its[other]) for its in seen["train"]}
            assert len(pairs) == len(VALUES[ATTRIBUTES[one]]) * len(VALUES[ATTRIBUTES[other]])

    def test_what_stays_and_what_changes(self):
        for name in ATTRIBUTES[:-1]:
            assert (TEST.truth[name] == TEST.truth[name][:, :1]).all()
        mood = turns_of(TEST, "mood")
        assert (mood[:, 1:] != mood[:, :-1]).mean() == pytest.approx(0.25, abs=0.06)

    def test_where_things_are_and_where_they_are_believed_to_be(self):
        """By a plain loop over the words."""
        for row in range(len(TEST)):
            text, true, believed, told = said(TEST, row), {}, {}, set()
            for turn in range(SETTINGS.n_turns):
                its = text[turn * TURN : (turn + 1) * TURN]
                true[its[1]] = its[2]
                if its[0] == "look":
                    believed[its[1]] = its[2]
                told.discard(its[1])
                question, thing = its[8], its[9]
                facts = {
                    name: turns_of(TEST, name)[row, turn] for name in ("place", "believed", "told")
                }
                places = WORLD.names["place"]
                assert places[facts["place"]] == true[thing]
                assert places[facts["believed"]] == believed[thing]
                assert facts["told"] == (thing in told)
                exact = turns_of(TEST, "asks_where")[row, turn]
                assert exact == (question == "where")
                named = places_said(TEST.tokens[row, turn * TURN :][[PLACE, CONTRAST]], WORLD)
                if question == "seek":
                    assert named.tolist() == [facts["believed"], -1]
                elif thing in told:
                    assert its[PLACE] == "again"
                else:
                    false = true[thing] != believed[thing]
                    assert named.tolist() == [facts["place"], facts["believed"] if false else -1]
                if question == "where":
                    believed[thing] = true[thing]
                    told.add(thing)

    def test_replies_suit_as_often_as_the_best_reader_says(self):
        many = generate(SETTINGS.model_copy(update={"n_test": 2000}), 1).splits["test"]
        mood = [WORLD.vocabulary.index(word) for word in STYLE["mood"].split()]
        for value in range(3):
            chance = many.truth["ideal_mood"][:, REPLY, value]
            came = (many.tokens[:, REPLY + 1 : PLACE] == mood[value]).any(1)
            surely = chance > 0.5
            assert came[surely].mean() == pytest.approx(chance[surely].mean(), abs=0.05)
            true = many.truth["mood"][:, 0] == value
            assert true[surely].mean() == pytest.approx(chance[surely].mean(), abs=0.05)

    def test_replies_that_suit_nobody_say_nothing(self):
        its = generate(Settings(name="listener", suits=False, n_test=1000), 0).splits["test"]
        mood = [WORLD.vocabulary.index(word) for word in STYLE["mood"].split()]
        came = (its.tokens[:, REPLY + 1 : PLACE] == mood[0]).any(1)
        calm = its.truth["mood"][:, 0] == 0
        assert came[calm].mean() == pytest.approx(came[~calm].mean(), abs=0.1)

    def test_a_stream_is_made_of_the_settings_and_what_is_stored(self):
        stored = Dataset.from_arrays(*WORLD.to_arrays())
        made = (WORLD.streams, streams(SETTINGS, stored))
        one, other = (its["fresh"](9, np.random.default_rng(1)) for its in made)
        assert (one.tokens == other.tokens).all()

    def test_an_empty_part_is_refused(self):
        with pytest.raises(ValidationError, match="leaves a part"):
            Settings(name="listener", n_test=8, validation=0.01)


class TestBestReader:
    def test_posteriors_are_those_of_all_that_could_have_been(self):
        """Bayes' rule over whole histories of moods and all combinations, in a plain loop."""
        s = SETTINGS
        met = [its for its in itertools.product(*(range(len(VALUES[a])) for a in ATTRIBUTES[:3]))
               if s.met[its]]  # fmt: skip
        words = {
            name: [w for its in of.values() for w in its.split()] for name, of in WORDS.items()
        }

        def chance(name: str, value: int, word: str) -> float:
            n, own = len(words[name]), WORDS[name][VALUES[name][value]].split()
            return s.shows * (word in own) / len(own) + (1 - s.shows) / n

        for row in range(3):
            text = said(TEST, row)
            for turns in (1, 3):
                heard = [text[t * TURN + SIGNS : t * TURN + SIGNS + 5] for t in range(turns)]
                joint: dict[tuple[int, ...], float] = {}
                for who in met:
                    for pet, *moods in itertools.product(range(2), *[range(3)] * turns):
                        p = 1.0
                        for t, mood in enumerate(moods):
                            if t:
                                p *= 1 - s.moody if mood == moods[t - 1] else s.moody / 2
                            values = (*who, pet, mood)
                            for name, value, word in zip(ATTRIBUTES, values, heard[t], strict=True):
                                p *= chance(name, value, word)
                        key = (*who, pet, moods[-1])
                        joint[key] = joint.get(key, 0.0) + p
                total = sum(joint.values())
                for i, name in enumerate(ATTRIBUTES):
                    expected = np.zeros(len(VALUES[name]))
                    for key, p in joint.items():
                        expected[key[i]] += p / total
                    its = TEST.truth[f"ideal_{name}"][row, (turns - 1) * TURN + REPLY]
                    assert its == pytest.approx(expected, abs=1e-6)

    def test_the_floor_is_what_the_words_are_worth(self):
        row, turn = 0, 2
        here = turn * TURN
        ideal = {a: TEST.truth[f"ideal_{a}"][row, here + REPLY] for a in ATTRIBUTES}
        words = said(TEST, row)[here : here + TURN]
        for left, at in zip((3, 2, 1), range(REPLY + 1, PLACE), strict=True):
            (name,) = (a for a, its in STYLE.items() if words[at] in its.split())
            p = ideal[name][STYLE[name].split().index(words[at])] / left
            assert TEST.truth["floor"][row, here + at] == pytest.approx(-np.log(p), rel=1e-4)
        assert TEST.truth["floor"][row, here : here + REPLY + 1].sum() == 0


def test_shares_are_of_the_words_of_an_attribute_alone():
    logs = torch.full((1, WORLD.n_tokens), -5.0)
    little = WORLD.vocabulary.index("little")
    logs[0, little] = -5.0 + np.log(3)
    assert shares(logs, suiting(WORLD)["dialect"])[0].tolist() == pytest.approx([0.25, 0.75])
    assert shares(logs, suiting(WORLD)["knowledge"])[0].tolist() == pytest.approx([0.5, 0.5])
