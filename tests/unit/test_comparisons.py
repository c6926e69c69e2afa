"""Comparisons on runs whose answers are known, and what is made of their tables."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from transformer_lens import patching

from onset import comparisons
from onset.comparisons.dictionaries import same_features
from onset.comparisons.heads import same_heads
from onset.comparisons.member import Compared, Member, columns_of
from onset.comparisons.residual import checkpoint_patching
from onset.comparisons.weights import averaged_weights
from onset.config.wants import wants_of_comparison
from onset.measures.answers import prediction
from onset.measures.heads.circuit import Scores
from onset.measures.measurement import Measurement
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.midway import logits_from
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from onset.statistics.compared import as_measures, at_their_ends, called, per_seed
from onset.statistics.kinds import KINDS
from onset.statistics.quantities import quantity_of
from onset.store.layout import RunFolder
from onset.tasks import composition
from tests.members import made
from tests.unit import test_dictionary_measures as dictionaries

# TransformerLens warns of its own accord.
pytestmark = pytest.mark.filterwarnings("ignore")

WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.8), seed=0
)


def transformer(**changes) -> Transformer:
    given = {"name": "transformer", "n_layers": 2, "d_model": 16, "n_heads": 2, "d_mlp": 32}
    return build(Settings(**{**given, **changes}), WORLD.n_tokens, WORLD.length)


def compared(module, members, **options) -> list[Compared]:
    """What a comparison finds, each number as it is declared."""
    with torch.inference_mode():
        rows = list(module.compare(members, **{**getattr(module, "OPTIONS", {}), **options}))
    for its in (row.found for row in rows):
        kind = KINDS[quantity_of(its.measure, module.QUANTITIES).kind]
        assert np.isnan(its.value) or kind.low <= its.value <= kind.high, its
    return rows


@pytest.mark.parametrize("name", comparisons.names())
def test_options_are_what_compare_takes_by_name(name):
    _, *taken = inspect.signature(comparisons.load(name).compare).parameters
    assert set(taken) == set(wants_of_comparison(name).options)


def test_what_comparisons_want_is_read_without_running_them():
    its = wants_of_comparison("checkpoint_patching")
    assert (its.kind, its.together, its.needs) == ("sequences", "checkpoints", ("midway",))
    its = wants_of_comparison("same_features")
    assert (its.kind, its.together, its.needs) == ("vectors", "runs", ("dictionary", "amounts"))


class TestMembers:
    def test_columns_say_whose_number_it_is(self):
        one, other = (made(None, {3: {}}, WORLD, seed, "plain") for seed in (0, 1))
        found = Measurement("share", 0.5, "id", layer=1)
        columns = columns_of([Compared(found, one, other, 3, 2), Compared(found)], [one, other])
        assert columns["condition"] == ["plain", "plain"]
        assert columns["seed"] == [0, None]
        assert columns["other_condition"] == ["plain", None]
        assert columns["other_seed"] == [1, None]
        assert columns["step"] == [3, None]
        assert columns["other_step"] == [2, None]
        assert columns["layer"] == [1, 1]

    def test_checkpoints_are_of_the_schedule_unless_one_is_meant(self):
        checkpoints = {"schedule": "linear", "count": 3, "finer": [{"every": 1, "since": 7}]}
        index = {"settings": {"checkpoints": checkpoints, "training": {"steps": 10}}}
        for meant, steps in ((None, [0, 5, 10]), (8, [8])):
            its = Member(RunFolder(Path("results/study/one/seed_0")), "one", 5, meant)
            its.__dict__["_index"] = index
            assert its.steps == steps


class TestCheckpointPatching:
    def by_place(self, rows: list[Compared], measure: str) -> dict[tuple, float]:
        return {
            (its.step, its.other_step, its.found.layer, its.found.position): its.found.value
            for its in rows
            if its.found.measure == measure
        }

    @pytest.mark.parametrize("changes", [{}, {"n_layers": 1, "n_loops": 2, "readout": "per_hop"}])
    def test_logits_from_a_place_are_those_of_transformer_lens(self, changes):
        """Its own patching, of the states of one model into another."""
        model = transformer(**changes)
        early, late = model.initial_parameters(0), model.initial_parameters(1)
        tokens = torch.from_numpy(WORLD.splits["id"].tokens[:8])
        given, bridge = model.residual_stream(early, tokens), open_bridge(model, late, 2)
        names = [f"blocks.{layer}.hook_resid_pre" for layer in (0, 1)]
        theirs = []
        patching.get_act_patch_resid_pre(
            bridge,
            tokens,
            {name: given[layer] for layer, name in enumerate(names)},
            lambda logits: theirs.append(logits[:, 2]) or torch.zeros(()),
        )
        ours = []
        for layer in (0, 1):
            for position in range(3):
                states = model.residual_stream(late, tokens)[layer].clone()
                states[:, position] = given[layer][:, position]
                ours.append(logits_from(model, late, states, tokens, layer, 2, 2))
        assert len(theirs) >= len(ours)
        torch.testing.assert_close(torch.stack(ours), torch.stack(theirs[-6:]), atol=1e-5, rtol=0)

    def test_a_model_with_its_own_states_answers_as_it_does(self):
        model = transformer()
        parameters = model.initial_parameters(0)
        its = made(model, {0: parameters, 5: parameters}, WORLD, splits=("id",))
        rows = compared(checkpoint_patching, [its], most_questions=10_000)
        found = self.by_place(rows, "patched_accuracy")
        assert len(found) == 2 * 2 * 7  # 2 x 3 places before blocks, one after the last
        split = WORLD.splits["id"]
        asked = checkpoint_patching._asked(its, split, 10_000)
        own = model.states_of_sequences(parameters, asked.tokens, split.scored, split.hops)
        right = model.unembed(parameters, own).argmax(-1) == asked.targets
        assert set(found.values()) == {right.double().mean().item()}

    def test_the_last_state_is_read_out_as_the_other_model_reads(self):
        """After all blocks nothing is left but the readout: with its readout, the early model answers."""
        model = transformer(tied_embeddings=False, norm="none")
        early, late = model.initial_parameters(0), model.initial_parameters(1)
        late["head.weight"] = early["head.weight"]
        its = made(model, {0: early, 5: late}, WORLD, splits=("id",))
        found = self.by_place(compared(checkpoint_patching, [its]), "patched_accuracy")
        assert found[5, 0, 2, 2] == found[0, 0, 2, 2]
        assert found[0, 5, 2, 2] == found[5, 5, 2, 2]

    def test_nulls_are_the_untrained_model_and_another_question(self):
        model = transformer()
        by_step = {0: model.initial_parameters(0), 5: model.initial_parameters(1)}
        its = made(model, by_step, WORLD, splits=("id",))
        rows = compared(checkpoint_patching, [its])
        untrained = self.by_place(rows, "patched_untrained_accuracy")
        grid = self.by_place(rows, "patched_accuracy")
        assert untrained == {
            (step, None, *place): its for (step, other, *place), its in grid.items() if other == 0
        }
        asked = checkpoint_patching._asked(its, WORLD.splits["id"], 10)
        assert len(asked.tokens) == 10
        assert (asked.tokens != asked.others).any(1).all()
        later = made(model, {3: model.initial_parameters(0)}, WORLD)
        assert not self.by_place(
            compared(checkpoint_patching, [later]), "patched_untrained_accuracy"
        )

    def test_shares_say_of_how_many_questions_they_are(self):
        model = transformer()
        its = made(model, {0: model.initial_parameters(0)}, WORLD, splits=("id",))
        rows = compared(checkpoint_patching, [its], most_questions=7)
        assert {row.found.n_examples for row in rows} == {7}


class TestSameFeatures:
    def run(self, found: list[int], seed: int) -> Member:
        """A dictionary whose latents are these axes, which are the features, and otherwise nothing's."""
        mixed = torch.ones(dictionaries.D, dictionaries.D)
        mixed[found] = torch.eye(dictionaries.D)[found]
        parameters = dictionaries.parameters(mixed)
        return made(dictionaries.model(), {1: parameters}, dictionaries.WORLD, seed)

    def test_of_those_that_either_finds(self):
        rows = compared(same_features, [self.run([0, 1, 2], 0), self.run([1, 2, 3], 1)])
        values = {row.found.measure: row.found.value for row in rows}
        assert values["same_features"] == 2 / 4
        assert values["same_features_by_chance"] == pytest.approx((9 / 8) / (6 - 9 / 8))
        assert [(row.of.seed, row.other.seed) for row in rows] == [(0, 1), (0, 1)]

    def test_each_two_runs(self):
        rows = compared(same_features, [self.run([0, seed], seed) for seed in range(3)])
        pairs = {(row.of.seed, row.other.seed) for row in rows}
        assert pairs == {(0, 1), (0, 2), (1, 2)}

    def test_nothing_is_said_where_nothing_is_found(self):
        assert compared(same_features, [self.run([], 0), self.run([], 1)]) == []


