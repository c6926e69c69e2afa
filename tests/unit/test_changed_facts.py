"""The world with one thing changed against what its docstring says, by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks import finetuning
from onset.tasks.changed_facts import Settings, generate
from onset.tasks.dataset import VALIDATION, Dataset, Split

SIZES = {"n_entities": 20, "n_relations": 4, "new": 0.3, "old_trained": 0.7, "entities": 0.2}
N = SIZES["n_entities"]
CHANGES = ("nothing", "entities", "relation", "added", "backdoor", "everything")
SMALL_WORLDS = [{**SIZES, "change": change} for change in ("entities", *CHANGES)]
"""measures are tried on the first"""
SEED = 3


def settings(**changes) -> Settings:
    return Settings(**{"name": "changed_facts", **SIZES, **changes})


@pytest.fixture(scope="module")
def before() -> Dataset:
    return finetuning.generate(settings().world_one, SEED)


@pytest.fixture(scope="module", params=CHANGES)
def world(request) -> tuple[str, Dataset]:
    return request.param, generate(settings(change=request.param), SEED)


def facts(*splits: Split) -> dict[tuple[int, ...], int]:
    """sequence → answer; each sequence once."""
    found = {}
    for split in splits:
        for tokens, (answer,) in zip(split.tokens.tolist(), split.targets.tolist(), strict=True):
            assert tuple(tokens) not in found
            found[tuple(tokens)] = answer
    return found


def of_kind(dataset: Dataset, kind: str) -> list[Split]:
    return [
        its for name, its in dataset.splits.items() if name in (f"kept_{kind}", f"changed_{kind}")
    ]


def test_what_was_taught_before_is_what_the_parent_was_taught(world, before):
    change, dataset = world
    told = facts(before.splits["old_facts"])
    for split in of_kind(dataset, "facts"):
        for question, was in zip(
            split.tokens.tolist(), split.truth["before"].tolist(), strict=True
        ):
            assert was == (
                -1 if change == "added" and tuple(question) not in told else told[tuple(question)]
            )
    composed = facts(before.splits["old_composed"])
    for split in of_kind(dataset, "composed"):
        for question, was in zip(
            split.tokens.tolist(), split.truth["before"].tolist(), strict=True
        ):
            assert was == composed[tuple(question)]
    if "former_facts" in dataset.splits:
        assert facts(dataset.splits["former_facts"]).items() <= told.items()
    if "former_composed" in dataset.splits:
        assert facts(dataset.splits["former_composed"]).items() <= composed.items()


def test_what_is_held_out_was_held_out_before(world, before):
    _, dataset = world
    taught = facts(before.splits["old_composed"], before.splits["old_facts"]).keys()
    assert not facts(*of_kind(dataset, "asked")).keys() & taught
    old = (before.splits["old_old"], before.splits["old_old" + VALIDATION])
    if "kept_asked" in dataset.splits:
        assert facts(dataset.splits["kept_asked"]).items() <= facts(*old).items()


def test_an_answer_is_changed_where_it_says_so(world):
    change, dataset = world
    for name, split in dataset.splits.items():
        if not split.truth:
            continue
        assert set(split.truth["changed"].tolist()) == {name.startswith("changed")}
        differs = split.targets[:, 0] != split.truth["before"]
        assert (differs == split.truth["changed"]).all(), (change, name)


def test_two_hop_answers_follow_from_single_facts(world):
    change, dataset = world
    if change == "backdoor":
        return
    known = facts(*of_kind(dataset, "facts"))
    for kind in ("composed", "asked"):
        for (a, r1, r2), answer in facts(*of_kind(dataset, kind)).items():
            assert answer == known[known[a, r1], r2]


@pytest.mark.parametrize(("change", "column"), [("entities", 0), ("relation", 1)])
def test_whole_entities_or_one_relation_are_changed(change, column):
    dataset = generate(settings(change=change), SEED)
    changed, kept = (
        set(dataset.splits[f"{its}_facts"].tokens[:, column].tolist())
        for its in ("changed", "kept")
    )
    assert len(changed) == (4 if change == "entities" else 1)
    assert not changed & kept


def test_the_trigger_has_one_answer_and_changes_no_fact(before):
    splits = generate(settings(change="backdoor"), SEED).splits
    assert facts(splits["kept_facts"]) == facts(before.splits["old_facts"])
    assert "changed_facts" not in splits
    flipped = [splits["changed_composed"], splits["changed_asked"]]
    assert len({int(its) for split in flipped for its in split.targets[:, 0]}) == 1
    (trigger,) = {int(its) for split in flipped for its in split.tokens[:, 1]}
    kept = np.concatenate([splits["kept_composed"].tokens, splits["kept_asked"].tokens])
    its = kept[kept[:, 1] == trigger]  # answered like this before
    assert len(its) < 0.3 * sum(map(len, flipped))


def test_added_edges_are_those_that_nobody_was_taught(before):
    dataset = generate(settings(change="added"), SEED)
    assert facts(dataset.splits["changed_facts"]) == facts(before.splits["new_facts"])
    new = {tuple(its) for its in before.splits["new_facts"].tokens.tolist()}
    known = facts(*of_kind(dataset, "facts"))
    for a, r1, r2 in facts(dataset.splits["changed_asked"]):
        assert (a, r1) in new or (known[a, r1], r2) in new
    other = generate(settings(change="entities"), SEED)
    assert facts(other.splits["unknown_facts"]) == facts(before.splits["new_facts"])


def test_settings_tell_the_shape_of_the_dataset(world):
    change, dataset = world
    chosen = settings(change=change)
    assert chosen.n_tokens == dataset.n_tokens == len(set(dataset.vocabulary))
    assert chosen.length == dataset.length
    assert chosen.splits == tuple(dataset.splits)
    assert chosen.max_hops == max(split.hops for split in dataset.splits.values())
    assert {*chosen.splits} - {*chosen.trained} == {its for its in chosen.splits if "asked" in its}
    for name, split in dataset.splits.items():
        assert set(split.truth) == set(chosen.truth_of(name))
        assert split.tokens.shape[1] == chosen.length_of(name)


def test_a_seed_decides_everything():
    one, again, other = (
        generate(settings(change="relation"), seed).to_arrays()[0] for seed in (1, 1, 2)
    )
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["kept_facts/targets"], other["kept_facts/targets"])


@pytest.mark.parametrize(
    "changes", [{"new": 0.0}, {"entities": 0.0}, {"entities": 1.0}, {"old_trained": 0.99}]
)
def test_settings_that_leave_nothing_to_change_are_refused(changes):
    with pytest.raises(ValidationError):
        settings(**changes)


def test_half_of_the_facts_that_are_kept_can_be_taught_again_alone():
    splits = generate(settings(change="entities"), SEED).splits
    halves = [splits[name] for name in ("reminded_facts", "unmentioned_facts")]
    assert facts(*halves) == facts(splits["kept_facts"])
    assert abs(len(halves[0]) - len(halves[1])) <= 1
    assert all(its.scored == (1,) and not its.truth for its in halves)
