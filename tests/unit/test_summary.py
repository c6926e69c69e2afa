"""Mean and interval over seeds against scipy and tabulated values."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from onset.statistics.kinds import KINDS
from onset.statistics.milestones import half_its_end
from onset.statistics.prediction import predicted_from_other_groups
from onset.statistics.rows import at_last_step, by_component, full_name, rows_of, select
from onset.statistics.seeds import (
    from_logarithms,
    interval,
    over_seeds,
    summarise,
    summary_of_rows,
    summary_of_seeds,
    within_seeds,
)
from onset.statistics.spread import MOST_LINES, opacity, said_of, spread
from onset.statistics.wording import (
    format_interval,
    format_n_seeds,
    format_seeds,
    format_small,
    format_values,
)


class TestInterval:
    def test_it_is_scipys(self):
        values = np.random.default_rng(0).normal(3, 2, size=7)
        mean, low, high = interval(values)
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert mean == pytest.approx(values.mean())
        assert (low, high) == pytest.approx((expected.low, expected.high))

    @pytest.mark.parametrize(
        ("values", "t"), [([0, 2], 12.706), ([1, 2, 3], 4.303), ([1, 2, 3, 4, 5], 2.776)]
    )
    def test_with_t_from_the_table(self, values, t):
        mean, low, high = interval(values)
        standard_error = np.std(values, ddof=1) / math.sqrt(len(values))
        assert high - mean == pytest.approx(t * standard_error, rel=1e-3)
        assert mean - low == pytest.approx(high - mean)

    def test_one_seed_has_none(self):
        mean, low, high = interval([0.25])
        assert mean == 0.25
        assert math.isnan(low)
        assert math.isnan(high)

    def test_equal_seeds_have_no_width(self):
        assert interval([0.5, 0.5, 0.5]) == (0.5, 0.5, 0.5)


def measures(*rows: tuple) -> pd.DataFrame:
    """condition, seed, step, measure, value, split, layer"""
    columns = ["condition", "seed", "step", "measure", "value", "split", "layer"]
    table = pd.DataFrame(rows, columns=columns)
    kinds = {"accuracy": "share", "bridge_rank": "rank", "weight_norm": "size"}
    return table.assign(
        head=None,
        position=None,
        component=None,
        layer=table["layer"].astype("Int64"),
        kind=table["measure"].map(kinds),
        digits=table["measure"].map({name: KINDS[kind].digits for name, kind in kinds.items()}),
    )


class TestSummarise:
    TABLE = measures(
        ("one", 0, 0, "accuracy", 0.1, "oo", None),
        ("one", 0, 10, "accuracy", 0.8, "oo", None),
        ("one", 1, 0, "accuracy", 0.1, "oo", None),
        ("one", 1, 10, "accuracy", 0.9, "oo", None),
        ("one", 0, 10, "bridge_rank", 3.0, "oo", 1),
        ("one", 1, 10, "bridge_rank", 5.0, "oo", 1),
        ("one", 0, 10, "bridge_rank", 2.0, "oo", 2),
        ("one", 1, 10, "bridge_rank", 2.0, "oo", 2),
        ("one", 0, 10, "weight_norm", 7.0, None, None),
        ("one", 1, 10, "weight_norm", 9.0, None, None),
        ("long", 0, 0, "accuracy", 0.1, "oo", None),
        ("long", 0, 10, "accuracy", 0.2, "oo", None),
        ("long", 0, 50, "accuracy", 0.7, "oo", None),
    )

    def test_each_conditions_last_step_and_nothing_before(self):
        summary = summarise(self.TABLE)
        assert list(summary.columns) == [
            "condition",
            "split",
            "measure",
            "kind",
            "digits",
            "n_seeds",
            "mean",
            "low",
            "high",
        ]
        rows = [
            (condition, None if pd.isna(split) else split, *others)
            for condition, split, *others, _, _ in summary.itertuples(index=False)
        ]
        assert rows == [
            ("one", "oo", "accuracy", "share", 2, 2, pytest.approx(0.85)),
            ("one", "oo", "bridge_rank.layer_1", "rank", 1, 2, 4.0),
            ("one", "oo", "bridge_rank.layer_2", "rank", 1, 2, 2.0),
            ("one", None, "weight_norm", "size", 2, 2, 8.0),
            ("long", "oo", "accuracy", "share", 2, 1, 0.7),
        ]

    def test_intervals_are_those_of_the_kind(self):
        summary = summarise(self.TABLE).set_index(["condition", "measure"])
        accuracy, norm = summary.loc[("one", "accuracy")], summary.loc[("one", "weight_norm")]
        assert tuple(accuracy[["low", "high"]]) == pytest.approx(interval([0.8, 0.9], "share")[1:])
        assert tuple(norm[["low", "high"]]) == pytest.approx(interval([7, 9], "size")[1:])

    def test_they_know_of_how_many_examples_a_value_is_a_mean(self):
        summary = summarise(self.TABLE.assign(n_examples=20)).set_index(["condition", "measure"])
        its = summary.loc[("one", "accuracy")]
        expected = interval([0.8, 0.9], "share", n_examples=20)[1:]
        assert tuple(its[["low", "high"]]) == pytest.approx(expected)

    def test_a_mean_with_an_undefined_value_is_undefined(self):
        table = self.TABLE.copy()
        table.loc[1, "value"] = np.nan
        first = summarise(table).iloc[0]
        assert first["n_seeds"] == 2
        assert math.isnan(first["mean"])
        assert math.isnan(first["low"])

    def test_one_seed_has_no_interval(self):
        last = summarise(self.TABLE).iloc[-1]
        assert math.isnan(last["low"])
        assert math.isnan(last["high"])


def test_the_full_name_says_where_a_measure_was_taken():
    table = measures(("c", 0, 0, "rank", 1.0, "oo", 2), ("c", 0, 0, "loss", 1.0, "oo", None))
    table["head"] = pd.array([None, None], dtype="Int64")
    table["position"] = [1.0, np.nan]  # as it comes from Parquet
    table["component"] = None
    assert full_name(table).tolist() == ["rank.layer_2.position_1", "loss"]


def test_over_seeds_is_the_interval_of_each_group():
    table = measures(
        ("one", 0, 0, "accuracy", 0.2, "oo", None),
        ("one", 0, 10, "accuracy", 0.9, "oo", None),
        ("one", 1, 0, "accuracy", 0.4, "oo", None),
        ("one", 1, 10, "accuracy", 1.0, "oo", None),
    )
    found = over_seeds(table, ["condition", "step"])
    columns = ["condition", "step", "n_seeds", "mean", "low", "high", "seed_0", "seed_1"]
    assert list(found.columns) == columns
    assert found.itertuples(index=False, name=None).__next__() == (
        "one",
        0,
        2,
        *interval([0.2, 0.4], "share"),
        0.2,
        0.4,
    )
    assert found["step"].tolist() == [0, 10]
    assert found["high"].tolist() == [interval(its, "share")[2] for its in ([0.2, 0.4], [0.9, 1])]
    assert over_seeds(table, ["condition", "step"], "real")["high"].min() > 1


@pytest.mark.parametrize(
    ("numbers", "said"),
    [([1, 1], "n = 1 seed"), ([3], "n = 3 seeds"), ([10, 3, 23], "n = 3 to 23 seeds")],
)
def test_how_many_seeds_there_are(numbers, said):
    assert format_n_seeds(numbers) == said


@pytest.mark.parametrize(
    ("seeds", "said"),
    [([0, 1, 2], "0–2"), ([0], "0"), ([0, 1, 5, 6, 9], "0–1, 5–6, 9"), ([3, 0, 4], "0, 3–4")],
)
def test_which_seeds_they_are(seeds, said):
    assert format_seeds(seeds) == said


class TestManySeeds:
    def test_most_of_them_lie_between(self):
        seeds = pd.DataFrame([np.arange(101.0), [*np.zeros(100), 1000.0]])
        (low, high), (lower, upper) = spread(seeds)
        assert [low[0], lower[0], upper[0], high[0]] == pytest.approx([5, 25, 75, 95])
        assert (low[1], high[1]) == (0, 0)

    def test_a_run_that_has_no_value_is_left_out(self):
        ((low, high), _) = spread(pd.DataFrame([[*np.arange(101.0), np.nan]]))
        assert [low[0], high[0]] == pytest.approx([5, 95])

    def test_what_captions_say(self):
        assert said_of([3, MOST_LINES]) == ""
        assert "shades" in said_of([3, MOST_LINES + 1])

    def test_dots_of_many_are_as_dark_together(self):
        assert opacity(3) == 1
        assert 100 * opacity(100) == pytest.approx(MOST_LINES)


class TestOfWhichKind:
    def test_it_must_be_said(self):
        table = measures(("one", 0, 0, "accuracy", 0.2, "oo", None)).drop(columns="kind")
        with pytest.raises(ValueError, match="say of which kind the values are: one of share,"):
            over_seeds(table, ["condition"])

    def test_kinds_are_not_mixed(self):
        of_each = [("one", 0, 0, its, 1.0, "oo", None) for its in ("accuracy", "bridge_rank")]
        with pytest.raises(ValueError, match="several kinds can't be averaged: share, rank"):
            over_seeds(measures(*of_each), ["condition"])
        assert len(over_seeds(measures(*of_each), ["condition", "measure"])) == 2

    def test_a_column_of_another_meaning_is_noticed(self):
        table = measures(("one", 0, 0, "accuracy", 0.2, "oo", None)).assign(kind="donor")
        with pytest.raises(ValueError, match=r"'donor' is no kind of quantity \(allowed: share"):
            over_seeds(table, ["condition"])
        assert over_seeds(table, ["condition"], "share")["mean"].tolist() == [0.2]


class TestSeveralRowsOfASeed:
    TABLE = measures(
        ("one", 0, 10, "accuracy", 0.2, "oo", None),
        ("one", 0, 10, "accuracy", 0.4, "id", None),
        ("one", 1, 10, "accuracy", 0.6, "oo", None),
        ("one", 1, 10, "accuracy", 0.8, "id", None),
    ).assign(n_examples=[20, 30, 20, 30])
    REFUSED = (
        r"2 rows of one seed would count as so many seeds \(condition one, seed 0; they differ in "
        r"split, n_examples\): choose one"
    )

    def test_they_are_not_more_seeds(self):
        with pytest.raises(ValueError, match=self.REFUSED):
            over_seeds(self.TABLE, ["condition"])
        assert over_seeds(self.TABLE, ["condition", "split"])["n_seeds"].tolist() == [2, 2]

    def test_nor_are_runs_of_several_conditions(self):
        of_two = pd.concat([its := self.TABLE[:1], its.assign(condition="two")])
        with pytest.raises(ValueError, match=r"\(split oo, seed 0; they differ in condition\)"):
            over_seeds(of_two, ["split"])

    def test_nor_is_the_same_row_twice(self):
        with pytest.raises(ValueError, match="they differ in no other column"):
            over_seeds(pd.concat([self.TABLE, self.TABLE]), ["condition", "split"])

    def test_a_group_without_a_value_is_a_group(self):
        of_none = self.TABLE.assign(split=[None, None, "oo", "id"])
        with pytest.raises(ValueError, match="2 rows of one seed"):
            over_seeds(of_none, ["condition", "split"])

    def test_a_summary_refuses_them_too(self):
        with pytest.raises(ValueError, match="they differ in layer"):
            summarise(self.TABLE.assign(split="oo", layer=[0.25, 0.5, 0.25, 0.5]))
        with pytest.raises(ValueError, match="2 rows of one seed"):
            summary_of_rows(self.TABLE)
        with pytest.raises(ValueError, match="2 rows of one seed"):
            summary_of_seeds(self.TABLE.set_index(["condition", "seed"])["value"])

    def test_within_a_seed_they_are_averaged_first(self):
        of_each = within_seeds(self.TABLE, ["condition"])
        assert list(of_each) == ["condition", "seed", "value", "kind", "n_examples"]
        assert of_each["value"].tolist() == pytest.approx([0.3, 0.7])
        assert of_each["n_examples"].tolist() == [20, 20]
        found = over_seeds(of_each, ["condition"]).iloc[0]
        expected = interval([0.3, 0.7], "share", n_examples=20)
        assert tuple(found[["mean", "low", "high"]]) == pytest.approx(expected)
        assert found["n_seeds"] == 2


def test_a_measure_that_no_run_has_is_named():
    table = measures(("one", 0, 10, "weight_norm", 3.0, None, None))
    assert len(rows_of(table, "weight_norm")) == 1
    with pytest.raises(ValueError, match=r"no run has the measure 'accuracy'.*are: weight_norm"):
        rows_of(table, "accuracy")


@pytest.mark.parametrize(
    ("numbers", "digits", "text"),
    [
        ((0.974, 0.951, 0.9949), 2, "0.97 [0.95, 0.99]"),
        ((0.974, 0.951, 0.9949), 1, "1.0 [1.0, 1.0]"),
        ((12.0, -1.5, 25.5), 1, "12.0 [−1.5, 25.5]"),
        ((0.5, math.nan, math.nan), 2, "0.50"),
        ((-0.001, -0.004, 0.002), 2, "0.00 [0.00, 0.00]"),
        ((math.nan, math.nan, math.nan), 2, "undefined"),
    ],
)
def test_an_interval_in_words(numbers, digits, text):
    mean, low, high = numbers
    assert format_interval(SimpleNamespace(mean=mean, low=low, high=high), digits) == text


class TestPredictedFromOtherGroups:
    def test_each_group_is_predicted_by_the_line_and_the_mean_of_the_others(self):
        x, y = np.array([0.0, 1, 2, 0, 2, 4, 1, 3]), np.array([5.0, 5, 9, 1, 4, 5, 7, 0])
        groups = np.array([0, 0, 0, 1, 1, 1, 2, 2])
        line, mean = predicted_from_other_groups(x, y, groups)
        for i, group in enumerate(groups):
            others = groups != group
            slope, intercept = np.polyfit(x[others], y[others], 1)
            assert line[i] == pytest.approx(intercept + slope * x[i])
            assert mean[i] == pytest.approx(y[others].mean())

    def test_a_group_says_nothing_of_itself(self):
        x, groups = np.array([0.0, 1, 0, 1]), np.array([0, 0, 1, 1])
        predictions = [
            predicted_from_other_groups(x, np.array([*its, 2.0, 3.0]), groups)[0][:2].tolist()
            for its in ([0.0, 0.0], [7.0, -7.0])
        ]
        assert predictions == [[2.0, 3.0], [2.0, 3.0]]

    def test_without_another_group_nothing_is_predicted(self):
        found = predicted_from_other_groups(np.array([0.0, 1]), np.array([2.0, 3]), np.zeros(2))
        assert np.isnan(found).all()

    def test_others_that_differ_in_nothing_known_before_leave_their_mean(self):
        x, y, groups = np.array([0.0, 1, 1]), np.array([9.0, 2, 4]), np.array([0, 1, 1])
        line, mean = predicted_from_other_groups(x, y, groups)
        assert (line[0], mean[0]) == (3.0, 3.0)


class TestHalfItsEnd:
    def curve(self, *values: float, seed: int = 0, steps=(0, 10, 20, 30)) -> pd.DataFrame:
        return pd.DataFrame({"condition": "one", "step": steps, "seed": seed, "value": values})

    def at(self, **curves: pd.DataFrame) -> dict[str, float]:
        """Of seed 0."""
        found = half_its_end(curves)
        return {name: its.loc[("one", 0), "at"] for name, its in found.items()}

    def test_it_is_where_half_of_the_final_value_is_first_reached(self):
        found = self.at(sign=self.curve(0, 0.3, 0.5, 1), answer=self.curve(0, 0.1, 0.2, 0.8))
        assert found == pytest.approx({"sign": 20, "answer": 20 + 10 / 3})

    def test_what_is_there_from_the_start_is_there_at_the_start(self):
        assert self.at(sign=self.curve(0.6, 0.1, 0.5, 1)) == {"sign": 0}

    def test_each_curve_has_steps_of_its_own(self):
        sign, answer = self.curve(0, 0.6, 0.7, 1), self.curve(0, 0.6, 1, steps=(0, 20, 30))
        found = half_its_end({"sign": sign, "answer": answer})
        brackets = {name: its.loc[("one", 0)].tolist() for name, its in found.items()}
        assert brackets["sign"] == pytest.approx([0, 10 * 0.5 / 0.6, 10])
        assert brackets["answer"] == pytest.approx([0, 20 * 0.5 / 0.6, 20])

    def test_each_seed_has_its_own(self):
        both = pd.concat([self.curve(0, 0.6, 0.7, 1), self.curve(0, 0.1, 0.2, 1, seed=1)])
        found = half_its_end({"sign": both})["sign"].loc["one"]
        assert found.loc[0].tolist() == pytest.approx([0, 10 * 0.5 / 0.6, 10])
        assert found.loc[1].tolist() == pytest.approx([20, 20 + 10 * 0.3 / 0.8, 30])


def test_the_last_step_is_each_runs_own():
    table = pd.DataFrame(
        {"condition": list("aabb"), "seed": 0, "step": [0, 10, 0, 99], "value": range(4)}
    )
    assert at_last_step(table)["value"].tolist() == [1, 3]


class TestSelecting:
    table = pd.DataFrame(
        {
            "condition": ["one", "one", "two", "one"],
            "seed": [0, 0, 0, 1],
            "step": [5, 5, 5, 5],
            "measure": ["norm", "norm", "norm", "loss"],
            "split": [None, None, None, "test"],
            "component": [np.nan, 2, np.nan, np.nan],
            "value": [1.0, 2.0, 3.0, 4.0],
        }
    )

    def test_a_measure_without_components(self):
        assert list(select(self.table, "norm")["value"]) == [1, 3]
        assert list(select(self.table, "norm", condition="two")["value"]) == [3]
        assert list(select(self.table, "loss", "test")["value"]) == [4]

    def test_a_measure_by_component(self):
        (found,) = by_component(self.table[1:2], "norm", "one").values()
        assert found.loc[5, 2] == 2


def test_small_numbers_keep_their_digits():
    assert [format_small(n) for n in (0, 0.5, 12.345, 2.34e-5)] == [
        "0.00",
        "0.50",
        "12.35",
        "2.3e-05",
    ]
    assert format_values([0.5, 0.5], digits=1) == "0.5 [0.5, 0.5]"
    assert format_values([1.0, 0.9, 1.0], kind="share") == "0.97 [0.50, 1.00]"


def test_logarithms_are_summarised_as_factors():
    steps = pd.DataFrame(
        {"condition": "one", "seed": [0, 1], "measure": "steps", "value": [2.0, 4.0]}
    )
    found = from_logarithms(over_seeds(steps, ["condition"], "real")).iloc[0]
    assert found["mean"] == pytest.approx(1e3)
    assert (found["seed_0"], found["seed_1"]) == pytest.approx((1e2, 1e4))
    assert found["low"] * found["high"] == pytest.approx(1e6)
    assert found["n_seeds"] == 2
