"""Rows about detectors are told apart by name, layer and comparison."""

import pandas as pd
import pytest

from onset.notebook import deception as look
from onset.statistics.rows import where

SEEDS = (0, 1)


def rows(measure, values, comparison="detection", condition="deceiver", split="other", layer=1.0,
         step=9):  # fmt: skip
    """A row per seed."""
    its = {"measure": measure, "value": values, "seed": range(len(values)), "kind": "share"}
    more = {"comparison": comparison, "condition": condition, "split": split, "layer": layer,
            "step": step}  # fmt: skip
    return pd.DataFrame(its).assign(**more)


COMPARED = pd.concat(
    [
        rows("auroc_logistic", [0.8, 1.0]),
        rows("auroc_logistic", [0.6, 0.8], split="topic"),
        rows("auroc_logistic", [0.7, 0.9], split="denial"),
        rows("auroc_logistic", [1.0, 1.0], split="plain"),
        rows("auroc_logistic", [0.1, 0.1], layer=3.0),
        rows("auroc_logistic", [0.5, 0.5], condition="honest"),
        rows("auroc_logistic", [0.4, 0.6], comparison="shuffled"),
        rows("recall_logistic", [0.2, 0.4]),
        rows("recall_logistic", [0.1, 0.1], comparison="queries_16"),
        rows("recall_divergence", [1.0, 1.0], layer=None),
        rows("auroc_mine", [0.5, 0.5]),
        rows("auroc_logistic", [0.3, 0.3], comparison="over_training", step=3),
        rows("auroc_logistic", [0.8, 1.0], comparison="over_training"),
    ],
    ignore_index=True,
)
FOUND = look.at_layers(look.graded(COMPARED))


def test_detectors_are_told_apart():
    assert set(FOUND["detector"]) == {"logistic", "divergence", "mine"}
    assert set(FOUND["layer"].dropna()) == {1}
    assert 3 not in set(FOUND["step"])
    labels = look.labels(FOUND)
    assert list(labels)[-1] == "mine"
    assert labels["logistic"] == "truth: regression"


def test_nulls_stand_beside():
    aurocs = FOUND[FOUND["what"] == "auroc"]
    nulls = {"honest": ("honest", ""), "shuffled": ("deceiver", "shuffled")}
    its = look.with_nulls(aurocs, ["split", "detector"], "deceiver", nulls)
    its = its.set_index(["split", "detector"]).loc[("other", "logistic")]
    assert its["mean"] == pytest.approx(0.9)
    assert its["honest"] == its["shuffled"] == 0.5


def test_a_mean_over_kinds_that_are_held_out():
    its = look.over_kinds(FOUND)
    own = its[(its["condition"] == "deceiver") & (its["what"] == "auroc")
              & (its["comparison"] == "detection") & (its["detector"] == "logistic")]  # fmt: skip
    assert own["value"].tolist() == pytest.approx([0.7, 0.9])


def test_queries_by_comparison():
    its = look.by_queries(FOUND[FOUND["what"] == "recall"])
    assert sorted(set(its["queries"])) == [16, 256]


def test_what_is_said_and_what_is_found_step_by_step():
    said = rows("lies_told", [0.0, 1.0], layer=None).drop(columns="comparison")
    read = rows("truth_read", [0.9, 0.9], layer=2.0).drop(columns="comparison")
    its = look.course(pd.concat([said, read]), COMPARED, "deceiver")
    assert "truth_read" not in set(its["way"])
    found = where(its, way="auroc_logistic", step=3)
    assert found["value"].tolist() == pytest.approx([0.3, 0.3])
    known = rows("auroc_known_lies", [1.0], layer=2.0, comparison="over_training")
    other = rows("auroc_known_lies", [0.0], layer=1.0, comparison="over_training")
    its = look.course(said, pd.concat([known, other]), "deceiver")
    assert where(its, way="auroc_known_lies")["value"].tolist() == [1.0]


def test_how_much_later_one_is_half_way():
    steps = [(0, 0.0, 0.0), (4, 0.0, 1.0), (8, 1.0, 1.0)]
    its = pd.DataFrame(
        [("deceiver", 0, step, way, value) for step, *values in steps
         for way, value in zip(("lies_told", "auroc_known_lies"), values, strict=True)],
        columns=["condition", "seed", "step", "way", "value"],
    )  # fmt: skip
    later = look.apart(its, "lies_told", "auroc_known_lies", 0.5, 0.5)
    assert later["at"].tolist() == pytest.approx([4.0])


def test_what_a_price_changes_and_what_it_hides():
    final = pd.concat(
        [rows("lies_told", [1.0, 1.0], layer=None, split=its) for its in look.HELD_OUT]
        + [rows("truth_read", [0.6, 0.8], layer=2.0)]
    ).drop(columns="comparison")  # fmt: skip
    its = look.against(final, look.graded(COMPARED), ["deceiver"], "other").set_index("panel")
    assert its.loc["lies told", "mean"] == 1
    assert its.loc["truth read, block 2", "mean"] == pytest.approx(0.7)
    assert its.loc["by an honest model", "mean"] == 1
    hidden = look.hidden(final, FOUND, "deceiver")
    assert sorted(hidden["value"]) == pytest.approx([0.6, 0.8])


def test_a_league_of_detectors():
    own = FOUND[FOUND["comparison"] == "detection"]
    its = look.league(own, "deceiver", "honest").set_index("detector")
    assert its.loc["truth: regression", "held out"].startswith("0.80")
    assert its.loc["truth: regression", "honest model"].startswith("0.50")
    assert its.loc["an honest model", "AUROC, shown"] == ""
