"""The world of aliases against what its definition says, by brute force; its measures by hand."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from onset.figures.dose import doses_of
from onset.measures.answers import commonest_value
from onset.measures.embeddings import alias_cosine, embedding_swap, new_name
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings as ModelSettings
from onset.store.tensors import load_arrays, save_arrays
from onset.tasks.alias import HELD_OUT, Settings, generate
from onset.tasks.dataset import VALIDATION, Dataset

SMALL_WORLDS = [
    {"n_bases": 16, "n_attributes": 4, "n_values": 5, "id_held_out": 1},
    {"n_bases": 8, "n_attributes": 2, "n_values": 2, "id_held_out": 1},
    {"n_bases": 20, "n_attributes": 5, "n_values": 3, "definitions": "shuffled"},
]
"""that no two splits share an example of; measures are tried on the first"""

N, A, V = 30, 4, 5
IS, COPY = 2 * N + A, 2 * N + A + 1
WORLDS = {
    "as in the study": {},
    "few with facts": {"with_facts": 0.2, "id_held_out": 3},
    "half validation": {"validation": 0.5},
    "shuffled": {"definitions": "shuffled"},
}


def settings(**changes) -> Settings:
    given = {"n_bases": N, "n_attributes": A, "n_values": V, "id_held_out": 1, **changes}
    return Settings(name="alias", **given)


@pytest.fixture(scope="module", params=WORLDS)
def world(request) -> tuple[Settings, Dataset]:
    chosen = settings(**WORLDS[request.param])
    return chosen, generate(chosen, seed=3)


def facts(dataset: Dataset, *splits: str) -> dict[tuple[int, int], int]:
    """Questions with their answers; a question that is asked twice is an error."""
    pairs = [
        (tuple(question), answer)
        for name in splits
        for question, (answer,) in zip(
            dataset.splits[name].tokens.tolist(), dataset.splits[name].targets.tolist(), strict=True
        )
    ]
    found = dict(pairs)
    assert len(found) == len(pairs)
    return found


def bases(dataset: Dataset, which: str) -> dict[int, int]:
    """Alias → base, from the ground truth of the definitions."""
    split = dataset.splits["definitions"]
    return dict(zip(split.tokens[:, 0].tolist(), split.truth[which].tolist(), strict=True))


def of_aliases() -> tuple[str, ...]:
    return ("alias_facts", *HELD_OUT, *(name + VALIDATION for name in HELD_OUT))


class TestWorld:
    def test_each_base_has_one_alias_and_each_alias_one_definition(self, world):
        _, dataset = world
        defined = facts(dataset, "definitions")
        assert set(defined) == {(a, IS) for a in range(N, 2 * N)}
        assert set(defined.values()) == set(range(N))
        assert {a: b for (a, _), b in defined.items()} == bases(dataset, "named")

    def test_every_attribute_of_every_base_is_there_once(self, world):
        _, dataset = world
        found = facts(dataset, "base_facts")
        assert set(found) == set(product(range(N), range(2 * N, 2 * N + A)))
        for (_, attribute), value in found.items():
            assert (value - COPY - 1) // V == attribute - 2 * N  # each attribute's own values

    def test_aliases_have_the_values_of_their_bases(self, world):
        _, dataset = world
        values, base = facts(dataset, "base_facts"), bases(dataset, "bridge")
        found = facts(dataset, *of_aliases())
        assert len(found) == N * A
        for (alias, attribute), value in found.items():
            assert value == values[base[alias], attribute]
        for name in of_aliases():
            split = dataset.splits[name]
            for which in ("bridge", "named"):
                expected = [bases(dataset, which)[a] for a in split.tokens[:, 0].tolist()]
                assert split.truth[which].tolist() == expected

    def test_aliases_have_all_but_the_held_out_facts_or_none(self, world):
        chosen, dataset = world
        trained = Counter(dataset.splits["alias_facts"].tokens[:, 0].tolist())
        assert len(trained) == round(chosen.with_facts * N)
        assert set(trained.values()) == {A - chosen.id_held_out}
        for name, there in (("id", True), ("ood", False)):
            for split in (name, name + VALIDATION):
                asked = set(dataset.splits[split].tokens[:, 0].tolist())
                assert asked <= set(trained) if there else not asked & set(trained)

    def test_naming_asks_every_base_for_itself_by_whether_its_alias_has_facts(self, world):
        _, dataset = world
        with_facts = set(dataset.splits["alias_facts"].truth["bridge"].tolist())
        expected = {"naming_id": with_facts, "naming_ood": set(range(N)) - with_facts}
        for name, its in expected.items():
            assert facts(dataset, name) == {(b, IS): b for b in its}
        assert facts(dataset, "self_naming") == {(b, COPY): b for b in range(N)}

    def test_nothing_held_out_is_trained(self, world):
        chosen, dataset = world
        trained = facts(dataset, *chosen.trained)
        assert not trained.keys() & facts(dataset, *chosen.splits[len(chosen.trained) :]).keys()

    def test_the_validation_share(self, world):
        chosen, dataset = world
        for name in HELD_OUT:
            n_validation, n = len(dataset.splits[name + VALIDATION]), len(dataset.splits[name])
            assert n_validation == round(chosen.validation * (n_validation + n))

    def test_settings_tell_the_shape_of_the_dataset(self, world):
        chosen, dataset = world
        assert chosen.n_tokens == dataset.n_tokens
        assert chosen.length == dataset.length
        assert chosen.splits == tuple(dataset.splits)
        assert chosen.max_hops == max(split.hops for split in dataset.splits.values())
        assert set(chosen.truth) == {fact for s in dataset.splits.values() for fact in s.truth}

    def test_the_vocabulary_says_what_tokens_are(self, world):
        _, dataset = world
        words = dataset.vocabulary
        assert (words[N - 1], words[N], words[2 * N]) == (f"b{N - 1}", "a0", "attr0")
        assert (words[IS], words[COPY], words[-1]) == ("IS", "COPY", f"v{A - 1}.{V - 1}")

    def test_it_survives_storage(self, world, tmp_path):
        _, dataset = world
        save_arrays(tmp_path / "dataset", *dataset.to_arrays())
        again = Dataset.from_arrays(*load_arrays(tmp_path / "dataset"))
        arrays, others = dataset.to_arrays()[0], again.to_arrays()[0]
        assert list(again.splits) == list(dataset.splits)
        assert all(np.array_equal(arrays[name], others[name]) for name in arrays)


class TestSeedsAndDoses:
    def test_a_seed_decides_everything(self):
        one, again, other = (generate(settings(), seed=seed).to_arrays()[0] for seed in (1, 1, 2))
        assert all(np.array_equal(one[name], again[name]) for name in one)
        for name in ("definitions/targets", "base_facts/targets", "ood/tokens", "id/tokens"):
            assert not np.array_equal(one[name], other[name])

    def test_a_larger_dose_adds_aliases_and_changes_no_fact(self):
        small, large = (generate(settings(with_facts=dose), seed=0) for dose in (0.3, 0.7))
        for name in ("definitions", "base_facts"):
            assert facts(small, name) == facts(large, name)
        assert facts(small, "alias_facts").items() < facts(large, "alias_facts").items()

    def test_the_shuffled_world_differs_in_its_definitions_alone(self):
        true, shuffled = (generate(settings(definitions=d), seed=0) for d in ("true", "shuffled"))
        arrays, others = true.to_arrays()[0], shuffled.to_arrays()[0]
        differing = {name for name in arrays if not np.array_equal(arrays[name], others[name])}
        named = {f"{name}/truth/named" for name in ("definitions", *of_aliases())}
        assert differing == {"definitions/targets", *named}
        n_right = sum(
            bases(shuffled, "bridge")[a] == b for a, b in bases(shuffled, "named").items()
        )
        assert n_right < N / 5

    @pytest.mark.parametrize(
        ("changes", "emptied"),
        [
            ({"with_facts": 0.0}, "alias_facts, id"),
            ({"with_facts": 1.0}, "ood"),
            ({"id_held_out": A}, "alias_facts"),
            ({"validation": 0.0}, "id_validation, ood_validation"),
            ({"validation": 1.0}, "id, ood"),
        ],
    )
    def test_settings_that_leave_a_split_empty_are_refused(self, changes, emptied):
        with pytest.raises(ValidationError, match=rf"empty: {emptied}[;,]"):
            settings(**changes)

    def test_a_dose_curve_holds_what_differs_in_the_dose_alone(self):
        def run(dose: float, **model) -> dict:
            return {"task": {"n": 1}, "model": model, "training": {"decay": dose}, "parent": None}

        runs = {
            "base": run(3),
            "more": run(6),
            "less": run(1),
            "other model": run(1, tied=False),
            "fine-tuned": {**run(2), "parent": {"run": "base"}},
        }
        found = doses_of(runs, "base", "training", "decay")
        assert list(found.items()) == [("less", 1), ("base", 3), ("more", 6)]
        assert list(doses_of(runs, "base", "task", "n")) == ["base"]


WORLD = generate(settings(), seed=0)


def transformer(**changes) -> Transformer:
    given = {"name": "transformer", "d_model": 16, "n_heads": 2, "d_mlp": 32}
    return build(ModelSettings(**{**given, **changes}), WORLD.n_tokens, WORLD.length)


def found(measurements) -> dict[tuple, float]:
    return {(m.measure, m.split): m.value for m in measurements}


def test_the_guess_is_the_commonest_trained_value():
    values = found(commonest_value.measure(transformer(), {}, WORLD))
    trained = facts(WORLD, "base_facts", "alias_facts")
    for name in ("alias_facts", "id", "ood"):
        asked = facts(WORLD, name)
        n_right = 0.0
        for attribute in range(2 * N, 2 * N + A):
            counts = Counter(
                value for (_, last), value in sorted(trained.items()) if last == attribute
            )
            most = min(v for v, count in counts.items() if count == max(counts.values()))
            n_right += sum(v == most for (_, last), v in asked.items() if last == attribute)
        assert values["guess_accuracy", name] == pytest.approx(n_right / len(asked))


class TestAliasCosine:
    def test_by_hand(self):
        """Bases are axes of their own; ood aliases are their bases, id aliases each a base's opposite."""
        model = transformer(d_model=32, tied_embeddings=False)
        parameters = model.initial_parameters(0)
        embedding = torch.zeros(WORLD.n_tokens, 32)
        embedding[:N, :N] = torch.eye(N)
        ood = set(WORLD.splits["ood"].tokens[:, 0].tolist())
        for alias, base in bases(WORLD, "named").items():
            embedding[alias] = (2 if alias in ood else -3) * embedding[base]
        parameters["tok_embed.weight"] = embedding
        parameters["head.weight"] = embedding.roll(1, 1)
        values = found(alias_cosine.measure(model, parameters, WORLD))
        assert values["alias_cosine", "ood"] == values["alias_nearest_top1", "ood"] == 1
        assert values["alias_cosine", "id"] == -1
        assert values["alias_nearest_top1", "id"] == 0
        assert values["alias_cosine_other", "ood"] == values["alias_cosine_other", "id"] == 0
        assert values["alias_cosine_output", "ood"] == values["base_cosine_output", None] == 0
        # Each axis is the output row of the base before it: one of all others, but for the first.
        n_pairs = (N - 1) / (N * (N - 1))
        assert values["base_cosine_output_other", None] == pytest.approx(n_pairs)

    def test_tied_models_have_one_code(self):
        model = transformer()
        values = found(alias_cosine.measure(model, model.initial_parameters(0), WORLD))
        for name in ("id", "ood"):
            for kind in ("alias_cosine", "alias_cosine_other"):
                assert (
                    values[kind.replace("cosine", "cosine_output", 1), name] == values[kind, name]
                )
        assert values["base_cosine_output", None] == pytest.approx(1)


