"""When a bridge is needed and when it comes, and what predictions are about."""

import pandas as pd
import pytest

from onset.notebook.facts import beyond, bridge_in_time, predicted, predicted_rows
from onset.notebook.predictions import means_near
from onset.statistics.seeds import over_seeds


def rows(**columns):
    return pd.DataFrame({"kind": "share", "n_examples": 4, **columns})


def test_the_bridge_is_needed_up_to_a_block_and_comes_after_one():
    given = [1.0, 1.0, 0.5, 0.0], [1.0, 0.75, 0.5, 0.25]
    read = [0.0, 0.25, 0.25, 1.0], [0.0, 0.0, 0.25, 0.5]
    found = pd.concat(
        rows(
            condition="facts", seed=seed, split=split, measure=measure, layer=range(4), value=value
        )
        for measure, of_seeds in {"given_bridge_right": given, "bridge_first": read}.items()
        for seed, value in enumerate(of_seeds)
        for split in ("one", "other")
    )
    when = bridge_in_time(found).set_index("when")["mean"]
    assert when["needed"] == 2
    assert when["comes"] == 3


def test_what_is_beyond_the_null_is_found_within_seeds():
    found = pd.concat(
        rows(condition="facts", seed=[0, 1], split=split, measure=measure, value=values)
        for measure, split, values in [
            ("mended", "one", [0.5, 1.0]), ("mended", "other", [0.75, 1.0]),
            ("mended_other", "one", [0.25, 0.5]), ("mended_other", "other", [0.25, 0.75]),
        ]
    )  # fmt: skip
    (its,) = beyond(found, "mended", "mended_other").itertuples()
    assert (its.seed_0, its.seed_1, its.mean) == (0.375, 0.375, 0.375)
    assert its.low < 0.375 < its.high


def test_predictions_are_about_what_is_told_and_what_is_beyond_the_null():
    final = pd.concat(
        rows(condition=condition, seed=[0, 1], split=split, measure="right_among", value=values)
        for condition, split, values in [
            ("facts", "boss", [1.0, 0.9]), ("shuffled", "boss", [0.1, 0.1]),
            ("facts", "two_hop", [0.5, 0.25]), ("shuffled", "two_hop", [0.25, 0.5]),
            ("facts", "name", [1.0, 1.0]), ("shuffled", "name", [0.0, 0.0]),
        ]
    )  # fmt: skip
    summary = over_seeds(final, ["condition", "split", "measure"])
    of_facts = summary[summary["condition"] == "facts"]
    told, follows = ["boss"], ["two_hop", "name"]
    means = predicted_rows(of_facts, final, told, follows, null="shuffled")
    outcome = means_near(means, predicted(told, follows)).set_index("condition")
    assert outcome["held"].to_dict() == {"boss": True, "two_hop": True, "name": False}
    assert outcome.loc["boss", "mean"] == pytest.approx(0.95)
    assert outcome.loc["name", "mean"] == 1
