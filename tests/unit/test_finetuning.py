"""The world of new facts against what its docstring says, by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.finetuning import HELD_OUT, Settings, generate

SMALL_WORLDS = [
    {"n_entities": 20, "n_relations": 4, "new": 0.3, "old_trained": 0.8},
    *(
        {"n_entities": 12, "n_relations": 5, "new": 0.3, "old_trained": 0.6, "stage": stage}
        for stage in (1, 2)
    ),
]
"""that no two splits share an example of; measures are tried on the first"""

SIZES = {"n_entities": 20, "n_relations": 4, "new": 0.3, "old_trained": 0.8}
N = SIZES["n_entities"]


def settings(**changes) -> Settings:
    return Settings(**{"name": "finetuning", **SIZES, **changes})


@pytest.fixture(scope="module", params=[{}, {"stage": 2}, {"new": 0.4}], ids=str)
def world(request) -> tuple[Settings, Dataset]:
    chosen = settings(**request.param)
    return chosen, generate(chosen, seed=3)


def facts(split: Split) -> dict[tuple[int, ...], int]:
    """sequence → answer; each sequence once."""
    found = dict(zip(map(tuple, split.tokens.tolist()), split.targets[:, 0].tolist(), strict=True))
    assert len(found) == len(split)
    return found


def test_every_edge_is_old_or_new_and_new_ones_are_as_many_as_asked_for(world):
    chosen, dataset = world
    old, new = (facts(dataset.splits[name]) for name in ("old_facts", "new_facts"))
    assert not old.keys() & new.keys()
    assert old.keys() | new.keys() == {(a, N + r) for a in range(N) for r in range(4)}
    assert len(new) == round(chosen.new * N * 4)


def test_each_two_hop_fact_is_in_one_split_by_its_edges_and_has_the_true_answer(world):
    _, dataset = world
    old, new = (facts(dataset.splits[name]) for name in ("old_facts", "new_facts"))
    edges, seen = old | new, []
    for name in ("old_composed", *HELD_OUT, *(name + VALIDATION for name in HELD_OUT)):
        split = dataset.splits[name]
        kinds = ("old", "old") if name == "old_composed" else tuple(name.split("_")[:2])
        bridges = split.truth["bridge"].tolist()
        for ((a, r1, r2), answer), bridge in zip(facts(split).items(), bridges, strict=True):
            assert bridge == edges[a, r1]
            assert answer == edges[bridge, r2]
            found = tuple("new" if edge in new else "old" for edge in ((a, r1), (bridge, r2)))
            assert found == kinds
            seen.append((a, r1, r2))
    assert len(seen) == len(set(seen)) == N * 4**2


def test_shares_are_those_asked_for(world):
    chosen, dataset = world
    sizes = {name: len(split) for name, split in dataset.splits.items()}
    n_old = sizes["old_composed"] + sizes["old_old"] + sizes["old_old" + VALIDATION]
    assert sizes["old_composed"] == round(chosen.old_trained * n_old)
    for name in HELD_OUT:
        both = sizes[name] + sizes[name + VALIDATION]
        assert sizes[name + VALIDATION] == round(chosen.validation * both)


def test_stage_one_trains_nothing_of_new_edges():
    one, two = settings(stage=1), settings(stage=2)
    assert set(two.trained) - set(one.trained) == {"new_facts"}
    assert not set(two.trained) & {*HELD_OUT, *(name + VALIDATION for name in HELD_OUT)}
    arrays, other = (generate(chosen, 1).to_arrays()[0] for chosen in (one, two))
    assert all(np.array_equal(arrays[name], other[name]) for name in arrays)
    dataset = generate(one, 1)
    new = facts(dataset.splits["new_facts"]).keys()
    trained = dataset.splits["old_composed"]
    edges = {(a, r1) for a, r1, _ in trained.tokens.tolist()}
    edges |= set(zip(trained.truth["bridge"].tolist(), trained.tokens[:, 2].tolist(), strict=True))
    assert not edges & new


def test_shuffling_changes_what_new_facts_say_and_nothing_else():
    true, null = (generate(settings(new_answers=kind), 1) for kind in ("true", "shuffled"))
    for name, split in true.splits.items():
        other = null.splits[name]
        assert np.array_equal(split.tokens, other.tokens)
        same = np.array_equal(split.targets, other.targets)
        assert same != (name == "new_facts")
    answers = [sorted(w.splits["new_facts"].targets[:, 0].tolist()) for w in (true, null)]
    assert answers[0] == answers[1]


def test_settings_tell_the_shape_of_the_dataset(world):
    chosen, dataset = world
    assert chosen.n_tokens == dataset.n_tokens == len(set(dataset.vocabulary))
    assert chosen.length == dataset.length
    assert chosen.splits == tuple(dataset.splits)
    assert chosen.max_hops == max(split.hops for split in dataset.splits.values())
    assert set(chosen.trained) <= set(chosen.splits)
    assert set(chosen.truth) == {fact for s in dataset.splits.values() for fact in s.truth}


def test_a_seed_decides_everything():
    one, again, other = (generate(settings(), seed).to_arrays()[0] for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["old_facts/targets"], other["old_facts/targets"])


@pytest.mark.parametrize("changes", [{"new": 0.0}, {"new": 1.0}, {"validation": 0.0}])
def test_settings_that_leave_a_split_empty_are_refused(changes):
    with pytest.raises(ValidationError, match="change n_entities"):
        settings(**changes)
