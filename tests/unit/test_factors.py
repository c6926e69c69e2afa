"""Products of factors: trainings against the solution in closed form; steps towards a transformer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.integrate import solve_ivp

from onset.measures.answers import factor_losses
from onset.models.factors import planning
from onset.models.factors.model import Factors
from onset.models.factors.settings import Settings
from onset.statistics import factors
from onset.statistics.digit_order import SHARPNESS_OF_DECAY
from onset.tasks import passed_on
from onset.training.loop import train
from onset.training.settings import TrainingSettings
from onset.training.state import TrainingState

K, SCALES = (1, 2, 3, 4), (0.4, 0.2)


def world(n_signs: int = 1, **changes):
    settings = passed_on.Settings(name="passed_on", n_signs=n_signs, **changes)
    return passed_on.generate(settings, 0)


def network(n_signs: int = 1, n_places: int = 1, **changes) -> Factors:
    given = {
        "name": "factors",
        "n_signs": n_signs,
        "width": n_signs,
        "factors": K,
        "scales": SCALES,
    }
    return Factors(Settings.model_validate({**given, **changes}), n_places * n_signs, n_signs)


def losses_along(model: Factors, its, rate: float, steps: int) -> pd.DataFrame:
    """Of a training with full batches, as the notebook has them."""
    rows = []

    def keep(state: TrainingState) -> None:
        for row in factor_losses.measure(model, state.parameters, its):
            if row.split == "train":
                rows.append((state.step, row.component, row.value))

    start = TrainingState(0, model.initial_parameters(0))
    how = TrainingSettings(
        steps=steps, batch_size=None, mixture={"train": 1.0}, optimiser="sgd", momentum=0.0,
        learning_rate=rate,
    )  # fmt: skip
    train(model, its, how, range(0, steps + 1, 2), 0, start, keep)
    found = pd.DataFrame(rows, columns=["step", "network", "value"])
    nets = model.settings.nets
    return found.assign(
        condition="one", seed=0, restart=0,
        factors=found["network"].map(lambda i: nets[i][0]),
        scale=found["network"].map(lambda i: nets[i][1]),
    )  # fmt: skip


class TestClosedForm:
    @pytest.mark.parametrize("k", K)
    @pytest.mark.parametrize("given", [0, 1, 2])
    def test_the_time_is_that_of_the_differential_equation(self, k, given):
        scale = 0.3
        start = [scale] * (k - min(given, k - 1)) + [1.0] * min(given, k - 1)

        def gradient(_, w):
            product = np.prod(w)
            return [(1 - product) * product / its for its in w]

        for level in (0.9, 0.5, 0.1):
            at = factors.time_to(level, k, scale, given)
            solved = solve_ivp(gradient, (0, at), start, rtol=1e-9, atol=1e-12)
            left = ((1 - np.prod(solved.y[:, -1])) / (1 - np.prod(start))) ** 2
            assert left == pytest.approx(level, rel=1e-4)

    def test_two_factors_are_logistic(self):
        """u(t) = 1 / (1 + (1/u₀ − 1) e^−2t), Saxe et al. 2014."""
        at = factors.time_to(0.25, 2, 0.1)
        assert 1 / (1 + (1 / 0.1**2 - 1) * np.exp(-2 * at)) == pytest.approx(1 - 0.5 * 0.99)

    def test_one_factor_decays_from_the_start(self):
        assert factors.sharpness(1, 0.3) == pytest.approx(SHARPNESS_OF_DECAY)

    def test_the_plateau_by_factors_and_scale(self):
        """log(1/s) with two, s^(2 − k) / (k − 2) with more: what a tenth of the scale adds."""
        added = {
            k: factors.time_to(0.5, k, 1e-4) - factors.time_to(0.5, k, 1e-3) for k in (1, 2, 3, 4)
        }
        assert added[1] == pytest.approx(0)
        assert added[2] == pytest.approx(np.log(10), rel=1e-3)
        assert added[3] == pytest.approx(1e4 - 1e3, rel=1e-3)
        assert added[4] == pytest.approx((1e8 - 1e6) / 2, rel=1e-3)

    def test_what_is_given_shortens_the_plateau_to_that_of_what_is_not(self):
        whole, part = factors.time_to(0.5, 4, 0.01), factors.time_to(0.5, 4, 0.01, given=2)
        assert part < 2 * factors.time_to(0.5, 2, 0.01) < whole / 100

    @pytest.mark.parametrize("n_signs", [1, 3])
    def test_trainings_take_as_long(self, n_signs):
        """Factors that begin as multiples of the identity: each sign is learnt as a product of numbers."""
        rate = 0.01
        found = losses_along(network(n_signs, start="alike"), world(n_signs), rate, 1600)
        for row in factors.falls(found).itertuples():
            for what, level in factors.LEVELS.items():
                foretold = factors.time_to(level, row.factors, row.scale) / rate
                assert getattr(row, what) == pytest.approx(foretold, rel=0.03, abs=2), row

    def test_so_do_those_in_which_some_are_given(self):
        found = losses_along(network(start="alike", given=1), world(), 0.01, 800)
        for row in factors.falls(found).itertuples():
            assert row.half == pytest.approx(
                factors.time_to(0.5, row.factors, row.scale, 1) / 0.01, rel=0.03
            )


class TestNetwork:
    @pytest.mark.parametrize(
        "changes", [{}, {"activation": "relu"}, {"activation": "relu", "norm": True}]
    )
    def test_a_right_solution_says_what_it_is_told(self, changes):
        """All but the first factor are given as they should be; the first one follows from them."""
        model, its = network(2, width=5, given=9, **changes), world(2)
        parameters = model.initial_parameters(0)
        for k in K:
            first = parameters[f"of_{k}.factor_0.weight"]
            first.copy_(torch.eye(*first.shape[1:]))
            if changes and k > 1:
                first[:, 2:4] = -torch.eye(2)
            if "norm" in changes and k > 1:
                # Behind a norm, two of five entries are 1: the last factor has to scale them back.
                parameters[f"of_{k}.factor_{k - 1}.weight"] *= (2 / 5) ** 0.5
        rows = [row.value for row in factor_losses.measure(model, parameters, its)]
        assert rows == pytest.approx([0.0] * len(rows), abs=1e-10)

    def test_a_norm_takes_the_scale_of_all_but_the_last_factor_away(self):
        model = network(2, width=4, norm=True, activation="relu")
        parameters = model.initial_parameters(0)
        x = torch.randn(1, 2, 10)
        before = model.outputs(parameters, 3, x)
        parameters["of_3.factor_0.weight"] *= 0.01
        torch.testing.assert_close(model.outputs(parameters, 3, x), before)

    def test_attention_reads_all_places_alike_until_it_looks(self):
        model = network(2, 3, width=2, attention=True)
        parameters, x = model.initial_parameters(0), torch.randn(3, 2, 10)
        parameters["of_1.query.weight"].zero_()
        read = model.read(parameters, 1, x)
        torch.testing.assert_close(read, x.mean(0).expand_as(read))
        parameters["of_1.query.weight"][:, 0] = 1.0
        parameters["of_1.keys.weight"].zero_()[:, 0, 0] = 100.0
        torch.testing.assert_close(model.read(parameters, 1, x), x[0].expand_as(read))

    def test_without_attention_the_first_place_is_given(self):
        model = network(2, 3, width=2)
        x = torch.randn(3, 2, 10)
        assert torch.equal(model.read({}, 1, x), x[0])

    def test_what_is_drawn_has_the_scale_on_average(self):
        model = network(4, width=64, restarts=50)
        middle = model.initial_parameters(0)["of_4.factor_1.weight"]
        norms = middle.square().sum(2).mean(1).sqrt().view(len(SCALES), -1)
        for scale, its in zip(SCALES, norms, strict=True):
            assert its.mean().item() == pytest.approx(scale, rel=0.02)

    @pytest.mark.parametrize(
        ("changes", "sizes", "says"),
        [
            ({}, (5, 2), "divide the 5 of inputs"),
            ({}, (6, 3), "the 3 entries of targets"),
            ({"width": 1}, (4, 2), "2 or more"),
            ({"width": 3, "activation": "relu"}, (4, 2), "half of what it is given"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, changes, sizes, says):
        settings = network(2, **changes).settings
        assert says in planning.problems(settings, *sizes)[0]
        assert not planning.problems(network(2, width=4).settings, 4, 2)


class TestFalls:
    def test_what_does_not_fall_is_counted_as_infinite(self):
        steps = np.arange(5)
        rows = [
            ("one", 0, 2, 0.1, restart, step, value)
            for restart, curve in enumerate(([1, 0.8, 0.4, 0.05, 0], [1, 1, 1, 1, 1]))
            for step, value in zip(steps, curve, strict=True)
        ]
        its = factors.falls(pd.DataFrame(rows, columns=[*factors.NETWORK, "step", "value"]))
        assert its["half"].tolist()[0] == pytest.approx(1.75)
        assert its["sharpness"][0] == pytest.approx((2 + 0.3 / 0.35 - 0.5) / 1.75)
        assert its["half"].isna().tolist() == [False, True]
        assert factors.typical(its, "half", ["factors"])["value"].tolist() == [np.inf]

    def test_a_fall_begins_when_it_is_above_nine_tenths_for_the_last_time(self):
        """What a small test makes dip early hasn't begun to fall."""
        curve = [1, 0.8, 1, 0.95, 0.7, 0.2, 0.95, 0]
        its = pd.DataFrame({"of": "one", "step": np.arange(8), "value": curve})
        (found,) = factors.falls(its, ["of"], start=1.0).itertuples()
        assert found.begun == pytest.approx(3.2)
        assert found.half == pytest.approx(4.4)
        assert found.over == pytest.approx(6 + 0.85 / 0.95)
