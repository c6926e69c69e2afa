"""Git Re-Basin with known answers: a permuted copy is found, a turned head undone, variances restored."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from onset import models
from onset.comparisons.basins import frequencies_between, rebasin
from onset.comparisons.basins.matched import Matched
from onset.comparisons.basins.matching import (
    at_random,
    best,
    by_activations,
    by_weights,
    order_of,
)
from onset.comparisons.basins.repair import repaired
from onset.comparisons.basins.tunings import Tunings, alike, within_frequency
from onset.comparisons.changes.straight_way import between
from onset.measures.fourier import spectrum
from onset.models.symmetries import (
    Symmetry,
    entries_first,
    moved,
    of_family,
    put_back,
    symmetries_of,
)
from onset.tasks import modular_addition
from onset.training.batches import whole
from tests.members import made
from tests.unit.test_comparisons import compared

P = 11
WORLD = modular_addition.generate(
    modular_addition.Settings(name="modular_addition", p=P, train_fraction=0.6), seed=0
)
ASKED = whole(WORLD.splits["train"]).questions[0]
MLP = {"name": "mlp", "width": 24}
TRANSFORMER = {
    "name": "transformer",
    "d_model": 12,
    "n_heads": 3,
    "d_mlp": 20,
    "tied_embeddings": False,
}
CASES = {
    "one layer": MLP,
    "three layers": {**MLP, "n_hidden": 3, "activation": "gelu"},
    "places alike": {**MLP, "places": "alike"},
    "no norms": {**TRANSFORMER, "norm": "none"},
    "two blocks": {**TRANSFORMER, "norm": "none", "n_layers": 2, "tied_embeddings": True},
    "norms": TRANSFORMER,
    "norm of neurons": {**TRANSFORMER, "activation": "solu_ln"},
}  # fmt: skip


def drawn(name: str, seed: int = 0):
    """A model of which no parameter is zero or one, and no neuron silent."""
    model = models.build(CASES[name], *WORLD.sizes)
    torch.manual_seed(seed)
    own = {n: p + 0.2 * torch.randn_like(p) for n, p in model.initial_parameters(seed).items()}
    biases = [its.bias for its in of_family(model.settings.name).repaired(model)]
    return model, own | {name: own[name] + 1 for name in biases}


def shuffled(model, parameters, seed: int = 3):
    symmetries = symmetries_of(model)
    moves = at_random(symmetries, np.random.default_rng(seed))
    return moves, moved(parameters, symmetries, moves)


@pytest.mark.parametrize("name", CASES)
def test_moving_units_changes_weights_and_no_answer(name):
    model, own = drawn(name)
    _, other = shuffled(model, own)
    touched = {
        axis.parameter for its in symmetries_of(model) for part in its.parts for axis in part
    }
    assert all(not torch.equal(own[n], other[n]) for n in touched)
    untouched = own.keys() - touched
    assert untouched <= {"hidden_0.bias"} | model.constants | {n for n in own if "smear" in n}
    assert_close(model.logits(other, [ASKED]), model.logits(own, [ASKED]), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_readings_are_of_the_units_that_are_moved(name):
    model, own = drawn(name)
    moves, other = shuffled(model, own)
    readings = of_family(model.settings.name).readings
    before, after = readings(model, own, ASKED), readings(model, other, ASKED)
    for its in symmetries_of(model):
        for turn, one, two in zip(moves[its.name], before[its.name], after[its.name], strict=True):
            assert_close(two, one @ turn.T, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_a_moved_copy_is_put_back(name):
    model, own = drawn(name)
    _, other = shuffled(model, own)
    matched = Matched(model, own, other, ASKED)
    for moves in (matched.by_weights(), matched.by_activations()):
        back = moved(other, matched.symmetries, moves)
        for parameter, its in own.items():
            assert_close(back[parameter], its, atol=1e-3, rtol=1e-3)


def test_a_turned_head_is_undone_by_weights_alone():
    model, own = drawn("no norms")
    heads = [its for its in symmetries_of(model) if its.name == "heads_0"]
    moves = at_random(heads, np.random.default_rng(0))
    other = moved(own, heads, moves)
    assert not torch.allclose(own["layers.0.attn.q.weight"], other["layers.0.attn.q.weight"])
    found = by_weights(own, other, heads)
    for turn, back in zip(moves["heads_0"], found["heads_0"], strict=True):
        assert_close(back @ turn, torch.eye(12), atol=1e-4, rtol=1e-4)
    assert (order_of(found["heads_0"][0] @ moves["heads_0"][0], heads[0]) == np.arange(3)).all()


def test_the_best_move_is_the_best_of_all_orders():
    its = Symmetry("units", 4, 1, False, ())
    alike_ = torch.tensor(np.random.default_rng(0).standard_normal((4, 4)))
    (turn,) = best(its, [alike_])
    largest = max(
        sum(alike_[i, j].item() for i, j in enumerate(its)) for its in permutations(range(4))
    )
    assert (turn.double() * alike_).sum().item() == pytest.approx(largest)


def test_repeated_entries_are_taken_together():
    axis = next(
        axis for axis in symmetries_of(drawn("one layer")[0])[0].parts[0]
        if axis.parameter == "tok_embed.weight"
    )  # fmt: skip
    table = torch.arange(12 * 72.0).view(12, 72)
    first = entries_first(table, axis)
    assert first.shape == (24, 3, 12)
    assert first[5, 2, 7] == table[7, 2 * 24 + 5]
    assert torch.equal(put_back(first, axis, table), table)


@pytest.mark.parametrize("name", ["one layer", "three layers", "no norms", "two blocks", "norms"])
def test_repair_restores_means_and_deviations(name):
    model, own = drawn(name)
    _, other = drawn(name, seed=1)
    family, way = of_family(model.settings.name), 0.25
    mixed = between(own, other, way)
    fixed = repaired(model, mixed, (own, other), way, ASKED)
    for layer in range(len(family.repaired(model))):
        one, two, raw, its = (
            family.before_activation(model, p, ASKED, layer) for p in (own, other, mixed, fixed)
        )
        assert_close(its.mean(0), (1 - way) * one.mean(0) + way * two.mean(0), atol=1e-4, rtol=1e-3)
        wanted = (1 - way) * one.std(0, correction=0) + way * two.std(0, correction=0)
        assert_close(its.std(0, correction=0), wanted, atol=1e-4, rtol=1e-3)
        assert raw.std(0, correction=0).mean() < wanted.mean()


def test_at_an_end_there_is_nothing_to_repair():
    model, own = drawn("three layers")
    _, other = drawn("three layers", seed=1)
    fixed = repaired(model, own, (own, other), 0.0, ASKED)
    for parameter, its in own.items():
        assert_close(fixed[parameter], its, atol=1e-4, rtol=1e-4)


def answered_by(model, parameters):
    """The world in which the model is always right."""
    splits = {}
    for name, split in WORLD.splits.items():
        said = model.logits(parameters, whole(split).questions).argmax(1)
        splits[name] = replace(split, targets=said[:, None].numpy())
    return replace(WORLD, splits=splits)


@pytest.mark.parametrize("name", ["one layer", "no norms"])
def test_between_a_model_and_its_shuffled_copy_there_is_no_barrier_once_matched(name):
    model, own = drawn(name)
    own = {n: 3 * p if n == "head.weight" else p for n, p in own.items()}
    _, other = shuffled(model, own)
    world = answered_by(model, own)
    runs = [made(model, {0: own, 9: its}, world) for its in (own, other)]
    rows = [row.found for row in compared(rebasin, runs) if row.found.component is None]
    found = {its.measure: its.value for its in rows if its.split in (None, "test")}
    for way in ("by_weights", "by_activations", "of_copy"):
        assert found[f"barrier_{way}"] == pytest.approx(0, abs=1e-2)
        assert found[f"accuracy_{way}"] == 1
    assert found["barrier_unmoved"] > 0.1
    assert found["found_of_copy"] == 1
    assert ("barrier_in_order" in found) == (name == "no norms")


class TestTunings:
    """Neurons made by hand: waves of both numbers, of two frequencies."""

    a, b = torch.meshgrid(torch.arange(P), torch.arange(P), indexing="ij")

    def neurons(self, frequencies, phases) -> torch.Tensor:
        found = []
        for k, (of_a, of_b) in zip(frequencies, phases, strict=True):
            w = 2 * torch.pi * k / P
            found.append((w * self.a - of_a).cos() + (w * self.b - of_b).cos())
        return torch.stack([its.ravel() for its in found], 1) + 0.5

    def test_frequency_and_phases_are_read_off(self):
        phases = [(0.3, -1.0), (2.0, 0.5), (-2.5, 3.0)]
        its = Tunings.of(self.neurons([1, 4, 1], phases))
        assert its.frequency.tolist() == [1, 4, 1]
        assert_close(its.phases, torch.tensor(phases).T, atol=1e-4, rtol=1e-4)
        assert its.shares(5).tolist() == pytest.approx([2 / 3, 0, 0, 1 / 3, 0])

    def test_a_constant_neuron_has_none(self):
        its = Tunings.of(torch.cat([self.neurons([2], [(0, 0)]), torch.ones(P * P, 1)], 1))
        assert its.frequency.tolist() == [2, 0]

    def test_how_alike_two_are(self):
        one = Tunings.of(self.neurons([1, 2, 3], [(0, 0), (0, 0), (0, 0)]))
        other = Tunings.of(self.neurons([1, 2, 4], [(0, 0), (torch.pi, 0), (0, 0)]))
        found = alike(one, other)
        assert found["same_frequency"] == pytest.approx(2 / 3)
        assert found["tuning"] == pytest.approx((1 + 0 + 0) / 3, abs=1e-5)
        assert found["phase"] == pytest.approx((1 + 1 - 1 + 1) / 4, abs=1e-5)

    def test_shuffling_within_frequencies_keeps_them(self):
        frequencies = [1, 2] * 12
        its = Tunings.of(self.neurons(frequencies, np.random.default_rng(0).uniform(0, 6, (24, 2))))
        order = within_frequency(its, np.random.default_rng(0))
        assert sorted(order.tolist()) == list(range(24))
        assert (order != np.arange(24)).any()
        assert its.moved(order).frequency.tolist() == frequencies


def test_amplitudes_are_those_of_the_waves():
    a, b, c = torch.meshgrid(*[torch.arange(P)] * 3, indexing="ij")
    wave = [(2 * torch.pi * k / P * (a + b - c)).cos() for k in (1, 2, 3, 4, 5)]
    found = frequencies_between.amplitudes(3 * wave[1] - 0.5 * wave[4] + 7)
    assert_close(found, torch.tensor([0, 3.0, 0, 0, -0.5]), atol=1e-4, rtol=1e-4)


def test_a_matched_copy_has_the_same_frequencies_and_its_middle_is_itself():
    model, own = drawn("one layer")
    waves = spectrum.waves(P)[[1, 3]].flatten(0, 1)  # frequencies 2 and 4
    rows = torch.zeros_like(own["tok_embed.weight"]).view(P + 1, 3, 24)
    generator = torch.Generator().manual_seed(0)
    for neuron in range(24):
        k, angle = neuron % 2, 6.28 * torch.rand(2, generator=generator)
        for place in (0, 1):
            turn = torch.stack([angle[place].cos(), angle[place].sin()])
            rows[:P, place, neuron] = 3 * turn @ waves[2 * k : 2 * k + 2]
    own = {**own, "tok_embed.weight": rows.view(P + 1, 72), "hidden_0.bias": torch.zeros(24)}
    _, other = shuffled(model, own)
    start = model.initial_parameters(5)
    runs = [made(model, {0: start, 9: its}, WORLD) for its in (own, other)]
    found = {row.found.measure: row.found.value for row in compared(frequencies_between, runs)}
    assert found["same_frequency"] == found["shared"] == 1
    assert found["tuning"] == pytest.approx(1, abs=1e-4)
    assert found["phase"] == pytest.approx(1, abs=1e-4)
    assert found["frequencies"] == pytest.approx(2)
    assert found["neurons_per_frequency"] == pytest.approx(12)
    assert found["same_frequency_at_random"] < 0.9
    assert found["tuning_in_frequency"] < 0.6
    assert found["middle_loss"] == pytest.approx(found["middle_loss_repaired"], abs=1e-3)
    assert found["circle_between"] == pytest.approx(found["circle_at_ends"], abs=1e-3)


def test_activations_of_other_sizes_are_matched_by_their_form():
    """A neuron that is ten times another is the same; by weights it counts ten times."""
    model, own = drawn("one layer")
    other = dict(own)
    for name, axis in (("tok_embed.weight", 1), ("hidden_0.bias", 0)):
        scale = torch.linspace(0.1, 10, 24).repeat(own[name].shape[axis] // 24)
        other[name] = own[name] * (scale if axis == 0 else scale[None])
    symmetries = symmetries_of(model)
    moves = by_activations(model, own, other, symmetries, ASKED)
    assert (order_of(moves["neurons_0"][0], symmetries[0]) == np.arange(24)).all()
