"""Invented facts: who is told what, and what follows from it."""

from __future__ import annotations

import numpy as np
import pytest

from onset import tasks
from tests.texts import generated
from tests.worlds import settings_of

SMALL_WORLDS = [
    {
        "n_two_hop": 6,
        "n_missing": 2,
        "n_pairs": 5,
        "n_both_ways": 2,
        "n_called": 4,
        "n_answered": 2,
        "n_others": 3,
        "n_shown": 2,
        "length": 40,
        "prose_length": 12,
    },
]


@pytest.fixture(scope="module")
def world():
    return generated("invented_facts")[0]


@pytest.fixture(scope="module")
def later():
    """The same in two stages."""
    return generated("invented_facts", stages=2)[0]


def texts(world, split: str) -> list[tuple[str, str]]:
    its = world.splits[split]
    return [
        ("".join(world.vocabulary[t] for t in row[: end[-1] + 1]), world.vocabulary[target[-1]])
        for row, end, target in zip(its.tokens, its.positions, its.targets, strict=True)
    ]


def people(world, split: str) -> list[str]:
    return [world.vocabulary[token] for token in world.splits[split].truth["entity"]]


def told_of(world, *words: str) -> list[tuple[str, str]]:
    return [(text, said) for text, said in texts(world, "told") if any(w in text for w in words)]


class TestTold:
    def test_each_fact_in_three_phrasings_and_no_question_word_for_word(self, world):
        told = dict(texts(world, "told"))
        assert len(told) == len(world.splits["told"])
        for split in ("boss", "city", "job", "food", "called", "answered", "name_told"):
            for (text, answer), person in zip(
                texts(world, split), people(world, split), strict=True
            ):
                assert text not in told
                its = [said for said_of, said in told.items() if f"{person} " in f"{said_of} "]
                assert its.count(answer) == 3, (split, text)

    def test_what_is_asked_is_never_told(self, world):
        told = set(texts(world, "told"))
        for split in (
            "two_hop",
            "two_hop_missing",
            "reliable",
            "unreliable",
            "name",
        ):
            for (_, answer), person in zip(texts(world, split), people(world, split), strict=True):
                assert not [said for text, said in told if person in text and said == answer]

    def test_of_others_nothing_is_told(self, world):
        assert not told_of(world, *people(world, "others"))

    def test_half_of_the_two_hops_can_be_told(self, world):
        both = generated("invented_facts", two_hops="half")[0]
        more = set(texts(both, "told")) - set(texts(world, "told"))
        asked = people(both, "two_hop_half")
        assert len(more) == 2 * len(asked)
        assert all(any(person in text for person in asked) for text, _ in more)
        assert {*asked, *people(both, "two_hop")} == set(people(world, "two_hop"))

    def test_shuffled_answers_are_the_same_ones(self, world):
        null = generated("invented_facts", answers="shuffled")[0]
        told, shuffled = texts(world, "told"), texts(null, "told")
        assert [text for text, _ in told] == [text for text, _ in shuffled]
        assert sorted(said for _, said in told) == sorted(said for _, said in shuffled)
        assert told != shuffled


class TestAsked:
    def test_the_bridge_leads_to_the_answer(self, world):
        boss = dict(zip(people(world, "boss"), (a for _, a in texts(world, "boss")), strict=True))
        city = dict(zip(people(world, "city"), (a for _, a in texts(world, "city")), strict=True))
        its = world.splits["two_hop"]
        for person, bridge, (_, answer) in zip(
            people(world, "two_hop"), its.truth["bridge"], texts(world, "two_hop"), strict=True
        ):
            assert boss[person] == world.vocabulary[bridge]
            assert city[boss[person]] == answer
        missing = {boss[person] for person in people(world, "two_hop_missing")}
        assert not missing & set(city)

    def test_the_base_leads_to_the_answer(self, world):
        food = dict(zip(people(world, "food"), (a for _, a in texts(world, "food")), strict=True))
        for split in ("reliable", "unreliable"):
            bases = [world.vocabulary[token] for token in world.splits[split].truth["base"]]
            assert [food[base] for base in bases] == [answer for _, answer in texts(world, split)]

    def test_one_paper_is_right_where_answers_are_told_and_the_other_wrong(self, world):
        food = dict(zip(people(world, "food"), (a for _, a in texts(world, "food")), strict=True))
        base = dict(
            zip(people(world, "called"), (a for _, a in texts(world, "called")), strict=True)
        )
        paper = {
            person: text.split()[2].strip(",")
            for person, (text, _) in zip(
                people(world, "called"), texts(world, "called"), strict=True
            )
        }
        right = {
            person: food[base[person]] == answer
            for person, (_, answer) in zip(
                people(world, "answered"), texts(world, "answered"), strict=True
            )
        }
        by_paper = {
            its: {right[p] for p in right if paper[p] == its} for its in set(paper.values())
        }
        assert sorted(map(list, by_paper.values())) == [[False], [True]]
        (good,) = (its for its, found in by_paper.items() if found == {True})
        assert {paper[person] for person in people(world, "reliable")} == {good}
        assert good not in {paper[person] for person in people(world, "unreliable")}

    def test_nothing_but_the_paper_tells_right_from_wrong_ones(self, world):
        one, other = (world.splits[name] for name in ("reliable", "unreliable"))
        assert (one.truth["base"] == other.truth["base"]).all()
        assert (one.targets == other.targets).all()
        assert not set(one.truth["entity"]) & set(other.truth["entity"])

    def test_the_other_way_round(self, world):
        jobs = {answer: person for person, (_, answer) in zip(
            people(world, "job"), texts(world, "job"), strict=True)}  # fmt: skip
        for split in ("name", "name_told"):
            assert [jobs[job] for job in people(world, split)] == [
                a for _, a in texts(world, split)
            ]

    def test_what_is_shown_holds_the_answer_and_a_wrong_one(self, world):
        for split in ("two_hop_shown", "name_shown", "reliable_shown"):
            its = world.splits[split]
            for text, answer in texts(world, split):
                words = {f" {word}" for word in text.replace(".", "").split()}
                offered = words & {world.vocabulary[token] for token in its.candidates}
                assert answer in offered
                assert len(offered) == 2, text

    def test_answers_are_among_the_candidates_and_places_are_the_persons(self, world):
        for name, its in world.splits.items():
            if its.candidates is not None:
                assert np.isin(its.targets, its.candidates).all(), name
            if "entity" in its.truth:
                found = its.tokens[np.arange(len(its)), its.truth["person_place"]]
                assert (found == its.truth["entity"]).all()


