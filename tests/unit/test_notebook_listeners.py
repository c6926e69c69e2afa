"""Rows about listeners are told apart by name, layer and step."""

import pandas as pd
import pytest

from onset.notebook.listeners import (
    at_end_and_before,
    by_attribute,
    doses,
    missed,
    moods,
    moved,
    side_effects,
)

ROWS = pd.DataFrame(
    {
        "measure": ["read_age", "means_read_age", "read_pet", "suits_age", "read_mood", "loss"],
        "layer": [1, 1, 2, None, 2, None],
        "step": [0, 9, 0, 9, 9, 9],
    }
)


def test_ways_and_attributes_are_told_apart():
    its = by_attribute(ROWS, ["read", "means_read", "suits"], layer=1)
    assert its[["way", "attribute"]].to_numpy().tolist() == [
        ["read", "age"], ["means_read", "age"], ["suits", "age"],
    ]  # fmt: skip
    every = by_attribute(ROWS, ["read"])
    assert every["attribute"].tolist() == ["age", "pet", "mood"]


def test_before_training_is_a_way_of_its_own():
    its = at_end_and_before(by_attribute(ROWS, ["read", "suits"], layer=2))
    assert its[["way", "attribute", "step"]].to_numpy().tolist() == [
        ["suits", "age", 9], ["read", "mood", 9], ["untrained", "pet", 0],
    ]  # fmt: skip


def steered(measure, values, component=2.0, layer=2.0, split="test"):
    """A row per seed."""
    rows = {"measure": measure, "value": values, "seed": range(len(values))}
    more = {
        "component": component,
        "layer": layer,
        "split": split,
        "condition": "one",
        "kind": "share",
    }
    return pd.DataFrame(rows).assign(**more)


CLOSER = pd.concat(
    [
        steered("other_said_age", [0.6, 0.8]),
        steered("randomly_said_age", [0.2, 0.2]),
        steered("said_to_other_age", [0.7, 0.9], component=None, layer=None),
        steered("rest_changed_age", [0.1, 0.1]),
        steered("rest_randomly_changed_age", [0.0, 0.2]),
        steered("place_said_age", [1.0, 0.9]),
        steered("other_said_age", [0.0, 0.0], layer=1.0),
        steered("other_said_age", [0.1, 0.1], component=0.0),
    ],
    ignore_index=True,
)


def test_doses_stand_beside_what_is_said_to_others():
    its = doses(CLOSER, layer=2).set_index(["way", "dose"])
    assert its.loc[("other_said", 1.0), "mean"] == pytest.approx(0.7)
    assert its.loc[("other_said", 0.0), "mean"] == pytest.approx(0.1)
    assert its["to_other"].tolist() == pytest.approx([0.8] * 3)
    assert sorted(moved(CLOSER, "age", layer=2)["value"]) == pytest.approx([0.4, 0.6])


def test_side_effects_stand_beside_those_of_a_random_direction():
    its = side_effects(CLOSER, layer=2).set_index("way")
    assert its.loc["rest_changed", "random"] == pytest.approx(0.1)
    assert pd.isna(its.loc["place_said", "random"])


def test_what_the_best_reader_has_ahead():
    rows = [
        steered(f"{way}_{attribute}", values, component=None, layer=None, split="composed")
        for way, values in (("suits", [0.5, 0.7]), ("could_suit", [0.8, 0.8]))
        for attribute in ("age", "dialect", "knowledge", "mood")
    ]
    its = missed(pd.concat(rows, ignore_index=True), "composed")
    assert sorted(its["value"]) == pytest.approx([0.1, 0.3])


def test_moods_by_who_notices():
    rows = [
        steered("new_mood_ideal", [0.5], layer=None), steered("new_mood_read", [0.4]),
        steered("new_mood_read", [0.1], layer=1.0), steered("mood_lag_said", [1.0], layer=None),
    ]  # fmt: skip
    its = moods(pd.concat(rows, ignore_index=True), layer=2)
    assert its[["what", "way", "value"]].to_numpy().tolist() == [
        ["new_mood", "ideal", 0.5], ["new_mood", "read", 0.4], ["mood_lag", "said", 1.0],
    ]  # fmt: skip
