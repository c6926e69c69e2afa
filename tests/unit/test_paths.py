"""Comparisons of many runs of one world: pairs, solutions, answers, hills; by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from onset.comparisons import pairs
from onset.comparisons.answers import agreement, known_too
from onset.comparisons.changes import barrier
from onset.comparisons.fourier import same_frequencies
from onset.comparisons.member import Compared
from onset.measures.measurement import Measurement
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.tasks import modular_addition
from tests.members import made
from tests.unit.test_comparisons import compared

pytestmark = pytest.mark.filterwarnings("ignore")

P = 11
WORLD = modular_addition.generate(
    modular_addition.Settings(name="modular_addition", p=P, train_fraction=0.5), seed=0
)
MODEL = build(
    Settings(name="transformer", d_model=16, n_heads=2, d_mlp=8, norm="none"), *WORLD.sizes
)


def run(seed: int, condition: str, its=None):
    parameters = MODEL.initial_parameters(seed) if its is None else its
    return made(MODEL, {5: parameters}, WORLD, 0, condition)


def values(rows: list[Compared]) -> dict[tuple[str, int | None], float]:
    return {(its.found.measure, its.found.component): its.found.value for its in rows}


class TestPairs:
    NUMBERS = {"a": 1.0, "b": 2.0, "c": 6.0}

    def of(self, names: str, seeds: list[int] | None = None) -> list[Compared]:
        runs = [
            made(None, {1: {}}, WORLD, seed, name)
            for name, seed in zip(names, seeds or [0] * len(names), strict=True)
        ]

        def product(one, other):
            value = self.NUMBERS[one.condition] * self.NUMBERS[other.condition]
            if value != 12:
                yield Compared(
                    Measurement("product", value, "test", n_examples=int(value)), one, other
                )

        return list(pairs.of_pairs(runs, product))

    def test_two_are_said_of_both(self):
        (row,) = self.of("ab")
        assert (row.found.value, row.of.condition, row.other.condition) == (2, "a", "b")

    def test_more_with_one_seed_are_a_mean_over_those_found(self):
        (row,) = self.of("abc")
        assert row.found == Measurement("product", 4.0, "test", n_examples=2)
        assert row.of is row.other is None

    def test_more_with_several_seeds_are_a_row_each(self):
        assert [its.found.value for its in self.of("abc", [0, 1, 2])] == [2, 6]


class TestSameFrequencies:
    @pytest.mark.parametrize(
        ("one", "other", "shared", "chance", "largest"),
        [
            ([1, 0, 0, 0], [1, 0, 0, 0], 1, 1 / 4, 1),
            ([1, 0, 0, 0], [0, 1, 0, 0], 0, 1 / 4, 0),
            ([0.75, 0.25, 0, 0], [0.25, 0.75, 0, 0], 0.5, 1.5 / 4, 0),
            ([0.5, 0.5, 0, 0], [0.25, 0, 0.75, 0], 0.25, 1.5 / 4, 0),
        ],
    )
    def test_by_hand(self, one, other, shared, chance, largest):
        found = same_frequencies.alike(torch.tensor(one).double(), torch.tensor(other).double())
        assert found == pytest.approx(
            {"shared_frequencies": shared, "shared_by_chance": chance, "same_largest": largest,
             "same_largest_by_chance": 1 / 4}
        )  # fmt: skip

    def test_chance_is_the_mean_over_permutations(self):
        rng = np.random.default_rng(0)
        one, other = (torch.from_numpy(rng.dirichlet(np.ones(5))) for _ in range(2))
        shuffled = [
            torch.minimum(one, other[list(order)]).sum().item()
            for order in itertools.permutations(range(5))
        ]
        chance = same_frequencies.alike(one, other)["shared_by_chance"]
        assert chance == pytest.approx(np.mean(shuffled))

    def test_made_of_known_waves(self, monkeypatch):
        a = torch.arange(P)

        def waves(model, parameters, dataset):
            angle = 2 * torch.pi * (a[:, None, None] + a[:, None] - a) / P
            return sum(size * torch.cos(int(k) * angle) for k, size in parameters.items())

        monkeypatch.setattr(same_frequencies.spectrum, "logits_of_pairs", waves)
        sizes = {"one": {"2": 1.0, "3": 1.0}, "other": {"2": 2.0}, "none": {"1": 0.0}}
        runs = [
            run(0, name, {k: torch.tensor(size) for k, size in its.items()})
            for name, its in sizes.items()
        ]
        found = values(compared(same_frequencies, runs))
        assert found["shared_frequencies", None] == pytest.approx(0.5)  # a pair: one has none


class TestAgreement:
    def test_by_hand(self, monkeypatch):
        """Twenty questions: five known to all, five to the first two, ten to none, of these wrong alike."""
        targets = torch.zeros(20, dtype=torch.long)
        said = torch.zeros(3, 20, dtype=torch.long)
        said[2, 5:10] = 1
        said[:, 10:] = 1
        said[0, 10:15] = 2
        monkeypatch.setattr(agreement, "targets_of_splits", lambda world: targets)
        monkeypatch.setattr(agreement, "_places", lambda world: {"test": slice(0, 20)})
        monkeypatch.setattr(agreement, "_answers", lambda its, step: said[int(its.condition)])
        runs = [run(0, str(number)) for number in range(3)]
        rows = compared(agreement, runs[:2])
        found = values(rows)
        assert {its.step for its in rows} == {5}
        assert found["alike", None] == pytest.approx(15 / 20)
        assert found["alike_by_chance", None] == pytest.approx(1 / 4 + 1 / 4 * 1 / 2)
        assert found["wrong_alike", None] == pytest.approx(5 / 10)
        assert found["wrong_alike_by_chance", None] == pytest.approx(1 / 2)
        of_three = values(compared(agreement, runs))
        assert of_three["alike", None] == pytest.approx(np.mean([15, 10, 15]) / 20)
        # Known to the third: the first five. Known to the first or second: the first ten.
        assert of_three["alike_of_class", 1] == pytest.approx(np.mean([1, 0.5, 0.5]))

    def test_the_same_model_agrees_with_itself(self):
        found = values(compared(agreement, [run(3, "one"), run(3, "other")]))
        assert found["alike", None] == found["wrong_alike", None] == 1

    def test_it_is_of_one_world(self):
        other = made(MODEL, {5: MODEL.initial_parameters(1)}, WORLD, 1)
        with pytest.raises(ValueError, match="runs with one seed"):
            compared(agreement, [run(0, "one"), other])


class TestKnownToo:
    def test_a_model_knows_what_it_knows(self):
        rows = compared(known_too, [run(0, "one"), run(0, "other")])
        assert {its.found.value for its in rows if its.found.measure == "known_too"} == {1}
        anyway = [its.found.value for its in rows if its.found.measure == "known_anyway"]
        assert max(anyway) < 1

    def test_by_hand(self, monkeypatch):
        n = sum(its.targets.size for its in WORLD.splits.values())
        right = iter([torch.arange(n) % 2 == 0, torch.arange(n) % 4 == 0])
        monkeypatch.setattr(known_too, "is_right", lambda *its: next(right).double())
        rows = compared(known_too, [run(0, "one"), run(1, "other")])
        its = {(row.found.measure, row.found.split): row.found.value for row in rows}
        assert its["known_too", "train"] == pytest.approx(0.5, abs=0.05)
        assert its["known_anyway", "train"] == pytest.approx(0.25, abs=0.05)


def test_hills_between_all_pairs():
    runs = [run(seed, name) for seed, name in ((0, "a"), (0, "b"), (1, "c"))]
    of_all = compared(barrier, runs, points=3)
    assert all(its.of is None for its in of_all)
    by_pair = [compared(barrier, list(its), points=3) for its in itertools.combinations(runs, 2)]
    for place, row in enumerate(of_all):
        each = [its[place].found.value for its in by_pair]
        assert row.found.value == pytest.approx(np.mean(each))
    first = {its.found.measure: its.found.value for its in by_pair[0]}
    assert first["instability"] == first["barrier"] == first["distance"] == 0