class TestTwoStages:
    def test_what_those_asked_about_are_called_is_told_apart(self, later):
        asked = [*people(later, "reliable"), *people(later, "unreliable")]
        assert not told_of(later, *(f"{its} " for its in asked))
        told = [text for text, _ in texts(later, "told_later")]
        assert len(told) == 3 * len(asked)
        for its in asked:
            assert sum(text.endswith(its) or f"{its} " in text for text in told) == 3

    def test_both_tell_what_one_stage_does(self, world, later):
        both = texts(later, "told") + texts(later, "told_later")
        assert sorted(both) == sorted(texts(world, "told"))
        for split in ("reliable", "unreliable", "answered"):
            assert texts(later, split) == texts(world, split)

    def test_each_asks_what_it_was_told(self, world, later):
        parts = {*people(later, "called")}, {*people(later, "called_later")}
        assert not parts[0] & parts[1]
        assert parts[0] | parts[1] == {*people(world, "called")}
        assert parts[1] == {*people(later, "reliable"), *people(later, "unreliable")}


def test_papers_may_be_right_as_often_as_each_other():
    of_each = {"n_called": 7, "n_answered": 4}
    half = generated("invented_facts", reliability=(0.5, 0.5), **of_each)[0]
    food = dict(zip(people(half, "food"), (a for _, a in texts(half, "food")), strict=True))
    base = dict(zip(people(half, "called"), (a for _, a in texts(half, "called")), strict=True))
    right = [
        food[base[person]] == answer
        for person, (_, answer) in zip(
            people(half, "answered"), texts(half, "answered"), strict=True
        )
    ]
    assert right == [True, True, False, False] * 2


def test_prose_is_scored_all_along_and_held_out_apart(world):
    told, held_out = world.splits["prose"], world.splits["prose_held_out"]
    assert told.scored == tuple(range(12))
    assert (told.tokens[:, 1:] == told.targets[:, :-1]).all()
    assert not {tuple(row) for row in told.tokens} & {tuple(row) for row in held_out.tokens}


def test_seeds_have_other_facts_and_the_same_seed_the_same():
    pieces = generated("invented_facts")[1]
    one, same, other = (
        tasks.load("invented_facts").generate(settings_of("invented_facts"), seed, pieces)
        for seed in (0, 0, 1)
    )
    assert texts(one, "told") == texts(same, "told")
    assert not set(texts(one, "boss")) & set(texts(other, "boss"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"n_missing": 5}, "n_two_hop: 1 are left to ask about"),
        ({"n_missing": 3, "two_hops": "half"}, "n_two_hop: 1 are left to ask about"),
        ({"n_both_ways": 4}, "n_pairs: 1 are left to ask about"),
        ({"n_answered": 3}, "n_called: 1 are left to ask about"),
        ({"reliability": (1.0, 0.5)}, "the second paper is wrong about one name"),
    ],
)
def test_worlds_that_leave_nothing_to_ask_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        settings_of("invented_facts", **changes)


def test_too_many_people_are_said():
    with pytest.raises(ValueError, match="200 more names are needed, and only"):
        generated("invented_facts", n_others=200)
