"""Stories keep their rules, and what is said to be known of each token is so."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.dataset import VALIDATION, Dataset, Split, TaskSettings
from onset.tasks.language.following import nats
from onset.tasks.language.frames import COMPOSED, RULES
from onset.tasks.language.grammar import Kind
from onset.tasks.language.stories import Settings, generate, streams
from onset.tasks.language.telling import told
from onset.training.batches import draw

SMALL_WORLDS = [
    {"length": 40, "n_train": 12, "n_test": 8, "n_asked": 4, "n_counted": 50},
    {"length": 32, "n_topics": 2, "n_persons": 2, "n_things": 2, "n_train": 64, "n_test": 40,
     "n_asked": 4, "n_counted": 10},
    {"length": 40, "bound": False, "n_train": 8, "n_test": 8, "n_asked": 4, "n_counted": 10},
]  # fmt: skip
"""that no two splits share an example of; measures are tried on the first"""

SETTINGS = Settings(name="stories", n_train=40, n_test=120, n_asked=20, n_counted=500)
WORLD = generate(SETTINGS, 0)
UNBOUND = generate(SETTINGS.model_copy(update={"bound": False, "n_asked": 4}), 0).splits["test"]
WORDS = np.array(WORLD.vocabulary)
TEST = WORLD.splits["test"]
LOSSES = ("floor", "unbound", "trigram", "bigram", "unigram")
CONTENT = {
    "makes",
    "make",
    "goes",
    "go",
    "object",
    "room",
    "adjective",
    "adverb",
    "people",
    "feeling",
}


def slots(split: Split) -> np.ndarray:
    return np.array(WORLD.names["slot"])[split.truth["slot"]]


def with_rule(split: Split, rule: str) -> np.ndarray:
    """Which tokens it determines."""
    return split.truth["rule"] == RULES.index(rule)


def told_before(tokens: np.ndarray, place: int) -> bool:
    """Whether the token came before, right after the same token."""
    return any((pair == tokens[place - 1 : place + 1]).all() for pair in pairs(tokens[:place]))


def pairs(tokens: np.ndarray) -> list[np.ndarray]:
    return [np.array(pair) for pair in pairwise(tokens)]


def test_the_settings_tell_of_the_dataset():
    assert isinstance(SETTINGS, TaskSettings)
    assert tuple(WORLD.splits) == SETTINGS.splits
    assert (WORLD.n_tokens, WORLD.length) == (SETTINGS.n_tokens, SETTINGS.length)
    assert set(SETTINGS.trained) == {"train", *WORLD.streams}
    for name, split in WORLD.splits.items():
        n = {"train": 40, "test": 120, f"test{VALIDATION}": 120}.get(name, 20)
        assert len(split) == n, name
        assert set(split.truth) == set(SETTINGS.truth_of(name)), name


def test_targets_are_the_next_tokens():
    for name, split in WORLD.splits.items():
        scored = (94,) if name.startswith(COMPOSED) else tuple(range(95))
        assert split.scored == scored
        assert (split.targets == split.tokens[:, np.array(scored) + 1]).all()


class TestRules:
    def test_verbs_agree_with_their_subjects(self):
        found = 0
        of_one = with_rule(TEST, "number")
        for words, slot, number in zip(WORDS[TEST.tokens], slots(TEST), of_one, strict=True):
            for place in np.flatnonzero(number[1:]) + 1:
                before, its = words[place - 1], slot[place]
                if its in ("makes", "goes"):
                    assert before in ("she", "he") or slot[place - 1] == "surname"
                    found += 1
                if its in ("make", "go"):
                    joined = slot[place - 1] == "surname" and words[place - 3] == "and"
                    assert before == "they" or slot[place - 1] == "people" or joined
                    found += 1
        assert found > 300

    def test_articles_fit_what_follows(self):
        words = WORDS[TEST.tokens]
        a, an = (words[:, 1:][words[:, :-1] == article] for article in ("a", "an"))
        assert not {its[0] for its in a} & set("aeiou")
        assert {its[0] for its in an} <= set("aeiou")
        assert min(len(a), len(an)) > 10

    def test_pronouns_stand_for_the_last_subject(self):
        girls = {
            n
            for n, p in zip(WORDS, SETTINGS.grammar.pronoun, strict=True)
            if p >= 0 and WORDS[p] == "she"
        }
        for words in WORDS[TEST.tokens]:
            subject = None
            for sentence in " ".join(words).replace("!", ".").replace("?", ".").split(" . "):
                its = sentence.split()
                if its[0] in WORDS[SETTINGS.grammar.kind == Kind.NAME]:
                    subject = "she" if its[0] in girls else "he"
                    if len(its) > 2 and its[2] == "and":
                        subject = "they"
                elif its[0] == "the" and len(its) > 2 and its[1] in PEOPLE:
                    subject = "they"
                if pronouns := {"she", "he", "they"} & set(its):
                    assert pronouns == {subject}, sentence

    @pytest.mark.parametrize(
        ("rule", "kind"), [("surname", Kind.SURNAME), ("whereabouts", Kind.WHEREABOUTS)]
    )
    def test_what_is_told_again_is_what_was_told(self, rule, kind):
        again = with_rule(TEST, rule)
        is_value = SETTINGS.grammar.kind[TEST.tokens] == kind
        restated = with_rule(TEST, "restated")
        assert again.sum() > 150
        for tokens, its, values, asked in zip(TEST.tokens, again, is_value, restated, strict=True):
            for place in np.flatnonzero(values & ~asked):
                assert told_before(tokens, place) == its[place]
                assert its[place] or tokens[place] not in tokens[:place]

    def test_what_is_restated_was_told(self):
        found = 0
        for tokens, asked in zip(TEST.tokens, with_rule(TEST, "restated"), strict=True):
            for place in np.flatnonzero(asked):
                assert WORDS[tokens[place - 1]] == "is"
                adjacent = [tokens[place - 2], tokens[place]]
                assert any((pair == adjacent).all() for pair in pairs(tokens[:place]))
                found += 1
        assert found > 100

    def test_without_bindings_values_are_any_that_were_told(self):
        again = with_rule(UNBOUND, "surname") | with_rule(UNBOUND, "whereabouts")
        right = []
        for tokens, its in zip(UNBOUND.tokens, again, strict=True):
            for place in np.flatnonzero(its):
                assert tokens[place] in tokens[:place]
                key = np.flatnonzero(tokens[:place] == tokens[place - 1])[0]
                right.append(tokens[key + 1] == tokens[place])
        # One of one, two or three that have been told.
        chance = np.exp(-UNBOUND.truth["floor"][again]).mean()
        assert np.mean(right) == pytest.approx(chance, abs=4 * 0.5 / len(right) ** 0.5)

    def test_songs_stay_as_they_are(self):
        syllables = SETTINGS.grammar.kind[TEST.tokens] == Kind.SYLLABLE
        songs = 0
        for tokens, its, again in zip(TEST.tokens, syllables, with_rule(TEST, "song"), strict=True):
            sung = tokens[its]
            length = SETTINGS.grammar.song_length
            assert (sung == np.resize(sung[:length], len(sung))).all()
            assert len(set(sung[:length])) == min(length, len(sung))
            assert (again[its] == (np.arange(len(sung)) >= length)).all()
            songs += len(sung) / length
        assert songs > 100

    def test_composed_rules_determine_many_tokens(self):
        composed = np.isin(TEST.truth["rule"], [RULES.index(rule) for rule in COMPOSED])
        assert 0.12 < composed.mean() < 0.2
        # Nobody knows that a sentence will begin with a song.
        begins = np.roll(SETTINGS.grammar.ends[TEST.tokens], 1, axis=1)
        assert TEST.truth["floor"][composed & ~begins].max() < 1e-6
        assert TEST.truth["unbound"][composed].mean() > 0.7


PEOPLE = set(WORDS[TEST.tokens[slots(TEST) == "people"]].tolist())


class TestTruth:
    def test_losses_are_in_order(self):
        means = [TEST.truth_of_next(name).mean() for name in LOSSES]
        assert means == sorted(means)
        assert means[1] - means[0] > 0.08
        assert means[2] - means[1] > 0.5

    def test_floors_are_those_of_the_reader(self):
        found = nats(SETTINGS.grammar, SETTINGS.laws, TEST.tokens)
        np.testing.assert_allclose(TEST.truth["floor"], found, rtol=1e-6)

    def test_only_composed_rules_need_bindings(self):
        more = TEST.truth["unbound"] - TEST.truth["floor"]
        composed = np.isin(TEST.truth["rule"], [RULES.index(rule) for rule in COMPOSED])
        assert abs(more[~composed]).max() < 1e-5
        assert more[composed].min() > -1e-5
        surnames = TEST.truth["rule"] == RULES.index("surname")
        assert more[surnames].max() == pytest.approx(np.log(SETTINGS.n_persons), abs=1e-5)
        assert more.max() == pytest.approx(np.log(SETTINGS.grammar.song_length), abs=1e-5)

    def test_without_bindings_both_readers_are_the_same(self):
        np.testing.assert_array_equal(UNBOUND.truth["floor"], UNBOUND.truth["unbound"])

    @pytest.mark.parametrize("drift", [0.0, 0.2, 1.0])
    def test_topics_drift_from_sentence_to_sentence(self, drift):
        laws = SETTINGS.laws._replace(drift=drift)
        its = told(SETTINGS.grammar, laws, 300, 96, np.random.default_rng(0))
        ends = SETTINGS.grammar.ends[its.tokens[:, :-1]]
        changes = its.topic[:, 1:] != its.topic[:, :-1]
        assert not changes[~ends].any()
        assert changes[ends].mean() == pytest.approx(drift, abs=0.03)

    def test_slots_are_those_of_the_frames(self):
        kinds = SETTINGS.grammar.kind[TEST.tokens]
        for slot, kind in (
            ("name", Kind.NAME),
            ("surname", Kind.SURNAME),
            ("thing", Kind.THING),
            ("whereabouts", Kind.WHEREABOUTS),
        ):
            assert ((slots(TEST) == slot) == (kinds == kind)).all()
        assert set(WORDS[TEST.tokens[slots(TEST) == "mark"]]) <= set(".!?:")

    def test_some_words_have_two_slots_and_some_two_topics(self):
        of_word: dict[str, set[str]] = {}
        for word, slot in zip(WORDS[TEST.tokens].ravel(), slots(TEST).ravel(), strict=True):
            of_word.setdefault(word, set()).add(slot)
        assert of_word["plant"] >= {"make", "object"}
        assert of_word["play"] >= {"object", "go"}
        topics = np.unique(TEST.truth["topic"][(WORDS[TEST.tokens] == "soft")])
        assert set(np.array(WORLD.names["topic"])[topics]) == {"music", "sleeping"}


class TestTwins:
    N = SETTINGS.n_asked

    def test_other_topics_in_the_same_slots(self):
        twin = WORLD.splits["other_topic"]
        assert (slots(twin) == slots(TEST)[: self.N]).all()
        assert (twin.truth["topic"] != TEST.truth["topic"][: self.N]).all()
        differ = twin.tokens != TEST.tokens[: self.N]
        assert set(slots(twin)[differ].tolist()) <= CONTENT
        assert differ[np.isin(slots(twin), list(CONTENT))].mean() > 0.6

    def test_the_same_topics_in_other_slots(self):
        compared = 0
        for row in range(self.N):
            one, two = (sentences(its, row) for its in (TEST, WORLD.splits["other_slot"]))
            for (topic, said), (others, other) in zip(one, two, strict=False):
                assert topic == others
                assert said != other
                compared += 1
        assert compared > 10 * self.N


def sentences(split: Split, row: int) -> list[tuple[int, list[str]]]:
    """Of those that a story ends: topic and slots."""
    ends = np.flatnonzero(SETTINGS.grammar.ends[split.tokens[row]]) + 1
    parts = np.split(np.arange(split.tokens.shape[1]), ends)[:-1]
    return [(int(split.truth["topic"][row, at[0]]), slots(split)[row, at].tolist()) for at in parts]


class TestRuleSplits:
    @pytest.mark.parametrize("rule", COMPOSED)
    @pytest.mark.parametrize("part", ["", VALIDATION])
    def test_the_last_token_has_the_rule_and_a_rival(self, rule, part):
        its = WORLD.splits[rule + part]
        assert with_rule(its, rule)[:, -1].all()
        right, rival = its.targets[:, 0], its.truth["rival"]
        kind = SETTINGS.grammar.kind
        assert (kind[right] == kind[rival]).all()
        assert (right != rival).all()
        rows = np.arange(len(its))
        assert (its.tokens[rows, its.truth["right_place"]] == right).all()
        assert (its.tokens[rows, its.truth["rival_place"]] == rival).all()
        assert (its.truth["right_place"] < 95).all()
        before = its.tokens[:, :-1]
        of_right, of_rival = ((before == value[:, None]).sum(1) for value in (right, rival))
        assert (of_right == of_rival).all()
        assert its.truth_of_next("unbound").min() > 0.6

    @pytest.mark.parametrize("rule", COMPOSED)
    def test_twins_have_both_values_swapped(self, rule):
        own, other = WORLD.splits[rule], WORLD.splits[f"{rule}_swapped"]
        assert (own.targets[:, 0] == other.truth["rival"]).all()
        assert (other.targets[:, 0] == own.truth["rival"]).all()
        for place in ("right_place", "rival_place"):
            assert (own.truth[place] == other.truth[place]).all()
        differ = own.tokens != other.tokens
        values = np.stack([own.targets[:, 0], own.truth["rival"]], 1)
        for tokens, its, two in zip(own.tokens, differ, values, strict=True):
            assert (its == np.isin(tokens, two)).all()
        # A story like any other, just as likely.
        np.testing.assert_allclose(own.truth["floor"], other.truth["floor"], atol=1e-6)


def test_what_is_known_is_stored_with_the_dataset():
    arrays, about = WORLD.to_arrays()
    found = Dataset.from_arrays(arrays, about)
    assert found.names == WORLD.names
    for name, split in WORLD.splits.items():
        for fact, values in split.truth.items():
            np.testing.assert_array_equal(found.splits[name].truth[fact], values)
            assert found.splits[name].truth[fact].dtype == values.dtype


def test_truth_at_a_position_and_of_the_next_token():
    split = Split.of_text(
        np.array([[5, 6, 7], [8, 9, 5]]),
        {"slot": np.array([[0, 1, 2], [3, 4, 5]]), "rival": np.array([6, 7])},
    )
    assert split.scored == (0, 1)
    assert split.targets.tolist() == [[6, 7], [9, 5]]
    assert split.truth_at("slot", 1).tolist() == [1, 4]
    assert split.truth_at("rival", 1).tolist() == [6, 7]
    assert split.truth_of_next("slot").tolist() == [[1, 2], [4, 5]]


def test_a_stream_is_new_at_every_step_and_the_same_at_each():
    one, same, other = (draw(WORLD, {"fresh": 8}, seed=1, step=step) for step in (3, 3, 4))
    tokens = [batch.questions[0].tokens for batch in (one, same, other)]
    assert (tokens[0] == tokens[1]).all()
    assert not (tokens[0] == tokens[2]).all()
    assert one.questions[0].scored == tuple(range(95))


def test_a_stream_is_made_of_the_settings_alone():
    rng = [np.random.Generator(np.random.Philox(5)) for _ in range(2)]
    one, other = WORLD.streams["fresh"](4, rng[0]), streams(SETTINGS, WORLD)["fresh"](4, rng[1])
    assert (one.tokens == other.tokens).all()


def test_a_seed_is_a_world():
    small = Settings(name="stories", **SMALL_WORLDS[0])
    one, same, other = (generate(small, seed).splits["test"] for seed in (0, 0, 1))
    for fact, values in one.truth.items():
        np.testing.assert_array_equal(values, same.truth[fact])
    assert (one.tokens == same.tokens).all()
    assert not (one.tokens == other.tokens).all()


def test_twins_are_of_stories_that_there_are():
    with pytest.raises(ValidationError, match=r"n_asked \(64\) can't be more than n_test \(8\)"):
        Settings(name="stories", n_test=8)