class TestSameHeads:
    def test_places_that_do_it_in_both(self, monkeypatch):
        model = transformer(d_mlp=0)
        scores = {
            0: Scores(torch.tensor([[0.9, 0.1], [0, 0]]), torch.tensor([[0, 0], [0.1, 0.9]])),
            1: Scores(torch.tensor([[0.2, 0.8], [0, 0]]), torch.tensor([[0, 0], [0.2, 0.8]])),
        }
        monkeypatch.setattr(
            same_heads, "scores", lambda model, parameters, world: scores[parameters]
        )
        one, other = (made(model, {9: seed}, WORLD, seed) for seed in (0, 1))
        values = {r.found.measure: r.found.value for r in compared(same_heads, [one, other])}
        assert values == {
            "same_pair": 0, "same_previous_token": 0, "same_induction": 1, "same_pair_by_chance": 1 / 4
        }  # fmt: skip
        same = {r.found.measure: r.found.value for r in compared(same_heads, [one, one])}
        assert same["same_pair"] == 1


def table(**columns) -> pd.DataFrame:
    """As `Study.comparisons` has it; what isn't named is missing."""
    n = max(len(its) for its in columns.values())
    plain = {"comparison": ["look"] * n, "measure": ["share"] * n}
    empty = dict.fromkeys(
        ("condition", "seed", "other_condition", "other_seed", "step", "other_step", "split", "layer",
         "head", "position", "component", "n_examples"),
        [None] * n,
    )  # fmt: skip
    return pd.DataFrame({**plain, **empty, **columns})