class TestEmbeddingSwap:
    def test_rows_by_hand(self):
        embedding = torch.tensor([[3.0, 0.0], [0.0, 4.0], [1.0, 1.0]])
        readout = torch.tensor([[0.0, 1.0], [2.0, 0.0], [9.0, 9.0]])
        alias, base, other = (torch.tensor([i]) for i in (2, 0, 1))
        rows = embedding_swap.altered_rows(embedding, readout, alias, base, other)
        expected = {
            "unchanged": [1.0, 1.0],
            "swap_input": [0.0, 4.0],
            "swap_output": [4.0, 0.0],  # as long as the other base's input row
            "shift_input": [-2.0, 5.0],
            # (2, -1) made as long as (-3, 4)
            "remove_own": [0.0, 1.0],
            "remove_other": [1.0, 0.0],
            "shift_output": [1 + 5 * 2 / 5**0.5, 1 - 5 / 5**0.5],
        }
        for name, row in expected.items():
            torch.testing.assert_close(rows[name], torch.tensor([row]))
        shift = rows["shift_random"] - rows["unchanged"]
        assert shift.norm().item() == pytest.approx(5, rel=1e-5)
        assert set(rows) == {*expected, "shift_random"}


def knowing(n_codes: int) -> tuple[Transformer, dict]:
    """A model that knows everything, linear, with even attention; bases have one code or two.

    With one, answers to all questions are read from the same direction; with two, the names of bases
    are read from one and their values from another.
    """
    d = n_codes * N + A + 1
    model = transformer(
        d_model=d, n_heads=1, d_mlp=0, norm="none", positions="none", tied_embeddings=False
    )
    p = {name: torch.zeros(shape) for name, shape in model.shapes().items()}
    first, last = torch.eye(N, d), torch.eye(d)[N : 2 * N] if n_codes == 2 else torch.eye(N, d)
    words = torch.eye(d)[n_codes * N :]
    embedding, readout = p["tok_embed.weight"], p["head.weight"]
    embedding[:N] = first + last if n_codes == 2 else first
    for alias, base in bases(WORLD, "named").items():
        embedding[alias] = embedding[base]
    embedding[2 * N : IS + 1] = words
    readout[:N] = first + words[A]
    of_value: dict[int, list[int]] = {}
    for (base, attribute), value in facts(WORLD, "base_facts").items():
        of_value.setdefault(value, []).append(base)
        readout[value] = words[attribute - 2 * N] + last[of_value[value]].mean(0)
    readout *= 20  # sure of itself: what is wrong has no part in the gradient
    block = "layers.0.attn"
    p[f"{block}.v.weight"][: n_codes * N, : n_codes * N] = torch.eye(n_codes * N)
    p[f"{block}.o.weight"][:] = torch.eye(d)
    return model, p


