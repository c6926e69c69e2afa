"""The local learning coefficient, where it is known in closed form, and what it is asked of in a run."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from onset.comparisons.member import Member
from onset.comparisons.weights import learning_coefficient, nearby
from onset.comparisons.weights.langevin import Langevin, losses_nearby
from onset.comparisons.weights.nearby import Choices, Estimate, estimate, objective_of
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.runs.objective import Objective
from onset.tasks import composition
from onset.training.batches import draw
from onset.training.settings import TrainingSettings
from tests.members import made

PLAIN = Langevin(n_beta=1000.0, step_size=2e-4, pull=1.0, n_chains=500, n_burn_in=100, n_draws=150)
LIKE_RMSPROP = replace(PLAIN, step_size=5e-3, preconditioned=True)
BOTH = pytest.mark.parametrize("how", [PLAIN, LIKE_RMSPROP], ids=["SGLD", "pSGLD"])


def of_loss(loss, how: Langevin, *shape: int) -> Estimate:
    """Around 0, of a loss of all chains' w, a row each."""
    return estimate({"w": torch.zeros(shape)}, lambda its, _: loss(its["w"]), how, seed=0)


SETTINGS = Settings(name="transformer", d_model=16, n_heads=2, d_mlp=32, norm="none")
WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.7), seed=0
)
TRAINING = {
    "steps": 20, "batch_size": 16, "mixture": {"atomic": 0.5, "composed_train": 0.5}, "learning_rate": 1e-3,
}  # fmt: skip


class TestPowers:
    @BOTH
    @pytest.mark.parametrize(("power", "step"), [(2, 1e-4), (4, 1e-3), (6, 2e-3)])
    def test_one_over_the_power(self, how, power, step):
        """L = w^2k has 1/(2k)."""
        its = how if how.preconditioned else replace(how, step_size=step)
        found = of_loss(lambda w: w[:, 0] ** power, its, 1)
        assert found.mean == pytest.approx(1 / power, rel=0.08)
        assert 0 < found.error < 0.01

    @BOTH
    def test_half_of_the_dimensions(self, how):
        """Of a paraboloid, however steep it is in each of them; a direction that is flat counts nothing."""
        steep = torch.tensor([0.5, 0.5, 1.0, 1.0, 1.0, 2.0, 0.0])
        found = of_loss(lambda w: (steep * w**2).sum(1) / 2, replace(how, n_chains=200), 7)
        assert found.mean == pytest.approx(3.0, rel=0.1)

    def test_a_crossing_has_a_half_less_a_logarithm(self):
        """(w₁w₂)² has ½ with multiplicity 2: of so many examples, what the posterior itself has."""
        how = replace(PLAIN, step_size=5e-4, pull=30.0, n_burn_in=300)
        found = of_loss(lambda w: w.prod(1) ** 2, how, 2)
        (here, nearer) = (of_a_crossing(n_beta, how.pull) for n_beta in (how.n_beta, 1e9))
        assert found.mean == pytest.approx(here, rel=0.08)
        assert here < nearer < 0.5


def of_a_crossing(n_beta: float, pull: float) -> float:
    """nβ times the mean of (w₁w₂)² under exp(−nβ (w₁w₂)² − γ/2 (w₁² + w₂²)): w₂ is normal, given w₁."""

    def mean_of(function) -> float:
        def density(log_w: float) -> float:
            w = math.exp(log_w)
            return w * math.exp(-pull * w * w / 2) / math.sqrt(2 * n_beta * w * w + pull)

        def weighed(log_w: float) -> float:
            return density(log_w) * function(math.exp(log_w))

        return quad(weighed, -30, 5, limit=500)[0] / quad(density, -30, 5, limit=500)[0]

    return mean_of(lambda w: n_beta * w * w / (2 * n_beta * w * w + pull))


def reduced_rank(inputs: int, outputs: int, hidden: int, rank: int) -> float:
    """The coefficient of a linear network with a hidden layer, the truth being of a lower rank.

    Aoyagi & Watanabe 2005, "Stochastic complexities of reduced rank regression in Bayesian estimation"
    (Neural Networks 18), main theorem.
    """
    m, n, h, r = inputs, outputs, hidden, rank
    if m + h < n + r:
        return (h * m - h * r + n * r) / 2
    if n + h < m + r:
        return (h * n - h * r + m * r) / 2
    if m + n < h + r:
        return m * n / 2
    odd = (m + n + h + r) % 2
    return (odd - (h + r) ** 2 - (m - n) ** 2 + 2 * (h + r) * (m + n)) / 8


class TestParts:
    """Of a loss that is the sum of (a − 1)² and (b − 1)⁴: each has its own while the other stays."""

    @pytest.mark.parametrize(
        ("moved", "expected"), [(["a"], 1 / 2), (["b"], 1 / 4), (["a", "b"], 3 / 4)]
    )
    def test_what_moves_counts(self, moved, expected):
        loss = nearby._Moved(_Sum(), {"a": torch.ones(1), "b": torch.ones(1)}, moved, [None])
        how = replace(PLAIN, step_size=1e-3, n_chains=30, n_draws=200)
        assert estimate(loss.origin, loss, how, 0).mean == pytest.approx(expected, rel=0.25)


