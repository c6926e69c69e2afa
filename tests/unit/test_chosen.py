"""Choices whose beginning, overlap and odds are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onset.notebook.addition import Frequencies
from onset.notebook.study import NotebookStudy
from onset.statistics import chosen
from onset.statistics.prediction import auc

RUN = ("one", 0)
STRENGTHS = {1: [3, 1, 3, 3], 2: [2, 3, 2, 1], 3: [1, 2, 1, 2]}
"""of three things at the steps 0, 10, 20 and 30"""


def rows(strengths: dict[int, list[float]], run: tuple[str, int] = RUN) -> pd.DataFrame:
    table = pd.DataFrame(strengths, index=pd.Index([0, 10, 20, 30], name="step"))
    long = table.melt(var_name="component", ignore_index=False).reset_index()
    return long.assign(condition=run[0], seed=run[1])


def test_what_was_chosen_and_how_much():
    final = pd.DataFrame({"condition": "one", "seed": [0, 0, 1], "component": [3.0, 1.0, 2.0]})
    found = chosen.chosen_of(final)
    assert found == {("one", 0): [1, 3], ("one", 1): [2]}
    assert chosen.n_chosen(found).to_dict() == {("one", 0): 2, ("one", 1): 1}
    assert chosen.n_chosen({}).empty


def test_from_when_on_and_what_else_was_strong():
    its, since = (rows(STRENGTHS), {RUN: [1]}), pd.Series({RUN: 10.0})
    assert chosen.locked(*its).loc[RUN].tolist() == [10, 15, 20]
    assert chosen.n_passing(*its, since, above=1.5)[RUN] == 2
    assert chosen.n_passing(*its, since + 15, above=1.5)[RUN] == 1
    assert np.isnan(chosen.n_passing(*its, since * np.nan, above=1.5)[RUN])
    assert chosen.locked(rows(STRENGTHS), {}).empty
    assert chosen.n_passing(rows(STRENGTHS), {}, since, 1.5).empty


def test_overlap_of_the_same_seed_and_of_others():
    choices = {("a", 0): [1, 2], ("a", 1): [3], ("b", 0): [2, 3], ("b", 1): [3]}
    found = chosen.overlap(choices, [("a", 0), ("a", 1), ("a", 9)], [("b", 0), ("b", 1), ("b", 9)])
    by = found.set_index(["same", "seed"])["value"]
    assert by[True, 0] == pytest.approx(1 / 3)
    assert by[True, 1] == 1
    assert by[False, 0] == pytest.approx(1 / 2)
    assert by[False, 1] == 0


def test_areas_of_each_step():
    found = chosen.areas(rows(STRENGTHS), {RUN: [1]})
    assert found["value"].tolist() == [1, 0, 1, 1]
    assert chosen.areas(rows(STRENGTHS), {}).empty


class TestByChance:
    start = rows(STRENGTHS)[lambda its: its["step"] == 0]

    def test_one_of_three_has_each_area_as_often(self):
        null = chosen.areas_by_chance(self.start, {RUN: [1]}, draws=3000)
        assert set(null) == {0, 0.5, 1}
        assert null.mean() == pytest.approx(0.5, abs=0.03)

    def test_nothing_was_chosen(self):
        assert np.isnan(chosen.areas_by_chance(self.start, {})).all()

    def test_what_is_found_counts_among_the_draws(self):
        assert chosen.p_value(0.9, np.array([0.1, 0.9, 1.0])) == 0.75
        assert chosen.p_value(2, np.zeros(99)) == 0.01
        assert np.isnan(chosen.p_value(np.nan, np.zeros(3)))


class TestOneOfMany:
    numbers = pd.DataFrame(np.random.default_rng(0).normal(size=(4, 7)))

    def test_areas_are_those_under_the_curve(self):
        found = chosen.one_of_many(self.numbers, [0, 3, 6, 2])
        for (_, row), place, area in zip(
            self.numbers.iterrows(), [0, 3, 6, 2], found.areas, strict=True
        ):
            assert area == pytest.approx(auc(row, np.arange(7) == place))

    def test_the_largest_of_each_is_rare(self):
        found = chosen.one_of_many(self.numbers, list(self.numbers.idxmax(axis=1)))
        assert found.areas.eq(1).all()
        assert found.p == pytest.approx(7**-4, abs=1e-3)
        assert found.band[0] < 0.5 < found.band[1]
        assert found.by_chance.mean() == pytest.approx(0.5, abs=0.02)


def test_the_share_of_an_embedding_at_the_frequencies_chosen():
    norms = rows(STRENGTHS).assign(measure="embedding_norm", kind="size")
    study = NotebookStudy(Path(), ("one",), [0])
    vars(study)["measures"] = norms
    vars(study)["final"] = pd.DataFrame(
        {"condition": "one", "seed": 0, "measure": "key_frequency", "component": [1.0, 3.0]}
    )
    (found,) = Frequencies(study, ("one", "one"), {}).embedded.itertuples(index=False)
    # The squares of 3, 1 and 2 at the last step.
    assert found == ("one", 0, "share", pytest.approx(13 / 14))
