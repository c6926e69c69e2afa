"""The two-hop world against what its definition says, by brute force."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from pydantic import ValidationError

from onset.store.tensors import load_arrays, save_arrays
from onset.tasks.composition import HELD_OUT, Settings, generate
from onset.tasks.dataset import VALIDATION, Dataset

SMALL_WORLDS = [
    {"n_entities": 20, "n_relations": 4, "id_trained": 0.7},
    {"n_entities": 12, "n_relations": 4, "id_trained": 0.5},
    {"n_entities": 14, "n_relations": 4, "id_trained": 0.6, "two_hop_answers": "shuffled"},
]
"""that no two splits share an example of; measures are tried on the first"""

N, R = 30, 6
WORLDS = {
    "as in the study": {},
    "few trained": {"id_trained": 0.2},  # leaves free edges uncomposed by chance
    "half validation": {"validation": 0.5, "never_composed": 0.5},
    "shuffled": {"two_hop_answers": "shuffled"},
}


def settings(**changes) -> Settings:
    return Settings(name="composition", n_entities=N, n_relations=R, **changes)


@pytest.fixture(scope="module", params=WORLDS)
def world(request) -> tuple[Settings, Dataset]:
    chosen = settings(**WORLDS[request.param])
    return chosen, generate(chosen, seed=3)


def facts_of(dataset: Dataset) -> dict[tuple[int, int], int]:
    """The world, read from its atomic facts: (a, r) → r(a). Relations count from 0."""
    atomic = dataset.splits["atomic"]
    return {
        (a, r - N): b
        for (a, r), (b,) in zip(atomic.tokens.tolist(), atomic.targets.tolist(), strict=True)
    }


def edges_of(dataset: Dataset, *splits: str) -> dict[tuple[int, int, int], tuple]:
    """Two-hop facts (a, r1, r2) with their first and second edges."""
    facts = facts_of(dataset)
    return {
        (a, r1 - N, r2 - N): ((a, r1 - N), (facts[a, r1 - N], r2 - N))
        for name in splits
        for a, r1, r2 in dataset.splits[name].tokens.tolist()
    }


def never_composed(dataset: Dataset) -> set[tuple[int, int]]:
    """The never-composed edges, as far as the held-out splits show them."""
    found = set()
    for split, places in {"oi": [0], "io": [1], "oo": [0, 1]}.items():
        for edges in edges_of(dataset, split, split + VALIDATION).values():
            found |= {edges[place] for place in places}
    return found


def equal(one: Dataset, other: Dataset) -> bool:
    arrays, about = one.to_arrays()
    others, about_other = other.to_arrays()
    return about == about_other and all(np.array_equal(arrays[k], others[k]) for k in arrays)


def test_every_atomic_fact_is_there_once(world):
    _, dataset = world
    assert set(facts_of(dataset)) == set(product(range(N), range(R)))
    assert len(dataset.splits["atomic"]) == N * R


def test_two_hop_answers_and_bridges_follow_from_the_atomic_facts(world):
    chosen, dataset = world
    facts = facts_of(dataset)
    for name in chosen.splits[1:]:
        split = dataset.splits[name]
        for (a, r1, r2), bridge, (answer,) in zip(
            split.tokens.tolist(),
            split.truth["bridge"].tolist(),
            split.targets.tolist(),
            strict=True,
        ):
            assert bridge == facts[a, r1 - N]
            if chosen.two_hop_answers == "true":
                assert answer == facts[bridge, r2 - N]


def test_the_held_out_splits_are_exactly_what_their_definition_says(world):
    chosen, dataset = world
    facts, out = facts_of(dataset), never_composed(dataset)
    assert len(out) == round(chosen.never_composed * N * R)
    trained = edges_of(dataset, "composed_train")
    seen_first = {first for first, _ in trained.values()}
    seen_second = {second for _, second in trained.values()}

    expected = {name: set() for name in HELD_OUT}
    for a, r1, r2 in product(range(N), range(R), range(R)):
        first, second = (a, r1), (facts[a, r1], r2)
        if first in out and second in out:
            expected["oo"].add((a, r1, r2))
        elif first in out and second in seen_second:
            expected["oi"].add((a, r1, r2))
        elif second in out and first in seen_first:
            expected["io"].add((a, r1, r2))
        elif (a, r1, r2) not in trained and first in seen_first and second in seen_second:
            expected["id"].add((a, r1, r2))
    for name in HELD_OUT:
        assert set(edges_of(dataset, name, name + VALIDATION)) == expected[name], name


def test_never_composed_edges_appear_in_no_trained_two_hop_fact(world):
    _, dataset = world
    composed = {edge for edges in edges_of(dataset, "composed_train").values() for edge in edges}
    assert not composed & never_composed(dataset)


def test_the_fraction_trained(world):
    chosen, dataset = world
    facts, out = facts_of(dataset), never_composed(dataset)
    n_free = sum(
        (a, r1) not in out and (facts[a, r1], r2) not in out
        for a, r1, r2 in product(range(N), range(R), range(R))
    )
    assert len(dataset.splits["composed_train"]) == round(chosen.id_trained * n_free)


def test_no_question_is_in_two_splits(world):
    chosen, dataset = world
    questions = [tuple(q) for name in chosen.splits for q in dataset.splits[name].tokens.tolist()]
    assert len(questions) == len(set(questions))


def test_the_validation_share(world):
    chosen, dataset = world
    for name in HELD_OUT:
        validation, rest = dataset.splits[name + VALIDATION], dataset.splits[name]
        assert len(validation) == round(chosen.validation * (len(validation) + len(rest)))


def test_settings_tell_the_shape_of_the_dataset(world):
    chosen, dataset = world
    assert chosen.n_tokens == dataset.n_tokens
    assert chosen.length == dataset.length
    assert chosen.splits == tuple(dataset.splits)
    assert chosen.max_hops == max(split.hops for split in dataset.splits.values())
    assert set(chosen.trained) <= set(chosen.splits)
    assert set(chosen.truth) == {fact for s in dataset.splits.values() for fact in s.truth}


def test_questions_are_an_entity_and_then_relations(world):
    _, dataset = world
    names = np.array(dataset.vocabulary)
    for split in dataset.splits.values():
        words = names[split.tokens]
        assert np.char.startswith(words[:, 0], "e").all()
        assert np.char.startswith(words[:, 1:], "r").all()
        assert np.char.startswith(names[split.targets], "e").all()
        assert split.scored == (split.tokens.shape[1] - 1,)
        assert split.hops == split.tokens.shape[1] - 1
    assert names[dataset.splits["atomic"].tokens[-1]].tolist() == [f"e{N - 1}", f"r{R - 1}"]


def test_shuffled_answers_change_places_and_are_mostly_wrong():
    dataset = generate(settings(two_hop_answers="shuffled"), seed=0)
    facts = facts_of(dataset)
    true = Counter(facts[facts[a, r1], r2] for a, r1, r2 in product(range(N), range(R), range(R)))
    shuffled, n_right = Counter(), 0
    for name in dataset.splits.keys() - {"atomic"}:
        split = dataset.splits[name]
        shuffled.update(split.targets.ravel().tolist())
        n_right += sum(
            facts[second] == answer
            for (_, second), answer in zip(
                edges_of(dataset, name).values(), split.targets.ravel().tolist(), strict=True
            )
        )
    assert shuffled <= true  # a few facts belong to no split
    assert shuffled.total() > 0.95 * true.total()
    assert n_right < 3 * shuffled.total() / N


def test_the_shuffled_world_differs_in_its_two_hop_answers_alone():
    true, shuffled = (generate(settings(two_hop_answers=a), seed=0) for a in ("true", "shuffled"))
    arrays, others = true.to_arrays()[0], shuffled.to_arrays()[0]
    differing = {name for name in arrays if not np.array_equal(arrays[name], others[name])}
    assert differing == {f"{name}/targets" for name in true.splits.keys() - {"atomic"}}


def test_a_seed_decides_everything():
    assert equal(generate(settings(), seed=1), generate(settings(), seed=1))
    one, other = generate(settings(), seed=1), generate(settings(), seed=2)
    assert facts_of(one) != facts_of(other)
    assert edges_of(one, "composed_train").keys() != edges_of(other, "composed_train").keys()


def test_it_survives_storage_in_the_order_of_its_splits(world, tmp_path):
    _, dataset = world
    save_arrays(tmp_path / "dataset", *dataset.to_arrays())
    again = Dataset.from_arrays(*load_arrays(tmp_path / "dataset"))
    assert equal(dataset, again)
    assert list(again.splits) == list(dataset.splits)
    assert again.vocabulary == dataset.vocabulary


@pytest.mark.parametrize(
    ("changes", "emptied"),
    [
        ({"never_composed": 0.0}, "oi"),
        ({"never_composed": 1.0}, "composed_train"),
        ({"id_trained": 1.0}, "id"),
        ({"id_trained": 0.0}, "composed_train"),
        ({"validation": 0.0}, "oo_validation"),
        ({"validation": 1.0}, "oo"),
        ({"n_entities": 3, "n_relations": 2}, "id"),
    ],
)
def test_settings_that_leave_a_split_empty_are_refused(changes, emptied):
    with pytest.raises(ValidationError, match=rf"[ :]{emptied} \("):
        Settings(**{"name": "composition", "n_entities": N, "n_relations": R, **changes})


def test_a_split_that_came_out_empty_is_an_error():
    unchecked = Settings.model_construct(
        name="composition", n_entities=4, n_relations=2, validation=0.0
    )
    with pytest.raises(ValueError, match="seed 5 leaves the split id"):
        generate(unchecked, seed=5)