class _Sum(Objective):
    def __init__(self) -> None:
        """Of no model and no data."""

    def loss(self, parameters, batch):
        return ((parameters["a"] - 1) ** 2 / 20 + (parameters["b"] - 1) ** 4).sum()


class TestLinearNetworks:
    """y = BAx: at the truth with the fewest neurons in use, the most singular point."""

    @BOTH
    @pytest.mark.parametrize("sizes", [(4, 3, 2, 1), (5, 2, 4, 1)])
    def test_reduced_rank_regression(self, how, sizes):
        start, truth = truth_of(*sizes)
        how = replace(how, n_chains=100, n_burn_in=200)
        found = estimate(
            start,
            lambda its, _: (its["B"] @ its["A"] - truth).square().sum((1, 2)) / 2,
            replace(how, step_size=3e-3) if how.preconditioned else how,
            seed=0,
        )
        expected = reduced_rank(*sizes)
        half_of_all = sum(its.numel() for its in start.values()) / 2
        assert found.mean == pytest.approx(expected, rel=0.1)
        assert abs(found.mean - expected) < abs(found.mean - half_of_all) / 3

    def test_on_batches_of_examples(self):
        """The same from data, a few of them at a time."""
        sizes = (4, 3, 2, 1)
        start, truth = truth_of(*sizes)
        inputs = torch.randn(20, 100, 4, generator=torch.Generator().manual_seed(1))

        def loss(its, step):
            wrong = inputs[step % 20] @ (its["B"] @ its["A"] - truth).mT
            return wrong.square().sum(2).mean(1) / 2

        how = replace(PLAIN, n_chains=50, n_burn_in=200)
        assert estimate(start, loss, how, 0).mean == pytest.approx(reduced_rank(*sizes), rel=0.15)


def truth_of(inputs: int, outputs: int, hidden: int, rank: int):
    """The weights A and B, and their product: the identity on the first axes."""
    a, b = torch.zeros(hidden, inputs), torch.zeros(outputs, hidden)
    for axis in range(rank):
        a[axis, axis] = b[axis, axis] = 1.0
    return {"A": a, "B": b}, b @ a


class TestSensitivity:
    """What step size, pull and length do to the estimate, for a paraboloid of known steepness h = 2.

    The chain is then a linear one: after t steps its variance is v(1 − (1 − εk/2)^2t), with k = nβh + γ and
    v = 1 / (k (1 − εk/4)).
    """

    @pytest.mark.parametrize("step_size", [1e-4, 1e-3])
    @pytest.mark.parametrize("pull", [1.0, 1000.0])
    @pytest.mark.parametrize("n_burn_in", [0, 60])
    def test_is_what_theory_says(self, step_size, pull, n_burn_in):
        how = Langevin(1000.0, step_size, pull, n_chains=2000, n_burn_in=n_burn_in, n_draws=20)
        found = of_loss(lambda w: w.square().sum(1), how, 3)
        k = how.n_beta * 2 + pull
        variance = 1 / (k * (1 - step_size * k / 4))
        steps = n_burn_in + np.arange(how.n_draws)
        reached = np.mean(1 - (1 - step_size * k / 2) ** (2 * steps))
        expected = 3 * how.n_beta * variance * reached
        assert found.mean == pytest.approx(expected, abs=5 * found.error)


class TestSampler:
    def test_draws_depend_on_the_seed_alone(self):
        def drawn(seed: int) -> torch.Tensor:
            how = replace(PLAIN, n_chains=3, n_burn_in=2, n_draws=4)
            start = {"w": torch.ones(2), "v": torch.ones(3)}
            return losses_nearby(
                start, lambda its, _: its["w"].sum(1) ** 2 + its["v"].sum(1), how, seed
            )

        assert drawn(0).shape == (4, 3)
        assert torch.equal(drawn(0), drawn(0))
        assert not torch.equal(drawn(0), drawn(1))

    def test_the_start_stays_as_it_is(self):
        start = {"w": torch.ones(2)}
        losses_nearby(start, lambda its, _: its["w"].square().sum(1), PLAIN, 0)
        assert torch.equal(start["w"], torch.ones(2))
        assert not start["w"].requires_grad

    def test_losses_are_compared_on_the_same_batch(self):
        """A loss that differs between batches only, and doesn't depend on the weights, rises nowhere."""
        how = replace(PLAIN, n_chains=2, n_burn_in=1, n_draws=5)
        rises = losses_nearby(
            {"w": torch.ones(1)}, lambda its, step: 0 * its["w"][:, 0] + step, how, 0
        )
        assert not rises.any()


