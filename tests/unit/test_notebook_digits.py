"""What the notebook of sums asks of its runs: losses and looks made by hand."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onset.notebook.carries import Carries
from onset.notebook.digits import CARRY_OUT, Digits, known_of
from onset.notebook.study import NotebookStudy
from onset.statistics.rows import where
from onset.tasks import digit_addition

STEPS = list(range(0, 101, 10))
SEEDS = (0, 1)
FALLS = {"base": [60, 50, 20, 10], "given": [30, 50, 20, 10], "without": [60, 50, 200]}
"""condition → the step at which each column's loss falls from 2 to 1; that of the carry-out is the last"""


def table(rows: list[tuple], *columns: str) -> pd.DataFrame:
    its = pd.DataFrame(rows, columns=["condition", "seed", "measure", *columns, "value"])
    whole = its.reindex(columns=[*its.columns, *({"step", "split", "layer", "head", "position",
                                                  "component"} - set(its.columns))])  # fmt: skip
    return whole.assign(kind="share")


def losses() -> pd.DataFrame:
    """All fall to .1 twenty steps after they fall to 1; a seed later, ten steps later."""
    rows = []
    for condition, seed in product(FALLS, SEEDS):
        for column, fall in enumerate(FALLS[condition]):
            for step in STEPS:
                late = step - fall - 10 * seed
                value = 2.0 if late < 0 else 1.0 if late < 20 else 0.1
                rows.append((condition, seed, "digit_loss", "test", column, step, value))
                rows.append((condition, seed, "sum_loss", "test", column, step, value / 2))
                rows.append((condition, seed, "carry_loss", "test", column, step, value / 2))
                rows.append(
                    (condition, seed, "gradient_to_noise", "test", column, step, step + column)
                )
    its = table(rows, "split", "component", "step")
    return its.assign(kind=np.where(its["measure"] == "gradient_to_noise", "ratio", "nats"))


@pytest.fixture
def study(tmp_path) -> NotebookStudy:
    names = tuple(FALLS)
    its = NotebookStudy(Path(tmp_path), names, list(SEEDS), labels={n: n.upper() for n in names})
    vars(its)["settings"] = {name: {"task": {"n_digits": 3}} for name in names}
    vars(its)["measures"] = losses()
    return its


@pytest.fixture
def digits(study) -> Digits:
    return Digits(study, "base", begun=1.5, learnt=0.3)


class TestWhen:
    def test_digits_have_names(self, digits):
        assert list(digits.names) == [CARRY_OUT, "hundreds", "tens", "ones"]
        found = digits.along("digit_loss", ["base"])
        assert set(found["digit"]) == set(digits.names)
        assert len(found) == 4 * len(STEPS)

    def test_when_they_begin_and_are_learnt(self, digits):
        begun = digits.told("begun").set_index(["condition", "digit"])
        learnt = digits.told("learnt").set_index(["condition", "digit"])
        assert 50 < begun.loc[("base", "ones"), "mean"] < 70
        assert 70 < learnt.loc[("base", "ones"), "mean"] < 90
        assert begun.loc[("without", "hundreds"), "n_there"] == 0
        assert ("without", CARRY_OUT) not in begun.index

    def test_one_over_another(self, digits):
        its = digits.ratio("begun", "hundreds", "ones")
        assert its["at"].between(0.2, 0.5).all()
        assert set(its.index.get_level_values("condition")) == {"base"}

    def test_factors_are_within_seeds(self, digits):
        drawn = digits.drawn_factors("begun", ["given", "without"])
        means = drawn.set_index(["condition", "digit"])["mean"]
        assert means["given", "ones"] == pytest.approx(0.5, abs=0.1)
        assert means["given", "tens"] == pytest.approx(1)
        assert np.isnan(means["without", "hundreds"])

    def test_sharpness_of_both_skills(self, digits):
        found = digits.sharpness().set_index(["skill", "digit"])
        assert set(found.index.get_level_values("skill")) == {"sum_loss", "carry_loss"}
        assert (found["mean"].dropna() > 0).all()

    def test_panels(self, digits):
        of_sum, of_carry = digits.skills().values()
        assert len(of_sum.curves) == len(of_carry.curves) == 4 * len(STEPS)
        noise = where(losses(), measure="gradient_to_noise")
        both = [noise, noise.assign(measure="descent_share", kind="real")]
        vars(digits.study)["measures"] = pd.concat(both)
        for panel in digits.gradients().values():
            assert set(panel.curves["digit"]) == set(digits.names)

    def test_later_where_one_is_carried(self, digits):
        rows = where(losses(), measure="digit_loss")
        both = [
            rows.assign(measure=measure, value=rows["value"] + by)
            for measure, by in (("carried_loss", 0.5), ("uncarried_loss", 0.0))
        ]
        vars(digits.study)["measures"] = pd.concat(both)
        its = digits.later_with_a_carry("tens")
        assert len(its) == 2
        assert (its["at"] > 5).all()

    def test_the_table(self, digits):
        cells = digits.times_cells(["base", "without"]).set_index("condition")
        assert cells.loc["WITHOUT", CARRY_OUT] == ""
        assert cells.loc["WITHOUT", "hundreds"] == "> 100 / > 100"
        begun, learnt = cells.loc["BASE", "ones"].split(" / ")
        assert 50 < int(begun) < 70 < int(learnt) < 90


