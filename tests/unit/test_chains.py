"""The world of chains against what its definition says, by brute force."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from onset import models
from onset.measures.answers import commonest_end
from onset.measures.residual import clean_bridge
from onset.tasks.chains import KINDS, Settings, generate
from onset.tasks.dataset import VALIDATION, Dataset

SMALL_WORLDS = [
    {"n_entities": 16, "n_relations": 6, "most_questions": 40, "inferred_ratio": 0.8},
    {"n_entities": 10, "n_relations": 8, "never_composed": 0.4},
    {"n_entities": 12, "n_relations": 9, "longest_trained": 4, "chain_answers": "shuffled"},
    {"n_entities": 10, "n_relations": 8, "longest_trained": 2, "longest_tested": 2},
]
"""that no two splits share an example of; measures are tried on the first"""

N, R = 12, 6
WORLDS = {
    "as in the study": {},
    "up to three": {"longest_trained": 3},
    "few drawn": {"inferred_ratio": 0.5},  # leaves free edges uncomposed by chance
    "all held out": {"most_questions": 10**6, "longest_tested": 3},
    "shuffled": {"longest_trained": 3, "chain_answers": "shuffled"},
}


def settings(**changes) -> Settings:
    given = {"n_entities": N, "n_relations": R, "inferred_ratio": 1.5, "most_questions": 60}
    return Settings(name="chains", **{**given, **changes})


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


def edges_of(facts: dict, chain: tuple[int, ...]) -> list[tuple[int, int]]:
    """The edges of an entity and relations counted from 0, in order."""
    entity, edges = chain[0], []
    for relation in chain[1:]:
        edges.append((entity, relation))
        entity = facts[entity, relation]
    return edges


def chains_of(dataset: Dataset, *names: str) -> list[tuple[int, ...]]:
    """Entity and relations, counted from 0, of all chains of these splits."""
    return [
        (a, *(r - N for r in relations))
        for name in names
        for a, *relations in dataset.splits[name].tokens.tolist()
    ]


def both_parts(name: str) -> tuple[str, str]:
    return name, name + VALIDATION


def test_every_atomic_fact_is_there_once(world):
    _, dataset = world
    assert set(facts_of(dataset)) == set(product(range(N), range(R)))
    assert len(dataset.splits["atomic"]) == N * R


def test_answers_and_bridges_follow_from_the_atomic_facts(world):
    chosen, dataset = world
    facts = facts_of(dataset)
    for name in chosen.splits[1:]:
        split = dataset.splits[name]
        chains = chains_of(dataset, name)
        ends = [edges_of(facts, chain)[-1] for chain in chains]
        assert split.truth["bridge"].tolist() == [entity for entity, _ in ends]
        if chosen.chain_answers == "true" or not name.endswith("_train"):
            assert split.targets.ravel().tolist() == [facts[edge] for edge in ends]


def test_held_out_chains_are_what_their_definition_says(world):
    chosen, dataset = world
    facts = facts_of(dataset)
    trained = [edges_of(facts, chain) for chain in chains_of(dataset, "hops2_train")]
    first, second = ({edges[place] for edges in trained} for place in (0, 1))
    for hops in chosen.lengths:
        for chain in chains_of(dataset, *both_parts(f"hops{hops}_seen")):
            edges = edges_of(facts, chain)
            assert edges[0] in first
            assert set(edges[1:]) <= second
    never = {
        edge
        for chain in chains_of(dataset, *both_parts("hops2_unseen"))
        for edge in edges_of(facts, chain)
    }
    assert len(never) <= round(chosen.never_composed * N * R)
    every = [name for name in dataset.splits if name.endswith("_train")]
    for name in every:
        for chain in chains_of(dataset, name):
            assert not never & set(edges_of(facts, chain))


def test_without_a_cap_no_chain_is_missing():
    dataset = generate(settings(**WORLDS["all held out"]), seed=3)
    facts = facts_of(dataset)
    trained = set(chains_of(dataset, "hops2_train"))
    first = {edges_of(facts, chain)[0] for chain in trained}
    second = {edges_of(facts, chain)[1] for chain in trained}
    expected = {
        chain
        for chain in product(range(N), range(R), range(R))
        if edges_of(facts, chain)[0] in first and edges_of(facts, chain)[1] in second
    }
    assert set(chains_of(dataset, *both_parts("hops2_seen"))) == expected - trained
    # Three hops that use no edge of two unseen hops can't be told from here: the count can.
    out = {
        edge
        for chain in chains_of(dataset, *both_parts("hops3_unseen"))
        for edge in edges_of(facts, chain)
    }
    unseen = [c for c in product(range(N), *[range(R)] * 3) if set(edges_of(facts, c)) <= out]
    assert sorted(unseen) == sorted(chains_of(dataset, *both_parts("hops3_unseen")))


def test_no_chain_is_in_two_splits(world):
    chosen, dataset = world
    chains = chains_of(dataset, *chosen.splits)
    assert len(chains) == len(set(chains))


def test_sizes(world):
    chosen, dataset = world
    for name in chosen.trained[1:]:
        assert len(dataset.splits[name]) == round(chosen.inferred_ratio * N * R)
    for hops, kind in product(chosen.lengths, KINDS):
        rest, validation = (len(dataset.splits[name]) for name in both_parts(f"hops{hops}_{kind}"))
        assert rest + validation <= chosen.most_questions
        assert validation == round(chosen.validation * (validation + rest))


def test_settings_tell_the_shape_of_the_dataset(world):
    chosen, dataset = world
    assert chosen.n_tokens == dataset.n_tokens
    assert chosen.length == dataset.length
    assert chosen.splits == tuple(dataset.splits)
    assert chosen.max_hops == max(split.hops for split in dataset.splits.values())
    assert set(chosen.trained) <= set(chosen.splits)
    assert set(chosen.truth) == {fact for s in dataset.splits.values() for fact in s.truth}
    for split in dataset.splits.values():
        assert split.hops == split.tokens.shape[1] - 1
        assert split.scored == (split.hops,)


def differing(one: Dataset, other: Dataset) -> set[str]:
    """The arrays that both have and that differ."""
    arrays, others = one.to_arrays()[0], other.to_arrays()[0]
    return {n for n in arrays.keys() & others.keys() if not np.array_equal(arrays[n], others[n])}


def test_worlds_of_other_trained_lengths_hold_out_the_same():
    two, three = (generate(settings(longest_trained=k), seed=0) for k in (2, 3))
    assert set(three.splits) - set(two.splits) == {"hops3_train"}
    assert not differing(two, three)


def test_other_ratios_leave_the_facts_and_the_unseen_chains_alone():
    few, many = (generate(settings(inferred_ratio=ratio), seed=0) for ratio in (0.5, 1.5))
    assert not {n for n in differing(few, many) if "unseen" in n or n.startswith("atomic")}


def test_shuffling_changes_the_order_of_trained_answers_alone():
    changes = {"longest_trained": 3}
    true = generate(settings(**changes), seed=0)
    shuffled = generate(settings(**changes, chain_answers="shuffled"), seed=0)
    assert differing(true, shuffled) == {"hops2_train/targets", "hops3_train/targets"}
    for name in ("hops2_train", "hops3_train"):
        before, after = (d.splits[name].targets.ravel() for d in (true, shuffled))
        assert sorted(before) == sorted(after)
        assert (before == after).mean() < 0.5


def test_a_seed_decides_everything():
    assert not differing(generate(settings(), seed=1), generate(settings(), seed=1))
    assert facts_of(generate(settings(), seed=1)) != facts_of(generate(settings(), seed=2))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"never_composed": 0.0}, r"hops2_unseen \(0\.0\)"),
        ({"never_composed": 1.0}, "hops2_seen"),
        ({"inferred_ratio": 9.0}, "hops2_seen"),
        ({"validation": 0.0}, "hops2_seen"),
        ({"validation": 1.0}, "hops2_seen"),
        ({"longest_trained": 3, "longest_tested": 2}, r"longest_trained \(3\) exceeds"),
    ],
)
def test_settings_that_leave_nothing_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        settings(**changes)


def test_more_chains_than_there_are_is_an_error():
    unchecked = settings().model_copy(update={"inferred_ratio": 100.0})
    with pytest.raises(ValueError, match="are to be drawn and there are"):
        generate(unchecked, seed=0)


def test_the_commonest_end_is_counted_over_all_that_is_trained():
    dataset = generate(settings(longest_trained=3), seed=0)
    model = models.build({"name": "transformer"}, dataset.n_tokens, dataset.length)
    found = {m.split: m.value for m in commonest_end.measure(model, {}, dataset)}
    assert set(found) == set(dataset.splits) - {"atomic"}
    ends: dict[int, list[int]] = {r: [] for r in range(N, N + R)}
    for name in ("atomic", "hops2_train", "hops3_train"):
        split = dataset.splits[name]
        for relation, answer in zip(split.tokens[:, -1], split.targets[:, 0], strict=True):
            ends[int(relation)].append(int(answer))
    guess = {r: int(np.bincount(answers).argmax()) for r, answers in ends.items()}
    split = dataset.splits["hops4_unseen"]
    right = [
        guess[int(r)] == a for r, a in zip(split.tokens[:, -1], split.targets[:, 0], strict=True)
    ]
    assert found["hops4_unseen"] == pytest.approx(np.mean(right))


class TestCleanBridge:
    """On a model that reads an answer off the entity written, and on one that can't be asked."""

    DATASET = generate(settings(), seed=0)

    def model(self, **changes):
        given = {"name": "transformer", "n_loops": 4, "readout": "per_hop", "d_model": 32}
        return models.build({**given, **changes}, self.DATASET.n_tokens, self.DATASET.length)

    def test_writing_back_what_is_there_changes_nothing(self):
        model = self.model(positions="learned")
        parameters = model.initial_parameters(0)
        for name in ("hops2_seen", "hops3_unseen", "hops4_seen"):
            split = self.DATASET.splits[name]
            tokens = torch.from_numpy(split.tokens)
            states = model.residual_stream(parameters, tokens)
            there = states[split.hops - 1][:, split.hops - 1]
            said = clean_bridge.answers_after_writing(model, parameters, split, {"same": there})
            answers = model.unembed(parameters, states[split.hops][:, -1]).argmax(-1)
            assert (said["same"] == answers).double().mean() > 0.98  # but for ties

    def test_what_is_written_reaches_the_answer(self):
        model = self.model()
        parameters = model.initial_parameters(0)
        parameters = {name: 5 * p if "attn" in name else p for name, p in parameters.items()}
        split = self.DATASET.splits["hops4_seen"]
        directions = torch.randn(2, len(split), 32, generator=torch.Generator().manual_seed(0))
        written = dict(zip("ab", directions, strict=True))
        said = clean_bridge.answers_after_writing(model, parameters, split, written)
        assert (said["a"] != said["b"]).any()

    def test_it_measures_held_out_chains_three_times(self):
        model = self.model()
        found = list(clean_bridge.measure(model, model.initial_parameters(0), self.DATASET))
        assert {m.split for m in found} == {f"hops{k}_{kind}" for k in (2, 3, 4) for kind in KINDS}
        assert {m.measure for m in found} == {
            f"clean_{kind}_accuracy" for kind in ("own", "other", "random")
        }

    @pytest.mark.parametrize("changes", [{"readout": "last"}, {"n_layers": 4, "n_loops": 1}])
    def test_nothing_is_measured_where_it_would_mean_something_else(self, changes):
        model = self.model(**changes)
        assert not list(clean_bridge.measure(model, model.initial_parameters(0), self.DATASET))

    def test_who_reads_what_is_written_is_right_about_both_entities(self, monkeypatch):
        model = self.model()
        parameters = model.initial_parameters(0)
        embedding, facts = parameters["tok_embed.weight"], facts_of(self.DATASET)

        def reader(model, parameters, split, written):
            last = (split.tokens[:, -1] - N).tolist()
            read = {k: (its @ embedding[:N].T).argmax(1).tolist() for k, its in written.items()}
            return {
                kind: torch.tensor([facts[edge] for edge in zip(its, last, strict=True)])
                for kind, its in read.items()
            }

        # Orthogonal, so that the nearest entity is the one that was written.
        torch.nn.init.orthogonal_(embedding)
        monkeypatch.setattr(clean_bridge, "answers_after_writing", reader)
        found = {
            (m.measure, m.split): m.value
            for m in clean_bridge.measure(model, parameters, self.DATASET)
        }
        for split in ("hops2_unseen", "hops4_seen"):
            assert found["clean_own_accuracy", split] == 1
            assert found["clean_other_accuracy", split] == 1
            assert found["clean_random_accuracy", split] < 0.5