class TestInterventionsOnAModelThatKnowsAll:
    def test_answers_follow_the_base_that_is_written_in(self):
        values = found(embedding_swap.measure(*knowing(1), WORLD))
        for name in ("definitions", "ood"):
            for kind in ("unchanged", "remove_other"):
                assert values[f"{kind}_own_accuracy", name] == 1
                assert values[f"{kind}_other_accuracy", name] == 0
            for kind in ("swap_input", "swap_output", "shift_input", "shift_output"):
                assert values[f"{kind}_own_accuracy", name] == 0
                assert values[f"{kind}_other_accuracy", name] == 1
            assert values["remove_own_own_accuracy", name] < 0.6

    def test_a_row_of_the_unembedding_does_nothing_where_questions_have_a_code_of_their_own(self):
        values = found(embedding_swap.measure(*knowing(2), WORLD))
        assert values["shift_output_other_accuracy", "definitions"] == 1
        assert values["shift_output_own_accuracy", "ood"] == 1
        assert values["shift_input_other_accuracy", "ood"] == 1

    def test_a_new_name_is_understood_if_answer_and_question_share_a_code(self):
        values = found(new_name.measure(*knowing(1), WORLD))
        assert set(values.values()) == {1.0}
        assert len(values) == 4

    def test_and_else_only_defined(self):
        values = found(new_name.measure(*knowing(2), WORLD))
        for name in ("id", "ood"):
            assert values["new_name_defined_accuracy", name] == 1
            # All values of an attribute have the same logit, and the first is taken.
            first = (WORLD.splits[name].targets - COPY - 1) % V == 0
            assert values["new_name_accuracy", name] == pytest.approx(first.mean())