class TestOrder:
    def test_seeds_agree(self, digits):
        found = digits.agreement(["base"])
        assert found["mean"].item() == pytest.approx(1)

    def test_some_digits_may_be_left_out(self, digits):
        """Of a single digit there is no order."""
        found = digits.agreement(["base"], but=digits.numbers[:-1])
        assert found["mean"].item() == 0

    def test_the_highest_is_first(self, digits):
        found = digits.first(["base", "without"]).set_index("condition")
        assert found["n_there"].to_dict() == {"base": 2, "without": 0}
        assert set(found["n_runs"]) == {2}

    def test_whether_the_carry_out_is_in_view(self, digits):
        """Before the highest digit in one condition, after it in another, in the third nowhere."""
        places = {
            "base": {CARRY_OUT: 0, "hundreds": 1},
            "given": {CARRY_OUT: 3, "hundreds": 2},
            "without": {"hundreds": 0},
        }
        rows = [
            (name, seed, digit, place)
            for name, seed in product(FALLS, SEEDS)
            for digit, place in places[name].items()
        ]
        columns = ["condition", "seed", "digit", "place"]
        vars(digits)["known"] = pd.DataFrame(rows, columns=columns)
        found = digits.in_view(["base", "given", "without"]).set_index("carry_out")
        assert found.loc["before"].tolist() == found.loc["after"].tolist() == [2, 10, 30]
        assert digits.in_view(["base", "without"])["carry_out"].tolist() == ["before"]

    def test_what_tells_it(self, digits):
        index = pd.MultiIndex.from_product(
            [FALLS, SEEDS, digits.numbers], names=["condition", "seed", "digit"]
        )
        vars(digits)["features"] = pd.DataFrame(
            {"place": [3, 2, 1] * 6, "depth": [0, 1, 2] * 6}, index
        )
        found = digits.explained(["base", "without"]).set_index(["condition", "explanation"])[
            "mean"
        ]
        assert found["base", "place"] == pytest.approx(1)
        assert found["base", "depth"] == pytest.approx(-1)
        assert found["without", "depth"] == pytest.approx(0.5)
        assert set(digits.chance()) >= {"place", "depth"}


@pytest.mark.parametrize(
    ("changes", "mixture", "expected"),
    [
        ({}, {"fresh": 1.0}, [[0, 3, 0, 1], [1, 2, 1, 1], [2, 1, 2, 1], [3, 0, 3, 1]]),
        (
            {"order": "little_endian", "untrained": [1]},
            {"fresh": 0.25, "partly": 0.75},
            [[0, 0, 0, 1], [1, 1, 1, 0.25], [2, 2, 2, 1], [3, 3, 3, 1]],
        ),
        (
            {"carries": "neighbour", "carry_out": False},
            {"fresh": 1.0},
            [[0, 2, 1, 1], [1, 1, 1, 1], [2, 0, 1, 1]],
        ),
    ],
)  # fmt: skip
def test_what_is_known_of_digits(changes, mixture, expected):
    told = {"name": "digit_addition", "n_digits": 3, "n_train": 8, "n_test": 60, **changes}
    settings = digit_addition.Settings.model_validate(told)
    split = digit_addition.generate(settings, 0).splits["cascades"]
    found = known_of(split, {"training": {"mixture": mixture}, "task": told})
    assert found.to_numpy().tolist() == expected


class TestCarries:
    """Two heads; the second brings the carry into tens and hundreds, and looks at the pair below."""

    @pytest.fixture
    def carries(self, study, digits) -> Carries:
        rows = []
        for seed, column in product(SEEDS, (1, 2)):
            where = ("base", seed)
            for head, follows in enumerate((0.1, 0.9)):
                rows.append((*where, "carry_patched_follows", 0, head, None, column, follows))
                for pair in range(3):
                    paid = 0.8 if head and pair == column - 1 else 0.1
                    rows.append((*where, "pair_attention", 0, head, 2 - pair, column, paid))
            rows.append((*where, "layer_patched_follows", 0, None, None, column, 1.0))
            rows.append((*where, "same_carry_follows", 0, None, None, column, 0.95))
            for measure in ("carry_read", "carry_read_null", "carry_steered", "carry_steered_null"):
                rows.append((*where, measure, 0, None, None, column, 0.5))
            rows.append((*where, "carry_alike", 0, None, None, column, -0.2))
        closer = table(rows, "layer", "head", "position", "component")
        closer.loc[closer["measure"] == "carry_alike", "kind"] = "cosine"
        vars(study)["closer"] = closer
        return Carries(digits)

    def test_where_heads_look(self, carries):
        found = carries.looked_at().set_index(["digit", "pair"])["mean"]
        assert found["tens", 0] == found["hundreds", 1] == pytest.approx(0.8)
        assert found["tens", 1] == pytest.approx(0.1)

    def test_who_brings_the_carry(self, carries):
        found = carries.brought().set_index(["digit", "what"])["mean"]
        assert found["tens", "head"] == pytest.approx(0.9)
        assert found["hundreds", "layer"] == 1
        assert found["hundreds", "same"] == pytest.approx(0.95)

    def test_it_looks_below(self, carries):
        found = carries.looks_below()
        assert found["carrier"].to_dict() == pytest.approx({("base", 0): 0.8, ("base", 1): 0.8})
        assert found["others"].to_dict() == pytest.approx({("base", 0): 0.1, ("base", 1): 0.1})

    def test_over_digits(self, carries):
        found = carries.over_digits().set_index("measure")["mean"]
        assert found["carry_patched_follows"] == pytest.approx(0.9)
        assert found["carry_alike"] == pytest.approx(-0.2)
        assert set(carries.directions()["measure"]) == {
            "carry_read", "carry_read_null", "carry_steered", "carry_steered_null", "carry_alike"
        }  # fmt: skip
