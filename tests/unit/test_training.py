"""The schedule, the batches, the optimiser, and that an interruption leaves no trace."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.testing import assert_close

from onset.measures.answers import prediction
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.store.origin import Origin
from onset.tasks import composition
from onset.tasks.dataset import Dataset
from onset.training.batches import draw
from onset.training.loop import batches, train
from onset.training.losses import cross_entropy, exact_cross_entropy, loss_on
from onset.training.patterns import counting
from onset.training.randomness import seed_of_weights
from onset.training.settings import CheckpointSettings, TrainingSettings
from onset.training.state import TrainingState
from onset.training.updater import Updater

ORIGIN = Origin("study/condition/seed_0", settings="abc", code="def")
WORLD = composition.generate(
    composition.Settings(name="composition", n_entities=20, n_relations=4, id_trained=0.8), seed=0
)
MODEL = build(
    TransformerSettings(name="transformer", n_loops=2, readout="per_hop", d_model=32, d_mlp=64),
    WORLD.n_tokens,
    WORLD.length,
)


def training(**changes) -> TrainingSettings:
    given = {
        "steps": 12,
        "batch_size": 64,
        "mixture": {"atomic": 0.25, "composed_train": 0.75},
        "learning_rate": 3e-3,
        "weight_decay": 1.0,
        "warmup_steps": 4,
        "decay_fraction": 0.5,
        "gradient_clip": 0.5,
    }
    return TrainingSettings(**{**given, **changes})


class TestInLoss:
    def test_what_is_added_is_minimised_and_not_logged(self):
        def size(parameters):
            return 10 * parameters["tok_embed.weight"].square().sum()

        plain = trained(training())
        told = trained(training(), in_loss=[size])
        assert told.log["loss"][0] == plain.log["loss"][0]
        assert size(told.parameters) < 0.9 * size(plain.parameters)

    def test_nothing_is_added_by_default(self):
        one, two = trained(training()), trained(training(), in_loss=[])
        assert_close(one.parameters, two.parameters, rtol=0, atol=0)


def test_the_first_draw_of_weights_is_the_seeds_own():
    assert seed_of_weights(7, 0) == 7
    drawn = {seed_of_weights(seed, its) for seed in range(3) for its in range(4)}
    assert len(drawn) == 12
    one, same = (MODEL.initial_parameters(seed_of_weights(7, 1)) for _ in range(2))
    assert_close(one, same, rtol=0, atol=0)
    assert (one["tok_embed.weight"] != MODEL.initial_parameters(7)["tok_embed.weight"]).any()


def test_what_measures_have_kept_serves_a_training():
    """Trees and batches are shared; made in inference mode they would be of no use to autograd."""
    with torch.inference_mode():
        list(prediction.measure(MODEL, MODEL.initial_parameters(0), WORLD))
    trained(training(**FULL_BATCH))


FULL_BATCH = {"batch_size": None, "mixture": {"atomic": 1.0}}


def trained(
    settings: TrainingSettings, seed: int = 0, model=MODEL, dataset: Dataset = WORLD, **how
) -> TrainingState:
    """A training from the start, with no checkpoints, unless told `how` otherwise."""
    default = {
        "checkpoint_steps": (),
        "start": TrainingState(0, model.initial_parameters(seed)),
        "on_checkpoint": lambda state: None,
    }
    return train(model, dataset, settings, seed=seed, **{**default, **how})


def assert_same_bits(one: TrainingState, other: TrainingState) -> None:
    assert one.step == other.step
    assert one.log == other.log
    assert one.parameters.keys() == other.parameters.keys()
    assert one.moments.keys() == other.moments.keys()
    for name, parameter in one.parameters.items():
        assert torch.equal(parameter, other.parameters[name])
    for name, moments in one.moments.items():
        for kind, moment in moments.items():
            assert torch.equal(moment, other.moments[name][kind])


class Still:
    """A model whose logits depend on nothing: its gradients are zero."""

    constants = frozenset()
    decaying = frozenset({"matrix"})

    def __init__(self, logit: float = 0.0) -> None:
        self._logit = logit

    def initial_parameters(self, seed):
        return {"matrix": torch.full((2, 3), 2.0), "vector": torch.full((3,), 2.0)}

    def logits(self, parameters, questions):
        nothing = 0.0 * sum(p.sum() for p in parameters.values())
        scored = sum(len(group.tokens) * len(group.scored) for group in questions)
        return nothing + torch.full((scored, WORLD.n_tokens), self._logit)


class TestLearningRate:
    def test_warm_up_plateau_and_decay(self):
        settings = training(steps=100, learning_rate=0.1, warmup_steps=10, decay_fraction=0.2)
        expected = {
            0: 0.01,
            4: 0.05,
            9: 0.1,
            10: 0.1,
            50: 0.1,
            80: 0.1,
            85: 0.075,
            90: 0.05,
            99: 0.005,
        }
        for step, rate in expected.items():
            assert settings.learning_rate_at(step) == pytest.approx(rate)
        assert settings.learning_rate_at(100) == 0

    def test_constant_where_nothing_else_is_asked_for(self):
        settings = training(warmup_steps=0, decay_fraction=0.0)
        assert {settings.learning_rate_at(step) for step in range(settings.steps)} == {3e-3}

    def test_it_is_the_one_that_the_loop_uses(self):
        settings = training()
        rates = [settings.learning_rate_at(step) for step in range(settings.steps)]
        assert trained(settings).log["learning_rate"] == rates


def test_null_takes_a_split_out_of_the_mixture():
    assert training(mixture={"atomic": 1.0, "composed_train": None}).mixture == {"atomic": 1.0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"warmup_steps": 7}, "warm-up and decay overlap"),
        ({"mixture": {"atomic": 0.5, "composed_train": 0.4}}, "sum to 1, not 0.9"),
        ({"betas": (0.9, 1.0)}, "betas must be below 1"),
        ({"steps": 0}, "steps: 0 trains nothing; leave out batch_size"),
        ({"steps": -1}, "greater than or equal to 0"),
        ({"nesterov": True}, "not permitted"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        training(**changes)


def states(**changes) -> dict[int, TrainingState]:
    """A short training after each of its steps."""
    found = {}

    def keep(state: TrainingState) -> None:
        copies = {name: its.detach().clone() for name, its in state.parameters.items()}
        moments = {
            name: {kind: its.clone() for kind, its in of.items()}
            for name, of in state.moments.items()
        }
        log = {column: list(its) for column, its in state.log.items()}
        found[state.step] = replace(state, parameters=copies, moments=moments, log=log)

    settings = training(steps=5, warmup_steps=2, decay_fraction=0.4, **changes)
    start = TrainingState(0, MODEL.initial_parameters(0))
    train(MODEL, WORLD, settings, range(1, 6), seed=0, start=start, on_checkpoint=keep)
    return found


class TestBatches:
    @pytest.mark.parametrize("size", [1, 2, 7, 64, 511])
    @pytest.mark.parametrize(
        "fractions", [[1.0], [1 / 3] * 3, [0.3, 0.7], [0.05, 0.15, 0.8], [0, 1.0]]
    )
    def test_the_parts_fill_the_batch_and_are_as_near_as_can_be(self, size, fractions):
        mixture = {f"split_{i}": float(fraction) for i, fraction in enumerate(fractions)}
        parts = training(batch_size=size, mixture=mixture).batch_parts()
        assert sum(parts.values()) == size
        assert 0 not in parts.values()
        for split, fraction in mixture.items():
            assert abs(parts.get(split, 0) - fraction * size) < 1

    @pytest.mark.parametrize(
        ("size", "mixture", "parts"),
        [
            (512, {"a": 0.3, "b": 0.7}, {"a": 154, "b": 358}),
            (10, {"a": 0.22, "b": 0.22, "c": 0.56}, {"a": 2, "b": 2, "c": 6}),
            (10, {"a": 0.0, "b": 1.0}, {"b": 10}),
        ],
    )
    def test_parts_by_hand(self, size, mixture, parts):
        assert training(batch_size=size, mixture=mixture).batch_parts() == parts

    def test_a_batch_depends_on_its_number_alone(self):
        parts = {"atomic": 5, "composed_train": 9}
        forwards = [draw(WORLD, parts, seed=1, step=step) for step in range(4)]
        backwards = [draw(WORLD, parts, seed=1, step=step) for step in reversed(range(4))]
        for one, other in zip(forwards, reversed(backwards), strict=True):
            assert torch.equal(one.targets, other.targets)
            for ours, theirs in zip(one.questions, other.questions, strict=True):
                assert (ours.tokens == theirs.tokens).all()

    def test_other_numbers_and_seeds_give_other_batches(self):
        drawn = [
            draw(WORLD, {"atomic": 20}, seed, step)
            for seed, step in [(0, 0), (0, 1), (1, 0), (1, 1)]
        ]
        assert len({batch.questions[0].tokens.tobytes() for batch in drawn}) == 4

    def test_another_draw_gives_other_batches_of_the_same_examples(self):
        first, second = (
            batches(WORLD, training(chance={"batches": drawn}), seed=0)(3) for drawn in (0, 1)
        )
        parts = training().batch_parts()
        assert (first.questions[0].tokens == draw(WORLD, parts, 0, 3).questions[0].tokens).all()
        assert (first.questions[0].tokens != second.questions[0].tokens).any()
        of_world = {tuple(its) for its in WORLD.splits["atomic"].tokens.tolist()}
        assert {tuple(its) for its in second.questions[0].tokens.tolist()} <= of_world

    def test_a_child_is_its_trunk_up_to_where_it_parts(self):
        """Bit by bit, with moments, rate and all: nothing but later batches is another."""
        trunk, child, other = (
            states(chance=chance)
            for chance in ({}, {"batches": 1, "since": 3}, {"batches": 2, "since": 3})
        )
        for step in (1, 2, 3):
            assert_close(child[step].parameters, trunk[step].parameters, rtol=0, atol=0)
            assert_close(child[step].moments, trunk[step].moments, rtol=0, atol=0)
        name = "tok_embed.weight"
        for one, two in ((trunk, child), (trunk, other), (child, other)):
            assert (one[4].parameters[name] != two[4].parameters[name]).any()
        assert trunk[4].log["learning_rate"] == child[4].log["learning_rate"]

    def test_examples_keep_their_answers(self):
        parts = {"atomic": 50, "composed_train": 70}
        batch = draw(WORLD, parts, seed=0, step=0)
        answers = iter(batch.targets.tolist())
        for group, (name, size) in zip(batch.questions, parts.items(), strict=True):
            split = WORLD.splits[name]
            right = dict(
                zip(map(tuple, split.tokens.tolist()), split.targets.ravel().tolist(), strict=True)
            )
            assert (len(group.tokens), group.scored, group.hops) == (size, split.scored, split.hops)
            assert [right[tuple(question)] for question in group.tokens.tolist()] == [
                next(answers) for _ in range(size)
            ]

    def test_every_example_has_the_same_chance(self):
        n = len(WORLD.splits["atomic"])
        tokens = np.concatenate(
            [draw(WORLD, {"atomic": n}, 0, step).questions[0].tokens for step in range(200)]
        )
        _, counts = np.unique(tokens, axis=0, return_counts=True)
        assert len(counts) == n
        assert abs(counts - 200).max() < 5 * math.sqrt(200)

    def test_a_full_batch_is_the_split_every_time(self):
        batch_of = batches(WORLD, training(**FULL_BATCH), seed=0)
        split = WORLD.splits["atomic"]
        assert (batch_of(0).questions[0].tokens == split.tokens).all()
        assert batch_of(0).targets.tolist() == split.targets.ravel().tolist()
        assert batch_of(0) is batch_of(7)

    def test_a_full_batch_has_one_split(self):
        with pytest.raises(ValidationError, match="a full batch is of one split"):
            training(batch_size=None)


class TestCheckpoints:
    @pytest.mark.parametrize(
        ("settings", "steps"),
        [
            ({"schedule": "linear", "count": 5}, [0, 25, 50, 75, 100]),
            ({"schedule": "log", "count": 4}, [0, 1, 10, 100]),
            ({"schedule": "log", "count": 4, "first": 25}, [0, 25, 50, 100]),
            ({"schedule": "log", "count": 3, "first": 500}, [0, 100]),
            ({"schedule": "explicit", "steps": [60, 7, 101]}, [0, 7, 60, 100]),
            ({"schedule": "explicit", "steps": []}, [0, 100]),
        ],
    )
    def test_by_hand(self, settings, steps):
        assert CheckpointSettings(**settings).at(100) == steps

    @pytest.mark.parametrize(
        ("settings", "stretches", "more"),
        [
            ({"schedule": "log", "count": 3}, [{"every": 40}], [40, 80]),
            (
                {"schedule": "linear", "count": 3},
                [{"every": 5, "since": 50, "until": 62}, {"every": 9, "until": 20}],
                [9, 18, 55, 60],
            ),
            (
                {"schedule": "explicit", "steps": []},
                [{"every": 1, "since": 98, "until": 900}, {"every": 1, "since": 101}],
                [98, 99],
            ),
        ],
    )
    def test_finer_stretches_by_hand(self, settings, stretches, more):
        usual, finer = (CheckpointSettings(**settings, finer=its) for its in ([], stretches))
        assert finer.at(100) == sorted([*usual.at(100), *more])
        assert finer.scheduled(100) == usual.at(100)
        assert usual.scheduled(100) == usual.at(100)

    @pytest.mark.parametrize("schedule", ["log", "linear"])
    @pytest.mark.parametrize("count", [3, 40, 1000])
    @pytest.mark.parametrize("last", [1, 2, 50, 3000])
    def test_first_and_last_always_in_order_never_twice_never_too_many(self, schedule, count, last):
        steps = CheckpointSettings(schedule=schedule, count=count).at(last)
        assert (steps[0], steps[-1]) == (0, last)
        assert steps == sorted(set(steps))
        assert len(steps) <= count

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"schedule": "log"}, "needs the key count"),
            ({"schedule": "explicit", "count": 3}, "needs the key steps"),
            ({"schedule": "linear", "count": 3, "steps": [1]}, "doesn't use the key steps"),
            (
                {"schedule": "linear", "count": 3, "finer": [{"every": 1, "since": 9, "until": 8}]},
                "until 8 comes before since 9",
            ),
        ],
    )
    def test_missing_and_useless_keys_are_refused(self, settings, words):
        with pytest.raises(ValidationError, match=words):
            CheckpointSettings(**settings)

    def test_the_loop_keeps_exactly_those(self):
        kept = []
        trained(
            training(),
            checkpoint_steps={0, 5, 12},
            on_checkpoint=lambda state: kept.append(state.step),
        )
        assert kept == [0, 5, 12]


class TestOptimiser:
    def test_weight_decay_shrinks_matrices_by_the_rate_and_leaves_vectors_alone(self):
        settings = training(weight_decay=2.0, learning_rate=0.05)
        end = trained(settings, model=Still())
        shrunk = math.prod(
            1 - 2.0 * settings.learning_rate_at(step) for step in range(settings.steps)
        )
        assert_close(end.parameters["matrix"].detach(), torch.full((2, 3), 2.0 * shrunk))
        assert (end.parameters["vector"] == 2.0).all()

    def test_the_gradient_is_clipped_and_its_norm_before_that_is_logged(self):
        settings = training(gradient_clip=0.01, steps=1, warmup_steps=0, betas=(0.9, 0.98))
        parameters = {n: p.requires_grad_() for n, p in MODEL.initial_parameters(0).items()}
        loss = loss_on(batches(WORLD, settings, seed=0)(0), MODEL, parameters)
        gradients = torch.autograd.grad(loss, list(parameters.values()))
        norm = torch.cat([g.ravel() for g in gradients]).norm().item()

        end = trained(settings)
        assert end.log["loss"] == [loss.item()]
        assert end.log["gradient_norm"] == [pytest.approx(norm, rel=1e-5)]
        # After one step the first moment is 0.1 times the gradient that the optimiser was given.
        given = torch.cat([moments["exp_avg"].ravel() for moments in end.moments.values()]) / 0.1
        assert norm > 0.1
        assert given.norm().item() == pytest.approx(0.01, rel=1e-3)

    @pytest.mark.parametrize("loss", [math.nan, math.inf])
    def test_a_loss_that_is_no_number_stops_the_training(self, loss):
        kept = []
        with pytest.raises(FloatingPointError, match="at step 0"):
            trained(
                training(),
                model=Still(loss),
                checkpoint_steps={1},
                on_checkpoint=kept.append,
            )
        assert kept == []


class TestSlowGradients:
    """Grokfast-EMA on a model of one number whose gradient is what the test says."""

    ALPHA, LAMB = 0.9, 3.0

    def gradients(self, *given: float) -> list[float]:
        """What AdamW is handed for these gradients, one a step."""
        settings = training(
            slow_gradients={"alpha": self.ALPHA, "lamb": self.LAMB}, gradient_clip=None
        )
        parameter = torch.zeros(1, requires_grad=True)
        updater = Updater({"number": parameter}, Still(), settings)
        handed = []
        for step, gradient in enumerate(given):
            updater.step((gradient * parameter).sum(), step)
            handed.append(parameter.grad.item())
        return handed

    def test_the_moving_average_is_added(self):
        average, expected = 1.0, []
        for gradient in (1.0, -2.0, 0.5):
            average = self.ALPHA * average + (1 - self.ALPHA) * gradient
            expected.append(gradient + self.LAMB * average)
        assert self.gradients(1.0, -2.0, 0.5) == pytest.approx(expected, rel=1e-5)

    def test_of_none_is_adamw(self):
        none = trained(training(slow_gradients={"lamb": 0.0}))
        for name, parameter in trained(training()).parameters.items():
            assert torch.equal(parameter, none.parameters[name])


class TestLosses:
    LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, 3.0]], requires_grad=True)
    TARGETS = torch.tensor([0, 2])

    def losses(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        return cross_entropy(logits, self.TARGETS), exact_cross_entropy(logits, self.TARGETS)

    def test_they_are_the_same_number_and_gradient(self):
        plain, exact = self.losses(self.LOGITS)
        assert_close(plain, exact)
        gradients = [torch.autograd.grad(loss, self.LOGITS)[0] for loss in self.losses(self.LOGITS)]
        assert_close(*gradients)

    def test_the_gradient_is_the_losss(self):
        logits = self.LOGITS.double().detach().requires_grad_()
        assert torch.autograd.gradcheck(lambda its: self.losses(its)[1], logits)

    def test_a_small_loss_keeps_its_digits(self):
        """Of logits 40 apart: 2 exp(-40), where 1 - exp(-40) is 1 in float32 and in float64."""
        logits = torch.tensor([[40.0, 0.0, 0.0]] * 2, requires_grad=True)
        targets = torch.tensor([0, 0])
        assert cross_entropy(logits, targets) == 0
        loss = exact_cross_entropy(logits, targets)
        assert loss.item() == pytest.approx(2 * math.exp(-40), rel=1e-5)
        (gradient,) = torch.autograd.grad(loss, logits)
        assert gradient[0, 0].item() == pytest.approx(-math.exp(-40), rel=1e-5)

    def test_a_large_loss_is_finite(self):
        logits = torch.tensor([[-300.0, 300.0, 0.0]] * 2)
        assert exact_cross_entropy(logits, torch.tensor([0, 0])).item() == pytest.approx(600)

    def test_the_settings_choose(self):
        exact, plain = trained(training(loss="exact_cross_entropy")), trained(training())
        assert exact.log["loss"] == pytest.approx(plain.log["loss"], rel=1e-3)
        assert exact.log["loss"] != plain.log["loss"]


class TestTrainable:
    """Trainings confined to some parameters, or to the rows of tokens that the dataset calls new."""

    NEW = (3, 7, 21)
    ROWS = {"tok_embed.weight": "new_tokens"}
    DATASET = replace(WORLD, new_tokens=NEW)

    def start(self) -> TrainingState:
        return TrainingState(0, MODEL.initial_parameters(0))

    def end(
        self, settings: TrainingSettings, dataset: Dataset = DATASET, model=MODEL, **how
    ) -> TrainingState:
        given = {"start": self.start(), "checkpoint_steps": (), "on_checkpoint": lambda state: None}
        return train(model, dataset, settings, seed=0, **{**given, **how})

    def changed(self, settings: TrainingSettings) -> dict[str, set[int]]:
        """The rows of each parameter in which some bit changed."""
        initial, end = self.start().parameters, self.end(settings).parameters
        rows = {
            name: (p != end[name]).reshape(len(p), -1).any(1).nonzero().ravel().tolist()
            for name, p in initial.items()
        }
        return {name: set(its) for name, its in rows.items() if its}

    def test_only_the_rows_of_new_tokens_change_a_bit(self):
        assert self.changed(training(trainable=self.ROWS)) == {"tok_embed.weight": set(self.NEW)}

    def test_weight_decay_shrinks_new_rows_and_no_others(self):
        settings = training(trainable={"matrix": "new_tokens"}, weight_decay=2.0)
        dataset, start = replace(WORLD, new_tokens=(1,)), Still().initial_parameters(0)
        end = self.end(settings, dataset, Still(), start=TrainingState(0, start))
        shrunk = math.prod(1 - 2.0 * settings.learning_rate_at(s) for s in range(settings.steps))
        assert torch.equal(end.parameters["matrix"][0], start["matrix"][0])
        assert_close(end.parameters["matrix"][1].detach(), shrunk * start["matrix"][1])

    @pytest.mark.parametrize("turn", [1, -1])
    def test_patterns_choose_whole_parameters_and_the_most_specific_counts(self, turn):
        chosen = {"*.ln?.*": "all", "tok_embed.weight": "new_tokens", "*": "all"}
        chosen = dict(list(chosen.items())[::turn])
        everything = set(self.start().parameters)
        assert set(self.changed(training(trainable={"*.ln?.*": "all"}))) == {
            name for name in everything if ".ln" in name
        }
        changed = self.changed(training(trainable=chosen))
        assert set(changed) == everything
        assert changed["tok_embed.weight"] == set(self.NEW)

    def test_to_train_everything_is_to_confine_nothing(self):
        assert_same_bits(self.end(training(trainable={"*": "all"})), self.end(training()))

    def test_the_gradient_norm_is_of_what_is_trained(self):
        settings = training(trainable=self.ROWS)
        parameters = {n: p.requires_grad_() for n, p in MODEL.initial_parameters(0).items()}
        loss = loss_on(batches(WORLD, settings, seed=0)(0), MODEL, parameters)
        (gradient,) = torch.autograd.grad(loss, parameters["tok_embed.weight"])
        norm = gradient[list(self.NEW)].norm().item()
        assert self.end(settings).log["gradient_norm"][0] == pytest.approx(norm, rel=1e-5)
        assert norm < 0.9 * gradient.norm().item()

    def test_what_an_architecture_lacks_is_never_trained(self):
        chosen = TransformerSettings(name="transformer", d_model=16, attention_biases=False)
        model = build(chosen, WORLD.n_tokens, WORLD.length)
        end = trained(training(), model=model)
        assert all((end.parameters[name] == 0).all() for name in model.constants)
        assert model.constants.isdisjoint(end.moments)
        assert (end.parameters["layers.0.mlp.fc_in.bias"] != 0).any()

    def test_moments_know_nothing_of_what_is_frozen(self):
        end = self.end(training(trainable=self.ROWS))
        assert set(end.moments) == {"tok_embed.weight"}
        moment = end.moments["tok_embed.weight"]["exp_avg_sq"]
        assert set(moment.any(1).nonzero().ravel().tolist()) == set(self.NEW)

    def test_what_goes_on_ends_with_the_same_bits(self, tmp_path):
        settings, path = training(trainable=self.ROWS), tmp_path / "state"
        whole = self.end(
            settings, checkpoint_steps={5}, on_checkpoint=lambda state: state.save(path, ORIGIN)
        )
        start = TrainingState.load(path, ORIGIN, "cpu")
        assert start is not None
        assert start.step == 5
        again = self.end(settings, start=start)
        assert again.log == whole.log
        assert again.moments.keys() == whole.moments.keys()
        for name, p in whole.parameters.items():
            assert torch.equal(again.parameters[name], p)

    def test_a_pattern_that_fits_nothing_is_refused(self):
        with pytest.raises(ValueError, match=r"'tok_embd\.weight' is none of .*tok_embed\.weight"):
            self.end(training(trainable={"tok_embd.weight": "all"}))

    def test_new_tokens_that_the_dataset_does_not_know_are_refused(self):
        with pytest.raises(ValueError, match="the dataset says of no token that it is new"):
            trained(training(trainable=self.ROWS))

    def test_rows_that_are_not_there_are_refused(self):
        confined = training(trainable={"layers.0.ln1.weight": "new_tokens"})
        with pytest.raises(ValueError, match=r"layers\.0\.ln1\.weight has \d+ rows, and no row of"):
            self.end(confined, replace(WORLD, new_tokens=(10**6,)))

    def test_patterns_that_contradict_each_other_are_refused(self):
        chosen = {"tok_embed*": "all", "*tok_embed": "new_tokens", "*ok_embed.weight": "all",
                  "tok_embed.weigh*": "new_tokens"}  # fmt: skip
        assert counting("tok_embed.weight", {**chosen, "tok_embed.weight": "all"}) == [
            "tok_embed.weight"
        ]
        with pytest.raises(ValueError, match=r"fit tok_embed\.weight equally well"):
            counting("tok_embed.weight", chosen)
        assert counting("pos.weight", chosen) == []

    @pytest.mark.parametrize("trainable", [{}, {"*": "some"}])
    def test_settings_that_choose_nothing_are_refused(self, trainable):
        with pytest.raises(ValidationError):
            training(trainable=trainable)


class TestInterruption:
    @pytest.mark.parametrize("changes", [{}, {"slow_gradients": {}}, FULL_BATCH])
    def test_what_goes_on_ends_with_the_same_bits(self, tmp_path, changes):
        settings, path = training(**changes), tmp_path / "state"

        def interrupt(step: int, loss: float) -> None:
            if step == 8:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            trained(
                settings,
                checkpoint_steps={0, 3, 6},
                on_checkpoint=lambda state: state.save(path, ORIGIN),
                on_step=interrupt,
            )
        start = TrainingState.load(path, ORIGIN, "cpu")
        assert start is not None
        assert start.step == 6
        kept = []
        end = trained(
            settings,
            start=start,
            checkpoint_steps={0, 3, 6, 9},
            on_checkpoint=lambda s: kept.append(s.step),
        )
        assert kept == [9]
        assert end.log["step"] == list(range(12))
        assert_same_bits(end, trained(settings))

    def test_a_state_survives_storage(self, tmp_path):
        state = trained(training(steps=8))
        state.save(tmp_path / "state", ORIGIN)
        loaded = TrainingState.load(tmp_path / "state", ORIGIN, "cpu")
        assert loaded is not None
        assert_same_bits(state, loaded)

    @pytest.mark.parametrize(
        "other", [{"run": "study/condition/seed_1"}, {"settings": "x"}, {"code": "x"}]
    )
    def test_a_state_of_another_origin_is_ignored(self, tmp_path, other):
        trained(training(steps=8)).save(tmp_path / "state", ORIGIN)
        assert (
            TrainingState.load(tmp_path / "state", Origin(**{**vars(ORIGIN), **other}), "cpu")
            is None
        )

    def test_a_damaged_or_missing_state_is_ignored(self, tmp_path):
        path = tmp_path / "state"
        assert TrainingState.load(path, ORIGIN, "cpu") is None
        trained(training(steps=8)).save(path, ORIGIN)
        path.write_bytes(path.read_bytes()[:-1])
        assert TrainingState.load(path, ORIGIN, "cpu") is None

    def test_the_start_is_left_as_it_was(self):
        start = TrainingState(0, MODEL.initial_parameters(0))
        trained(training(), start=start)
        for name, p in MODEL.initial_parameters(0).items():
            assert torch.equal(start.parameters[name], p)
        assert start.log == {}


class TestLearning:
    def test_a_seed_decides_every_bit(self):
        assert_same_bits(trained(training(), seed=3), trained(training(), seed=3))
        one, other = trained(training(), seed=3), trained(training(), seed=4)
        assert one.log["loss"] != other.log["loss"]

    def test_the_batches_follow_the_seed_and_not_the_initialisation(self):
        start = TrainingState(0, MODEL.initial_parameters(0))
        assert (
            trained(training(), seed=3, start=start).log
            != trained(training(), seed=4, start=start).log
        )

    def test_a_tiny_world_is_learnt(self):
        settings = training(
            steps=200,
            mixture={"atomic": 1.0},
            learning_rate=1e-2,
            weight_decay=0.1,
            gradient_clip=None,
        )
        end = trained(settings)
        assert end.log["loss"][0] > 0.8 * math.log(WORLD.n_tokens)
        atomic = Dataset({"atomic": WORLD.splits["atomic"]}, WORLD.vocabulary)
        with torch.inference_mode():
            found = {m.measure: m.value for m in prediction.measure(MODEL, end.parameters, atomic)}
        assert found["loss"] < 0.02
        assert found["accuracy"] == 1