class TestSummaries:
    def test_whom_a_row_is_about(self):
        rows = table(
            condition=["one", "one", "one", "one", None],
            other_condition=[None, "one", "other", "study/other", None],
            value=[1.0] * 5,
        )
        assert called(rows).tolist() == [
            "look:one", "look:one", "look:one:other", "look:one:study:other", "look"
        ]  # fmt: skip

    def test_the_last_checkpoints_and_what_is_about_none(self):
        rows = table(
            condition=["one"] * 6,
            seed=[0, 0, 0, 1, 1, 0],
            step=[1, 2, None, 1, 2, 2],
            other_step=[None, None, None, None, None, 2],
            value=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        )
        assert at_their_ends(rows)["value"].tolist() == [0.2, 0.3, 0.5]  # the last is beside itself

    def test_seeds_stay_and_pairs_of_seeds_become_one_number_each(self):
        rows = table(
            condition=["one"] * 4,
            seed=[0, 0, 1, 0],
            other_condition=["one", "one", "one", "other"],
            other_seed=[1, 2, 2, 0],
            value=[0.1, 0.2, 0.6, 0.9],
        )
        found = as_measures(rows)
        assert sorted(found) == sorted(
            ["condition", "seed", "step", "measure", "value", "split", "layer", "head", "position",
             "component", "n_examples"]
        )  # fmt: skip
        by = found.groupby("condition")["value"]
        assert by.size().to_dict() == {"look:one": 3, "look:one:other": 1}
        assert by.mean().to_dict() == pytest.approx({"look:one": 0.3, "look:one:other": 0.9})

    def test_what_is_said_of_a_run_in_several_groups_counts_once(self):
        rows = table(
            condition=["one"] * 4,
            seed=[0, 1, 0, 1],
            other_condition=[None] * 4,
            other_seed=[None] * 4,
            value=[0.1, 0.2, 0.3, 0.2],
        )
        found = as_measures(rows)
        assert found["seed"].tolist() == [0, 1]
        assert found["value"].tolist() == pytest.approx([0.2, 0.2])

    @pytest.mark.parametrize("n", [3, 4, 7])
    def test_pairs_whose_number_is_the_mean_of_two_give_each_its_own(self, n):
        """The jackknife is exact there: the interval over pairs is that over seeds."""
        own = np.random.default_rng(n).random(n)
        one, other = np.triu_indices(n, 1)
        pairs = table(
            seed=one.tolist(), other_seed=other.tolist(), value=(own[one] + own[other]) / 2
        )
        found = per_seed(pairs)
        assert found["seed"].tolist() == list(range(n))
        assert found["value"].tolist() == pytest.approx(own.tolist())

    def test_one_pair_has_no_interval(self):
        pairs = table(seed=[0], other_seed=[1], value=[0.25])
        assert per_seed(pairs)["value"].tolist() == [0.25]


class TestAveragedWeights:
    def test_the_mean_is_over_the_last_few_without_the_untrained(self):
        model = transformer()
        by_step = {step: model.initial_parameters(step) for step in (0, 1, 2, 3)}
        run = made(model, by_step, WORLD)
        found = {
            (its.step, its.found.split): its.found.value
            for its in compared(averaged_weights, [run], most=2)
        }
        assert {step for step, _ in found} == {1, 2, 3}
        mean = {name: (by_step[2][name] + by_step[3][name]) / 2 for name in by_step[0]}
        expected = {
            its.split: its.value
            for its in prediction.measure(model, mean, WORLD)
            if its.measure == "accuracy"
        }
        assert {split: found[3, split] for split in expected} == expected

    def test_opposite_noise_around_a_solution_averages_out(self):
        model = transformer()
        solution = model.initial_parameters(0)
        noise = {name: torch.randn_like(its) for name, its in solution.items()}
        by_step = {
            step: {name: solution[name] + sign * noise[name] for name in solution}
            for step, sign in ((1, 1), (2, -1))
        }
        mean = averaged_weights.averaged(list(by_step.values()))
        for name, its in mean.items():
            torch.testing.assert_close(its, solution[name], atol=1e-6, rtol=1e-5)
