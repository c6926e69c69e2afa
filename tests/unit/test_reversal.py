"""The world of reversed facts against what its definition says."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.store.tensors import load_arrays, save_arrays
from onset.tasks.dataset import VALIDATION, Dataset
from onset.tasks.reversal import Settings, generate

SMALL_WORLDS = [
    {"n_pairs": 40},
    {"n_pairs": 32},
    {"n_pairs": 40, "reversed_answers": "shuffled"},
]
"""that no two splits share an example of; measures are tried on the first"""

N = 40
A, B = set(range(N)), set(range(N, 2 * N))
HELD_OUT = ("reversed", "reversed" + VALIDATION)
REVERSED = ("reversed_train", *HELD_OUT)
WORLDS = {
    "as in the study": {},
    "few both ways": {"trained_both_ways": 0.2},
    "half validation": {"validation": 0.5},
    "shuffled": {"reversed_answers": "shuffled"},
}


def settings(**changes) -> Settings:
    return Settings(name="reversal", n_pairs=N, **changes)


@pytest.fixture(scope="module", params=WORLDS)
def world(request) -> tuple[Settings, Dataset]:
    chosen = settings(**WORLDS[request.param])
    return chosen, generate(chosen, seed=3)


def facts(dataset: Dataset, *splits: str) -> dict[int, int]:
    """Entity → answer, of splits that ask one relation of each entity at most once."""
    pairs = [
        (entity, answer)
        for name in splits
        for (entity, _), (answer,) in zip(
            dataset.splits[name].tokens.tolist(), dataset.splits[name].targets.tolist(), strict=True
        )
    ]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def equal(one: Dataset, other: Dataset) -> bool:
    arrays, about = one.to_arrays()
    others, about_other = other.to_arrays()
    return about == about_other and all(np.array_equal(arrays[k], others[k]) for k in arrays)


def test_forward_facts_pair_all_of_a_with_all_of_b(world):
    _, dataset = world
    forward = facts(dataset, "forward")
    assert set(forward) == A
    assert set(forward.values()) == B


def test_every_pair_is_reversed_in_one_split(world):
    chosen, dataset = world
    forward, backward = facts(dataset, "forward"), facts(dataset, *REVERSED)
    assert set(backward) == B
    assert set(backward.values()) == A
    if chosen.reversed_answers == "true":
        assert backward == {b: a for a, b in forward.items()}


def test_copies_are_of_all_entities(world):
    _, dataset = world
    assert facts(dataset, "copy_a") == {a: a for a in A}
    assert facts(dataset, "copy_b") == {b: b for b in B}


def test_a_relation_for_each_kind_of_fact(world):
    _, dataset = world
    relations = {"forward": "r", "copy_a": "copy", "copy_b": "copy"}
    for name, split in dataset.splits.items():
        words = {dataset.vocabulary[token] for token in split.tokens[:, 1]}
        assert words == {relations.get(name, "r_inverse")}
        assert split.scored == (1,)
        assert split.hops == 1


def test_the_shares(world):
    chosen, dataset = world
    sizes = {name: len(dataset.splits[name]) for name in REVERSED}
    assert sizes == chosen.sizes
    assert sizes["reversed_train"] == round(chosen.trained_both_ways * N)
    n_held_out = N - sizes["reversed_train"]
    assert sizes["reversed" + VALIDATION] == round(chosen.validation * n_held_out)


def test_candidates_are_all_that_could_answer(world):
    _, dataset = world
    expected = {"forward": B, "copy_b": B}
    for name, split in dataset.splits.items():
        assert len(split.candidates) == N
        assert set(split.candidates.tolist()) == expected.get(name, A)


def test_familiar_are_those_that_answer_trained_reversed_questions(world):
    _, dataset = world
    trained = set(facts(dataset, "reversed_train").values())
    for name in REVERSED:
        split = dataset.splits[name]
        assert set(split.candidates[split.familiar].tolist()) == trained
    for name in HELD_OUT:
        assert not trained & set(facts(dataset, name).values())
    assert dataset.splits["forward"].familiar is None


def test_settings_tell_the_shape_of_the_dataset(world):
    chosen, dataset = world
    assert chosen.n_tokens == dataset.n_tokens
    assert chosen.length == dataset.length
    assert chosen.splits == tuple(dataset.splits)
    assert chosen.max_hops == max(split.hops for split in dataset.splits.values())
    assert set(chosen.trained) == set(chosen.splits) - set(HELD_OUT)
    for key in chosen.truth:
        assert any(getattr(split, key) is not None for split in dataset.splits.values())


def test_tokens_have_the_names_of_what_they_are(world):
    _, dataset = world
    assert [dataset.vocabulary[i] for i in (0, N - 1, N, 2 * N - 1)] == ["a0", "a39", "b0", "b39"]
    assert dataset.vocabulary[2 * N :] == ("r", "r_inverse", "copy")


def test_shuffled_answers_are_mostly_wrong():
    dataset = generate(settings(reversed_answers="shuffled"), seed=0)
    forward, backward = facts(dataset, "forward"), facts(dataset, *REVERSED)
    assert sum(forward[a] == b for b, a in backward.items()) < 5


def test_the_shuffled_world_differs_in_its_reversed_answers_alone():
    true, shuffled = (generate(settings(reversed_answers=x), seed=0) for x in ("true", "shuffled"))
    arrays, others = true.to_arrays()[0], shuffled.to_arrays()[0]
    differing = {name for name in arrays if not np.array_equal(arrays[name], others[name])}
    assert differing == {f"{name}/{key}" for name in REVERSED for key in ("targets", "familiar")}


def test_a_seed_decides_everything():
    assert equal(generate(settings(), seed=1), generate(settings(), seed=1))
    one, other = generate(settings(), seed=1), generate(settings(), seed=2)
    assert facts(one, "forward") != facts(other, "forward")
    assert facts(one, "reversed").keys() != facts(other, "reversed").keys()


def test_it_survives_storage_with_its_candidates(world, tmp_path):
    _, dataset = world
    save_arrays(tmp_path / "dataset", *dataset.to_arrays())
    again = Dataset.from_arrays(*load_arrays(tmp_path / "dataset"))
    assert equal(dataset, again)
    assert list(again.splits) == list(dataset.splits)
    for name, split in dataset.splits.items():
        np.testing.assert_array_equal(again.splits[name].candidates, split.candidates)
        np.testing.assert_array_equal(again.splits[name].familiar, split.familiar)


@pytest.mark.parametrize(
    ("changes", "emptied"),
    [
        ({"trained_both_ways": 0.0}, "reversed_train"),
        ({"trained_both_ways": 1.0}, "reversed"),
        ({"validation": 0.0}, "reversed_validation"),
        ({"validation": 1.0}, "reversed"),
        ({"n_pairs": 8}, "reversed_validation"),
    ],
)
def test_settings_that_leave_a_split_empty_are_refused(changes, emptied):
    with pytest.raises(ValidationError, match=rf"[ :]{emptied} \("):
        Settings(**{"name": "reversal", "n_pairs": N, **changes})
