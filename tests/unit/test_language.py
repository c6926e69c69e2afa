"""A language small enough to add up all that can happen: the reader's probabilities are those."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from onset.tasks.language import following, telling
from onset.tasks.language.frames import Frame, Refers, Subject
from onset.tasks.language.grammar import Grammar, compiled
from onset.tasks.language.lexicon import Kind, Language, of_one
from onset.tasks.language.sentences import grammar_of
from onset.tasks.language.teller import Laws

SMALL = Language(
    topics={
        "day": {"go": "run walk", "object": "sun owl", "make": "see"},
        "night": {"go": "walk dream", "object": "moon", "make": "see fear"},
    },
    common={"go": "rest", "object": "egg cat", "make": "like"},
    names={"she": "mia ida", "he": "tom"},
    surnames="fox hill swan",
    things="lamp box coin",
    whereabouts="here there away",
    syllables="la",
    song_length=0,
    literals={
        "determiner": "the",
        "article": "a an",
        "connective": "and",
        "copula": "is",
        "pronoun": "she he they",
        "mark": ". ! ?",
    },
    patterns={
        "plain": (
            "{name} {surname} {goes} .",
            "{he} {makes} a {object} .",
            "they {go} .",
        ),
        "both": (
            "{name} {surname} and {name} {surname} {go} .",
            "{name} {surname} {goes} and {he} {goes} !",
        ),
        "about": ("the {thing} {whereabouts} .", "the {thing} is {whereabouts} ?"),
    },
    leanings={"both": ("night",)},
)
GRAMMAR = compiled(SMALL)
SINGING = compiled(
    replace(
        SMALL,
        names={"she": "mia", "he": "tom"},
        surnames="fox hill",
        things="lamp box",
        whereabouts="here there",
        syllables="la di do",
        song_length=2,
        patterns={
            "song": ("{name} {surname} {goes} and {song} .", "{song} !"),
            "about": ("the {thing} {whereabouts} .",),
        },
        leanings={},
    )
)
LAWS = [Laws(0.3, 2, 2), Laws(0.3, 2, 2, bound=False), Laws(0.6, 3, 2)]
STORIES = [
    "mia fox runs . she sees an owl .",
    "tom hill and ida fox walk . they rest . tom hill",
    "the lamp here . the box away . the lamp is here ?",
    "the lamp here . ida swan rests and she walks ! the lamp here",
    "mia fox walks . tom hill dreams . mia fox and tom hill dream .",
]
SONGS = [
    "la di ! the lamp here . la di ! la",
    "tom fox walks and do la . do la !",
    "la do ! do la !",
]


def test_verbs_of_one():
    assert [*map(of_one, ("walk", "watch", "wash", "fix", "miss"))] == [
        "walks", "watches", "washes", "fixes", "misses",
    ]  # fmt: skip


def emitted(grammar: Grammar, word: str, frame: int, place: int) -> list[float]:
    token = grammar.vocabulary.index(word)
    return grammar.emission[token, grammar.symbols[frame, place]].tolist()


class TestGrammar:
    def test_pools_by_topic(self):
        frame = int(np.flatnonzero(GRAMMAR.lengths == 3)[0])
        # Of the topic's words .8, as 1 to 1/2; of the common ones .2.
        assert emitted(GRAMMAR, "run", frame, 1) == pytest.approx([0.8 * 2 / 3, 0])
        assert emitted(GRAMMAR, "walk", frame, 1) == pytest.approx([0.8 / 3, 0.8 * 2 / 3])
        assert emitted(GRAMMAR, "rest", frame, 1) == pytest.approx([0.2, 0.2])

    def test_an_article_chooses_the_words_that_it_stands_before(self):
        a, an = (
            next(i for i, row in enumerate(GRAMMAR.symbols) if emitted(GRAMMAR, word, i, 2)[0] == 1)
            for word in ("a", "an")
        )
        assert emitted(GRAMMAR, "owl", a, 3) == [0, 0]
        assert emitted(GRAMMAR, "moon", a, 3) == pytest.approx([0, 0.8 / (0.8 + 0.2 / 3)])
        assert emitted(GRAMMAR, "owl", an, 3)[0] == pytest.approx((0.8 / 3) / (0.8 / 3 + 0.4 / 3))
        assert emitted(GRAMMAR, "egg", an, 3)[1] == pytest.approx(1)
        # By day, what begins with a vowel is `owl` and `egg`.
        of_one = GRAMMAR.shares[Subject.ONE, 0]
        assert (of_one[an] / (of_one[a] + of_one[an]))[0] == pytest.approx(0.8 / 3 + 0.4 / 3)

    def test_symbols_become_one_word_and_some_frame_comes(self):
        sums = GRAMMAR.emission.sum(0)
        refers = GRAMMAR.refers >= 0
        np.testing.assert_allclose(sums[:-1][~refers[:-1]], 1)
        assert not sums[refers].any()
        assert not sums[-1].any()
        np.testing.assert_allclose(GRAMMAR.shares.sum(2), 1)

    def test_frames_wait_for_what_they_refer_to(self):
        wants = [
            frame.wants
            for texts in SMALL.patterns.values()
            for t in texts
            for frame in Frame.read(t, SMALL.slots)
        ]
        told = GRAMMAR.has[:, Refers.TOLD_THING]
        for subject, anything_told in product(Subject, (0, 1)):
            can = GRAMMAR.shares[subject, anything_told].any(1)
            its = [want in (Subject.NOBODY, subject) for want in wants]
            assert can.tolist() == (np.array(its) & (~told | bool(anything_told))).tolist()

    @pytest.mark.parametrize(
        ("frame", "leaves"),
        [
            ("{name} {surname} {goes} .", "ONE"),
            ("{name} {surname} and {name} {surname} {go} .", "SEVERAL"),
            ("{name} {surname} {goes} and {he} {goes} .", "ONE"),
            ("the {people} {go} .", "SEVERAL"),
            ("the {thing} {whereabouts} .", "NOBODY"),
            ("{he} {goes} .", "NOBODY"),
            ("they {go} .", "NOBODY"),
        ],
    )
    def test_subjects_that_frames_leave(self, frame, leaves):
        assert {its.leaves.name for its in Frame.read(frame, SMALL.slots)} == {leaves}

    def test_rules_of_whereabouts(self):
        (adjacent,) = Frame.read("the {thing} {whereabouts} .", SMALL.slots)
        (later,) = Frame.read("the {thing} is {whereabouts} .", SMALL.slots)
        assert [its.rule for its in adjacent.symbols] == ["none", "none", "whereabouts", "none"]
        assert [its.rule for its in later.symbols] == ["none", "none", "number", "restated", "none"]

    @pytest.mark.parametrize(
        ("frame", "says"),
        [
            ("they {go}", "at its end"),
            ("they {go} . they {go} .", "none before"),
            ("we {go} .", "the slot of 'we'"),
        ],
    )
    def test_frames_that_are_written_wrongly(self, frame, says):
        with pytest.raises(ValueError, match=says):
            compiled(replace(SMALL, patterns={"plain": (frame,)}))

    def test_a_topic_needs_words_for_both_articles(self):
        common = {**SMALL.common, "object": "cat"}
        with pytest.raises(ValueError, match="night has no object that 'an' stands before"):
            compiled(replace(SMALL, common=common))


class TestFollowing:
    """Against the sum over everything that can be drawn: casts, topics, frames, who is named, words."""

    @pytest.mark.parametrize("laws", LAWS, ids=str)
    @pytest.mark.parametrize("story", STORIES)
    def test_probabilities_are_those_of_all_that_can_happen(self, story, laws):
        tokens = GRAMMAR.numbers(story)
        told = added_up(GRAMMAR, laws, tokens)
        (found,) = following.nats(GRAMMAR, laws, np.array([tokens]))
        np.testing.assert_allclose(np.exp(-found.cumsum()), told, rtol=1e-9)

    @pytest.mark.parametrize("laws", LAWS[:2], ids=str)
    @pytest.mark.parametrize("story", SONGS)
    def test_songs_too(self, story, laws):
        tokens = SINGING.numbers(story)
        told = added_up(SINGING, laws, tokens)
        if laws.bound and story == SONGS[-1]:  # sung in another order
            assert not any(told[3:])
            with pytest.raises(ValueError, match="no story begins like this: la do ! do"):
                following.nats(SINGING, laws, np.array([tokens]))
            return
        (found,) = following.nats(SINGING, laws, np.array([tokens]))
        np.testing.assert_allclose(np.exp(-found.cumsum()), told, rtol=1e-9)

    @pytest.mark.parametrize("laws", LAWS[:2], ids=str)
    def test_songs_come_as_often_as_the_reader_expects(self, laws):
        assert_as_often(SINGING, laws, n=20_000, length=8)

    @pytest.mark.parametrize("laws", LAWS, ids=str)
    def test_next_tokens_add_up_to_one(self, laws):
        rng = np.random.default_rng(0)
        for length in (1, 3, 4, 7, 12):
            tokens = telling.told(GRAMMAR, laws, 40, length, rng).tokens
            expected = following.expected(GRAMMAR, laws, tokens)
            np.testing.assert_allclose(expected.sum(1), 1)
            more = np.argmax(expected, 1)
            found = following.nats(GRAMMAR, laws, np.column_stack([tokens, more]))
            np.testing.assert_allclose(np.exp(-found[:, -1]), expected.max(1))

    @pytest.mark.parametrize("laws", LAWS, ids=str)
    def test_stories_come_as_often_as_the_reader_expects(self, laws):
        assert_as_often(GRAMMAR, laws, n=30_000, length=9)

    def test_in_the_whole_language_too(self):
        grammar, laws = grammar_of(8), Laws(0.2, 3, 3)
        stories = telling.told(grammar, laws, 40, 60, np.random.default_rng(2)).tokens
        np.testing.assert_allclose(following.expected(grammar, laws, stories).sum(1), 1)

    def test_no_story_is_one_that_breaks_a_rule(self):
        for story in ("mia fox run", "mia fox runs . he", "the lamp is", "she", "mia mia"):
            tokens = np.array([GRAMMAR.numbers(story)])
            with pytest.raises(ValueError, match=f"no story begins like this: {story}"):
                following.nats(GRAMMAR, LAWS[0], tokens)

    def test_many_stories_are_read_as_each_alone(self, monkeypatch):
        stories = telling.told(GRAMMAR, LAWS[0], 20, 12, np.random.default_rng(3)).tokens
        together = following.nats(GRAMMAR, LAWS[0], stories)
        monkeypatch.setattr(following, "_AT_ONCE", 7)
        np.testing.assert_array_equal(following.nats(GRAMMAR, LAWS[0], stories), together)


def test_a_known_story_in_the_whole_language():
    """What belongs to whom: equally likely among all that are left, then certain, or any that was told."""
    grammar = grammar_of(8)
    told = ["mia fox has the lamp upstairs .", "tom hill has the lamp upstairs ."]
    tokens = np.array([grammar.numbers(" ".join((*told, told[0])))])
    n = grammar.n_of_kind
    laws = Laws(0.2, 3, 3)
    (found,) = following.nats(grammar, laws, tokens)
    (unbound,) = following.nats(grammar, laws._replace(bound=False), tokens)
    # fox, hill, and fox again; lamp and upstairs for the first time, and upstairs again.
    assert found[[1, 8, 15]] == pytest.approx(np.log([n[Kind.SURNAME], n[Kind.SURNAME] - 1, 1]))
    assert found[[4, 5, 19]] == pytest.approx(np.log([n[Kind.THING], n[Kind.WHEREABOUTS], 1]))
    assert unbound[15] == pytest.approx(np.log(2))
    assert unbound[19] == pytest.approx(0, abs=1e-9)
    # The lamp again is one of three things.
    assert found[11] == pytest.approx(np.log(3))


def assert_as_often(grammar: Grammar, laws: Laws, n: int, length: int) -> None:
    """Whether the most frequent beginnings of stories come as often as expected, within five deviations."""
    stories = telling.told(grammar, laws, n, length, np.random.default_rng(1)).tokens
    nats = following.nats(grammar, laws, stories)
    for cut in range(1, length + 1):
        begun = [*map(bytes, np.ascontiguousarray(stories[:, :cut]))]
        expected = dict(zip(begun, np.exp(-nats[:, :cut].sum(1)), strict=True))
        for story, times in Counter(begun).most_common(30):
            p = expected[story]
            assert times == pytest.approx(n * p, abs=5 * (n * p * (1 - p)) ** 0.5 + 1)


def added_up(grammar: Grammar, laws: Laws, tokens: list[int]) -> list[float]:
    """The probability of each beginning of a story, as a plain sum over all that can be drawn."""
    casts = [
        [np.array(its) for its in chosen]
        for chosen in product(
            permutations(grammar.members(Kind.NAME).tolist(), laws.n_persons),
            permutations(grammar.members(Kind.SURNAME).tolist(), laws.n_persons),
            permutations(grammar.members(Kind.THING).tolist(), laws.n_things),
            permutations(grammar.members(Kind.WHEREABOUTS).tolist(), laws.n_things),
            permutations(grammar.members(Kind.SYLLABLE).tolist(), grammar.song_length),
        )
    ]
    found = np.zeros(len(tokens))
    for cast in casts:
        found += _All(grammar, laws, tokens, cast).sums
    return (found / len(casts)).tolist()


class _All:
    """All ways in which a cast's stories can begin with these tokens."""

    def __init__(self, grammar, laws, tokens, cast):
        self.grammar, self.laws, self.tokens = grammar, laws, tokens
        self.names, self.surnames, self.things, self.whereabouts, self.song = cast
        self.sums = np.zeros(len(tokens))
        for topic in range(len(grammar.topics)):
            p = 1 / len(grammar.topics)
            self.sentence(0, p, topic, Subject.NOBODY, -1, frozenset(), frozenset(), False)

    def sentence(self, at, p, topic, subject, who, persons, things, sung):
        shares = self.grammar.shares[subject, int(bool(things)), :, topic]
        for frame in np.flatnonzero(shares):
            has = set(self.grammar.refers[self.grammar.symbols[frame]])
            firsts = range(self.laws.n_persons) if Refers.NAME in has else (None,)
            for first in firsts:
                others = [o for o in range(self.laws.n_persons) if o != first]
                others = others if Refers.OTHER_NAME in has else [None]
                among = things if Refers.TOLD_THING in has else range(self.laws.n_things)
                among = among if {Refers.TOLD_THING, Refers.THING} & has else [None]
                for other, thing in product(others, among):
                    chance = p * shares[frame] / len(firsts) / len(others) / len(among)
                    state = (topic, subject, who, persons, things, sung, first, other, thing)
                    self.words(at, 0, chance, frame, state)

    def words(self, at, place, p, frame, state):
        """Go on with one place of a sentence."""
        topic, subject, who, persons, things, sung, first, other, thing = state
        if place == self.grammar.lengths[frame]:
            leaves = self.grammar.leaves[frame]
            subject = subject if leaves == Subject.NOBODY else leaves
            who = self.names[first] if leaves == Subject.ONE else who
            persons = persons | ({first, other} - {None})
            things = things | ({thing} - {None})
            sung = bool(sung or self.grammar.has[frame, Refers.SONG :].any())
            n = len(self.grammar.topics)
            for after in range(n):
                stays = 1 - self.laws.drift if after == topic else self.laws.drift / (n - 1)
                self.sentence(at, p * stays, after, subject, who, persons, things, sung)
            return
        if at == len(self.tokens):
            return
        symbol = self.grammar.symbols[frame, place]
        refers = self.grammar.refers[symbol]
        token = self.tokens[at]
        if refers < 0:
            p *= self.grammar.emission[token, symbol, topic]
        else:
            said = self.tokens[at - place : at]
            p *= self.of_referring(int(refers), state, said).get(token, 0.0)
        if p:
            self.sums[at] += p
            if at + 1 < len(self.tokens):
                self.words(at + 1, place + 1, p, frame, state)

    def of_referring(self, refers, state, said):
        """The tokens that a symbol can become in a sentence, with their probabilities."""
        _, _, who, persons, things, sung, first, other, thing = state
        if refers >= Refers.SONG:
            if self.laws.bound or not sung:
                return {self.song[refers - Refers.SONG]: 1.0}
            left = [its for its in self.song.tolist() if its not in said]
            return {its: 1 / len(left) for its in left}
        match refers:
            case Refers.NAME:
                return {self.names[first]: 1.0}
            case Refers.OTHER_NAME:
                return {self.names[other]: 1.0}
            case Refers.SURNAME:
                return self.value(self.surnames, first, persons)
            case Refers.OTHER_SURNAME:
                return self.value(self.surnames, other, persons | {first}, said)
            case Refers.THING | Refers.TOLD_THING:
                return {self.things[thing]: 1.0}
            case Refers.WHEREABOUTS | Refers.TOLD_WHEREABOUTS:
                return self.value(self.whereabouts, thing, things)
            case Refers.EARLIER_SUBJECT:
                return {self.grammar.pronoun[who]: 1.0}
            case Refers.FIRST_NAMED:
                return {self.grammar.pronoun[self.names[first]]: 1.0}

    def value(self, values, key, told, said=()):
        if self.laws.bound or key not in told:
            return {values[key]: 1.0}
        others = [values[its] for its in told if values[its] not in said]
        return {its: 1 / len(others) for its in others}
