"""What the notebook of many runs asks of its comparisons: rows made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onset.notebook.luck import Luck
from onset.notebook.study import NotebookStudy
from onset.statistics.logistic import Regression
from onset.statistics.rows import where

SEEDS = (0, 1, 2)
ABOUT = ("condition", "other_condition", "other_seed", "other_step", "layer", "head", "position")


def comparisons(*rows: tuple) -> pd.DataFrame:
    """Of comparison, measure, seed, value, split, step and component."""
    columns = ["comparison", "measure", "seed", "value", "split", "step", "component"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(**dict.fromkeys(ABOUT), n_examples=np.nan, kind="share")


def luck_of(measures: pd.DataFrame | None = None, found: pd.DataFrame | None = None) -> Luck:
    its = NotebookStudy(Path("nowhere"), ("trunk",), list(SEEDS), labels={"trunk": "a run"})
    vars(its).update(measures=measures, comparisons=found)
    return Luck(its, "trunk", ("trunk", "other"))


def accuracies(by_step: dict[int, float], condition: str = "trunk", split: str = "test"):
    rows = [
        (condition, seed, step, "accuracy", split, value + 0.01 * seed)
        for seed in SEEDS
        for step, value in by_step.items()
    ]
    columns = ["condition", "seed", "step", "measure", "split", "value"]
    return pd.DataFrame(rows, columns=columns).assign(kind="share")


@pytest.fixture
def luck() -> Luck:
    """Children share .2, .4 and .9 of their solution, parting at 0, 20 and 40; strangers .1."""
    sources = {"order": 0.2, "20": 0.4, "40": 0.9, "weights": 0.1}
    rows = [
        (f"solution_{source}", measure, seed, value + 0.02 * seed, None, None, None)
        for source, shared in sources.items()
        for measure, value in {"shared_frequencies": shared, "shared_by_chance": 0.05}.items()
        for seed in SEEDS
    ]
    rows += [
        (f"answers_{source}", measure, seed, value, "test", step, component)
        for source in ("order", "weights")
        for seed in SEEDS
        for step, at in {10: 0.3, 20: 0.6}.items()
        for measure, value, component in (
            ("alike", at, None), ("alike_by_chance", at / 2, None),
            ("alike_of_class", at / 3, 0), ("alike_of_class", at, 2),
            ("alike_of_class_by_chance", at / 4, 0), ("alike_of_class_by_chance", at, 2),
        )
    ]  # fmt: skip
    measures = pd.concat(
        [
            accuracies({0: 0.5, 10: 0.1, 20: 0.44, 30: 0.9}),
            accuracies({10: 0.9, 20: 0.8}, split="train"),
            accuracies({10: 0.1, 20: 0.64}, "other"),
            accuracies({10: 0.9, 20: 0.9}, "other", split="train"),
        ]
    )
    return luck_of(measures, comparisons(*rows))


def test_sources_with_what_is_by_chance(luck):
    rows = where(luck.over_worlds("solution", ["order", "weights"]), measure="shared_frequencies")
    assert rows["source"].tolist() == ["order", "weights"]
    assert rows["mean"].tolist() == pytest.approx([0.22, 0.12])
    assert rows["by_chance"].tolist() == pytest.approx([0.07, 0.07])
    beyond = luck.beyond("solution", "order", "shared_frequencies", "shared_by_chance")
    assert beyond.tolist() == pytest.approx([0.15] * 3)


def test_children_by_where_they_part_and_strangers_at_every_step(luck):
    rows = luck.parting({"shared_frequencies": "solution"}, [20, 40], "order", "weights")
    children, strangers = (where(rows, curve=its) for its in ("children", "strangers"))
    assert dict(zip(children["since"], children["mean"], strict=True)) == pytest.approx(
        {0: 0.22, 20: 0.42, 40: 0.92}
    )
    assert strangers["since"].tolist() == [0, 20, 40]
    assert strangers["mean"].tolist() == pytest.approx([0.12] * 3)


def test_half_way_is_where_answers_were_compared(luck):
    """Step 0, where accuracy is a half by chance, was not."""
    assert luck.halfway.to_dict() == dict.fromkeys(SEEDS, 20)
    rows = where(luck.answers(["order", "weights"]), measure="alike")
    assert rows["mean"].tolist() == [0.6, 0.6]
    assert rows["by_chance"].tolist() == [0.3, 0.3]
    ease = luck.by_ease("answers_order")
    for measure, means in {"alike_of_class": [0.2, 0.6], "beyond": [0.05, 0]}.items():
        its = where(ease, measure=measure)
        assert its["known"].tolist() == [0, 1]
        assert its["mean"].tolist() == pytest.approx(means)


def test_spread_over_runs_half_way(luck):
    assert luck.spread(("test", "train")).tolist() == pytest.approx([0.1] * 3)


class TestFate:
    @pytest.fixture
    def luck(self) -> Luck:
        """Of ten frequencies, two win: in every seed those that the embedding has most of at the end."""
        rng = np.random.default_rng(0)
        rows = []
        for seed in range(12):
            wins = rng.permutation(10)[:2]
            for step in (0, 50):
                for k in range(10):
                    size = 1.0 * (k in wins) if step else rng.random()
                    rows += [
                        (seed, step, "embedding_norm", k + 1, size + 0.1 * rng.random()),
                        (seed, step, "readout_norm", k + 1, rng.random()),
                    ]
            rows += [(seed, 50, "key_frequency", k + 1, 1.0) for k in wins]
        table = pd.DataFrame(rows, columns=["seed", "step", "measure", "component", "value"])
        return luck_of(table.assign(condition="trunk", split=None, kind="share"))

    def test_it_is_foretold_where_it_shows(self, luck):
        told_by = {
            "embedding": Regression(["embedding_norm"]),
            "readout": Regression(["readout_norm"]),
            "shuffled": Regression(["embedding_norm"], shuffled=True),
        }
        means = luck.areas(told_by).groupby(["told_by", "step"])["value"].mean()
        assert means["embedding", 50] == 1
        for null in (("embedding", 0), ("readout", 50), ("shuffled", 50)):
            assert means[null] == pytest.approx(0.5, abs=0.2)

    def test_winners_are_counted(self, luck):
        winners = luck.winners
        assert winners["mean"].mean() == pytest.approx(0.2)
        assert winners["by_chance"].tolist() == pytest.approx([0.2] * 10)
        most, p = luck.most_often()
        assert most == round(winners["mean"].max() * 12)
        assert p > 0.05