class TestInterventionsOnAnyModel:
    def test_only_what_is_read_is_altered(self):
        """A swap asks just what the other base is asked, in a tied model, too."""
        model = transformer()
        parameters = model.initial_parameters(0)
        before = {name: p.clone() for name, p in parameters.items()}
        values = found(embedding_swap.measure(model, parameters, WORLD))
        split = WORLD.splits["ood"]
        answers = facts(WORLD, "base_facts")
        n, n_right = 0, 0
        for (_, attribute), base in zip(
            split.tokens.tolist(), split.truth["named"].tolist(), strict=True
        ):
            other = (base + N // 2) % N
            if answers[base, attribute] != answers[other, attribute]:
                asked = torch.tensor([[other, attribute]])
                state = model.residual_stream(parameters, asked)[-1, 0, -1]
                said = model.unembed(parameters, state).argmax().item()
                n, n_right = n + 1, n_right + (said == answers[other, attribute])
        assert n > 0
        assert values["swap_input_other_accuracy", "ood"] == pytest.approx(n_right / n)
        assert all(torch.equal(before[name], p) for name, p in parameters.items())

    def test_a_new_name_can_be_learned_where_no_gradients_are_kept(self):
        model, parameters = knowing(1)
        with torch.inference_mode():
            frozen = {name: p.clone() for name, p in parameters.items()}
            values = found(new_name.measure(model, frozen, WORLD))
        assert values == found(new_name.measure(model, parameters, WORLD))
        assert all(torch.equal(frozen[name], p) for name, p in parameters.items())