class TestOfRuns:
    def test_what_it_yields_at_each_checkpoint(self):
        rows = list(compared(trained(), refined=True))
        names = {(row.found.measure, row.found.layer, row.step) for row in rows}
        assert names == {
            (f"{part}learning_coefficient{kind}", layer, step)
            for part, layer in (("", None), ("attention_", 0), ("mlp_", 0))
            for kind in ("", "_error")
            for step in (0, 5)
        }
        assert all(math.isfinite(row.found.value) for row in rows)
        assert [*compared(trained())] == [*compared(trained())]

    def test_with_each_choice_made_otherwise(self):
        options = learning_coefficient.OPTIONS
        usual = Choices(**{its.name: options[its.name] for its in fields(Choices)})
        rows = list(compared(trained(), varied=True))
        names = [row.found.measure for row in rows if not row.found.measure.endswith("_error")]
        others = [f"{name}_learning_coefficient" for name in usual.varied()]
        assert names == [its for name in ("learning_coefficient", *others) for its in [name] * 2]
        assert len({row.found.value for row in rows}) == len(rows)

    def test_a_single_chain_has_no_error(self):
        assert {row.found.measure for row in compared(trained(), chains=1)} == {
            "learning_coefficient"
        }

    def test_larger_weights_that_compute_the_same_have_the_same(self):
        """A relu's input may be multiplied and its output divided: γ holds both by their own size."""
        model = build(SETTINGS, WORLD.n_tokens, WORLD.length)
        plain = model.initial_parameters(0)
        scaled = dict(plain)
        for name in ("mlp.fc_in.weight", "mlp.fc_in.bias"):
            scaled[f"layers.0.{name}"] = plain[f"layers.0.{name}"] * 8
        scaled["layers.0.mlp.fc_out.weight"] = plain["layers.0.mlp.fc_out.weight"] / 8
        (one, *_), (other, *_) = (
            compared(trained({0: its}), pull=100.0, draws=20) for its in (plain, scaled)
        )
        assert other.found.value == pytest.approx(one.found.value, rel=1e-3)
        assert one.found.value != 0

    def test_what_is_not_trained_is_not_moved(self):
        """All but the positions' embeddings frozen, it is what these alone have."""
        frozen = {"trainable": {"pos.weight": "all"}}
        run = trained(training=frozen)
        rows = [*compared(run, refined=True)]
        assert {row.found.measure for row in rows} == {
            "learning_coefficient", "learning_coefficient_error"
        }  # fmt: skip
        everything = next(iter(compared(trained())))
        assert rows[0].found.value != everything.found.value

    def test_batches_are_as_in_training_and_after_it(self):
        run = trained()
        objective = objective_of(run)
        (batch, *_) = objective.batches(2)
        told = TrainingSettings.model_validate(TRAINING)
        after = draw(WORLD, told.batch_parts(), run.seed, told.steps)
        assert (batch.questions[0].tokens == after.questions[0].tokens).all()
        assert (
            batch.questions[0].tokens != draw(WORLD, told.batch_parts(), 0, 0).questions[0].tokens
        ).any()

    def test_batches_of_another_size(self):
        its = objective_of(trained())
        assert [len(its.batches(1, of_usual)[0].targets) for of_usual in (0.5, 1, 2)] == [8, 16, 32]

    def test_parts_of_full_batches_are_drawn(self):
        its = objective_of(trained(training={"batch_size": None, "mixture": {"atomic": 1.0}}))
        one, other = (batch.questions[0].tokens for batch in its.batches(2, 0.25))
        assert len(one) == len(other) == len(WORLD.splits["atomic"]) / 4
        assert (one != other).any()

    @pytest.mark.parametrize(
        ("training", "n"),
        [
            ({"steps": 10_000}, len(WORLD.splits["atomic"]) + len(WORLD.splits["composed_train"])),
            ({"steps": 2}, 2 * 16),
            ({"batch_size": None, "mixture": {"atomic": 1.0}}, len(WORLD.splits["atomic"])),
        ],
    )
    def test_n_is_the_number_of_examples_that_training_saw(self, training, n):
        objective = objective_of(trained(training=training))
        assert objective.n_examples == n
        assert len(objective.batches(3)) == (3 if objective.training.batch_size else 1)


def trained(by_step: dict | None = None, training: dict | None = None) -> Member:
    """A run that was never on disk."""
    model = build(SETTINGS, WORLD.n_tokens, WORLD.length)
    its = made(model, by_step or {s: model.initial_parameters(s) for s in (0, 5)}, WORLD)
    told = {"training": {**TRAINING, **(training or {})}}
    its.__dict__.update(training_data=WORLD, _index={"settings": told})
    return its


def compared(run: Member, **options):
    told = {"burn_in": 3, "draws": 3, **options}
    with torch.inference_mode():
        yield from learning_coefficient.compare([run], **{**learning_coefficient.OPTIONS, **told})
