"""The world of definitions against what its docstring says, by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.store.tensors import load_arrays, save_arrays
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.definitions import HELD_OUT, Settings, generate

SMALL_WORLDS = [
    {"n_bases": 20, "n_attributes": 3, "n_values": 5, "n_aliases": 20, "n_new": 12},
    *(
        {
            "n_bases": 3,
            "n_attributes": 1,
            "n_aliases": 4,
            "n_new": 4,
            "validation": 0.5,
            "stage": stage,
            "order": order,
        }
        for stage in (1, 2)
        for order in ("alias_first", "base_first")
    ),
]
"""that no two splits share an example of; measures are tried on the first"""

SIZES = {
    "n_bases": 20,
    "n_attributes": 3,
    "n_values": 7,
    "n_aliases": 30,
    "n_new": 12,
}
WORLDS = {
    "as in the study": {},
    "stage two": {"stage": 2},
    "base first": {"order": "base_first"},
    "uninformative tags": {"reliability": [0.5, 0.5]},
}


def settings(**changes) -> Settings:
    return Settings(**{"name": "definitions", **SIZES, **changes})


@pytest.fixture(scope="module", params=WORLDS)
def world(request) -> tuple[Settings, Dataset]:
    chosen = settings(**WORLDS[request.param])
    return chosen, generate(chosen, seed=3)


def facts_of(split: Split, dataset: Dataset) -> dict[str, dict[str, str]]:
    """entity → attribute → value, in readable names."""
    names, found = dataset.vocabulary, {}
    for (entity, attribute), (value,) in zip(
        split.tokens.tolist(), split.targets.tolist(), strict=True
    ):
        its = found.setdefault(names[entity], {})
        assert names[attribute] not in its
        its[names[attribute]] = names[value]
    return found


def definitions_of(split: Split, dataset: Dataset, order: str) -> dict[str, str]:
    """alias → base, in readable names."""
    names = dataset.vocabulary
    pairs = [
        (names[asked], names[answer])
        for asked, answer in zip(split.tokens[:, 0], split.targets[:, 0], strict=True)
    ]
    return dict(pairs if order == "alias_first" else [pair[::-1] for pair in pairs])


def agreeing(tag: int, chosen: Settings, dataset: Dataset) -> list[bool]:
    """Of each old alias with that tag: whether its facts are those of the base it is defined to be."""
    bases = facts_of(dataset.splits["facts"], dataset)
    aliases = facts_of(dataset.splits["alias_facts"], dataset)
    defined = definitions_of(dataset.splits[f"definitions_{tag}"], dataset, chosen.order)
    return [aliases[alias] == bases[base] for alias, base in defined.items()]


def test_every_base_and_every_old_alias_has_one_value_of_each_attribute(world):
    chosen, dataset = world
    bases = facts_of(dataset.splits["facts"], dataset)
    aliases = facts_of(dataset.splits["alias_facts"], dataset)
    assert set(bases) == {f"b{i}" for i in range(chosen.n_bases)}
    assert set(aliases) == {f"a{i}" for i in range(2 * chosen.n_aliases)}
    for its in [*bases.values(), *aliases.values()]:
        assert set(its) == {f"r{i}" for i in range(chosen.n_attributes)}
        assert all(value.startswith(f"{attribute}=") for attribute, value in its.items())


def test_an_old_alias_has_the_facts_of_some_base(world):
    _, dataset = world
    bases = facts_of(dataset.splits["facts"], dataset).values()
    assert all(its in bases for its in facts_of(dataset.splits["alias_facts"], dataset).values())


@pytest.mark.parametrize("reliability", [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.9, 0.2]])
def test_a_tags_reliability_is_how_often_facts_agree_with_definitions(reliability):
    # So many attributes that no two bases agree by chance.
    chosen = settings(reliability=reliability, n_attributes=10)
    dataset = generate(chosen, seed=0)
    for tag in (1, 2):
        right = agreeing(tag, chosen, dataset)
        assert len(right) == chosen.n_aliases
        assert sum(right) == round(reliability[tag - 1] * chosen.n_aliases)


def test_each_definition_has_its_tag_and_each_base_is_defined_equally_often(world):
    chosen, dataset = world
    names = np.array(dataset.vocabulary)
    for tag in (1, 2):
        for name in (f"definitions_{tag}", f"new_definitions_{tag}"):
            assert set(names[dataset.splits[name].tokens[:, 1]]) == {f"DEF{tag}"}
        defined = definitions_of(dataset.splits[f"definitions_{tag}"], dataset, chosen.order)
        times = [list(defined.values()).count(f"b{i}") for i in range(chosen.n_bases)]
        assert max(times) - min(times) == 1


def test_an_alias_is_defined_once_and_a_new_one_has_no_trained_facts(world):
    chosen, dataset = world
    groups = [
        set(definitions_of(dataset.splits[name], dataset, chosen.order))
        for name in ("definitions_1", "definitions_2", "new_definitions_1", "new_definitions_2")
    ]
    asked = [
        set(facts_of(dataset.splits[name], dataset))
        | set(facts_of(dataset.splits[name + VALIDATION], dataset))
        for name in HELD_OUT
    ]
    assert groups[2:] == asked[:2]
    together = [*groups, asked[2]]
    assert sum(map(len, together)) == len(set().union(*together))
    assert groups[0] | groups[1] == set(facts_of(dataset.splits["alias_facts"], dataset))
    new = {dataset.vocabulary[token] for token in dataset.new_tokens}
    assert new == asked[0] | asked[1] | asked[2]
    for name in chosen.trained[:4]:
        split = dataset.splits[name]
        assert not set(dataset.new_tokens) & {*split.tokens.ravel(), *split.targets.ravel()}


def test_the_right_answer_is_the_value_of_the_defined_base(world):
    chosen, dataset = world
    bases = facts_of(dataset.splits["facts"], dataset)
    for tag, kind in enumerate(("reliable", "unreliable"), 1):
        defined = definitions_of(dataset.splits[f"new_definitions_{tag}"], dataset, chosen.order)
        for name in (kind, kind + VALIDATION):
            for alias, its in facts_of(dataset.splits[name], dataset).items():
                assert its == bases[defined[alias]]


def test_the_truth_names_alias_and_base_of_each_example(world):
    chosen, dataset = world
    bases = facts_of(dataset.splits["facts"], dataset)
    for name in ("alias_facts", *HELD_OUT):
        split = dataset.splits[name]
        assert (split.truth["alias"] == split.tokens[:, 0]).all()
        by_base = {
            (dataset.vocabulary[base], dataset.vocabulary[attribute]): dataset.vocabulary[value]
            for base, attribute, value in zip(
                split.truth["base"], split.tokens[:, 1], split.targets[:, 0], strict=True
            )
        }
        assert all(bases[base][attribute] == value for (base, attribute), value in by_base.items())
    for name in ("definitions_1", "definitions_2", "new_definitions_1", "new_definitions_2"):
        split, names = dataset.splits[name], dataset.vocabulary
        said = definitions_of(split, dataset, chosen.order)
        pairs = zip(split.truth["alias"], split.truth["base"], strict=True)
        assert said == {names[alias]: names[base] for alias, base in pairs}


def test_the_undefined_are_scored_against_bases_drawn_at_random(world):
    _, dataset = world
    assert len(set(dataset.splits["undefined"].truth["base"].tolist())) > 4


def test_the_validation_share_is_of_aliases(world):
    chosen, dataset = world
    for name in HELD_OUT:
        parts = [
            dataset.splits[name].truth["alias"],
            dataset.splits[name + VALIDATION].truth["alias"],
        ]
        assert [len(set(part.tolist())) for part in parts] == [9, 3]
        assert not set(parts[0].tolist()) & set(parts[1].tolist())
    assert chosen.n_validation == 3


def test_settings_tell_the_shape_of_the_dataset(world):
    chosen, dataset = world
    assert chosen.n_tokens == dataset.n_tokens == len(set(dataset.vocabulary))
    assert chosen.length == dataset.length
    assert chosen.splits == tuple(dataset.splits)
    assert chosen.max_hops == max(split.hops for split in dataset.splits.values())
    assert set(chosen.trained) <= set(chosen.splits)
    assert set(chosen.truth) == {fact for s in dataset.splits.values() for fact in s.truth}


def test_the_stage_changes_what_may_be_trained_and_nothing_else():
    one, two = (settings(stage=stage) for stage in (1, 2))
    assert set(two.trained) - set(one.trained) == {"new_definitions_1", "new_definitions_2"}
    assert not set(two.trained) & {*HELD_OUT, *(name + VALIDATION for name in HELD_OUT)}
    arrays, about = generate(one, seed=1).to_arrays()
    others, about_other = generate(two, seed=1).to_arrays()
    assert about == about_other
    assert all(np.array_equal(arrays[name], others[name]) for name in arrays)


def test_the_order_turns_definitions_round_and_changes_nothing_else():
    one, other = (generate(settings(order=o), seed=1) for o in ("alias_first", "base_first"))
    for name in one.splits:
        ours, theirs = one.splits[name], other.splits[name]
        if "definitions" in name:
            assert (ours.tokens[:, 0] == theirs.targets[:, 0]).all()
            assert (ours.targets[:, 0] == theirs.tokens[:, 0]).all()
            assert (ours.tokens[:, 1] == theirs.tokens[:, 1]).all()
        else:
            assert (ours.tokens == theirs.tokens).all()
            assert (ours.targets == theirs.targets).all()


def test_a_seed_decides_everything():
    one, again, other = (generate(settings(), seed).to_arrays()[0] for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["facts/targets"], other["facts/targets"])
    assert not np.array_equal(one["definitions_1/targets"], other["definitions_1/targets"])


def test_it_survives_storage_with_its_new_tokens(world, tmp_path):
    _, dataset = world
    save_arrays(tmp_path / "dataset", *dataset.to_arrays())
    again = Dataset.from_arrays(*load_arrays(tmp_path / "dataset"))
    assert again.new_tokens == dataset.new_tokens
    assert again.vocabulary == dataset.vocabulary
    assert list(again.splits) == list(dataset.splits)


@pytest.mark.parametrize("changes", [{"validation": 0.0}, {"validation": 1.0}, {"n_new": 3}])
def test_settings_that_leave_a_part_without_aliases_are_refused(changes):
    with pytest.raises(ValidationError, match="at least 2 are wanted on either side"):
        settings(**changes)


def test_a_third_stage_is_refused():
    with pytest.raises(ValidationError):
        settings(stage=3)
