"""Pairs of heads that are known, and what is known of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.notebook.copied import formed_and_put, n_same
from onset.statistics import induction_pair, order
from onset.statistics.rows import where

N_HEADS = 3


def row(measure: str, value: float, **of: object) -> dict[str, object]:
    return {
        "condition": "two", "seed": 0, "step": 0, "split": None, "measure": measure, "layer": np.nan,
        "head": np.nan, "component": np.nan, "kind": "share", "value": value, **of,
    }  # fmt: skip


def scores(step: int, by: float, seed: int = 0) -> pd.DataFrame:
    """Head 1 of the first layer looks back, head 2 of the second after duplicates, by so much."""
    of = {"step": step, "seed": seed}
    heads = [(layer, head) for layer in (0, 1) for head in range(N_HEADS)]
    rows = [
        row(measure, by if (layer, head) == best else 0.1 * by, layer=layer, head=head, **of)
        for measure, best in (
            ("previous_token_score", (0, 1)), ("induction_score", (1, 2)), ("copying_score", (1, 2)),
        )
        for layer, head in heads
    ]  # fmt: skip
    rows += [
        row(name, by + 10 * head + first, layer=1, head=head, component=first, **of)
        for name in induction_pair.COMPOSITIONS
        for head in range(N_HEADS)
        for first in range(N_HEADS)
    ]
    rows.append(row("accuracy", by**2, split="repeats", **of))
    return pd.DataFrame(rows)


MEASURES = pd.concat([scores(0, 0.1), scores(10, 0.6), scores(20, 1.0)])
PAIRS = induction_pair.pairs_of(where(MEASURES, step=20))


def test_the_pair_is_what_is_strongest_in_its_layer():
    assert PAIRS.loc[("two", 0)].to_dict() == {"previous": 1, "induction": 2, "looking": 1}


def test_one_layer_has_both_in_it():
    only = where(MEASURES, layer=0, step=20)
    found = induction_pair.pairs_of(only).loc[("two", 0)]
    assert found["previous"] == 1


def test_its_parts_are_followed():
    found = induction_pair.parts_along(MEASURES, PAIRS)
    assert list(found["shown"].unique()) == [*induction_pair.PARTS, induction_pair.ANSWERS]
    for name in ("looks at previous tokens", "looks after duplicates", "copies"):
        assert where(found, shown=name)["value"].tolist() == [0.1, 0.6, 1]
    assert where(found, shown="composes (keys)")["value"].tolist() == [21.1, 21.6, 22]


def test_answers_come_after_what_they_need():
    ways = order.parts_of_the_way(induction_pair.parts_along(MEASURES, PAIRS))
    looks = where(ways, shown="copies")["value"].tolist()
    assert looks == pytest.approx([0, 5 / 9, 1])
    behind = order.behind(ways, induction_pair.ANSWERS)
    # Scores are half-way at step 9; answers, of .01, .36 and 1, at 10 + 10 · .145 / .64.
    assert behind["copies"]["at"].item() == pytest.approx(9 - (10 + 1.45 / 0.64))
    assert induction_pair.ANSWERS not in behind


def test_numbers_of_all_pairs():
    numbers = induction_pair.numbers_of_pairs(where(MEASURES, step=0))
    composition = numbers["k_composition"]
    assert composition.shape == (1, N_HEADS**2)
    assert composition[1, 2].item() == pytest.approx(0.1 + 20 + 1)
    assert numbers["previous_token_score"].loc[0, [(1, 0), (1, 2)]].tolist() == [0.1, 0.1]
    assert numbers["induction_score"].loc[0, [(0, 2), (1, 2)]].tolist() == [0.1, 0.1]
    (place,) = induction_pair.places_of(PAIRS, composition)
    assert composition.columns[place] == (1, 2)


def test_heads_that_look_farthest():
    farthest = pd.DataFrame({"condition": ["a", "a", "b"], "component": [1.0, 3.0, 1.0]})
    found = induction_pair.distances(farthest).set_index("condition")
    assert found.loc["a"].tolist() == [1, 2, "1, 3"]
    assert found.loc["b"].tolist() == [1, 1, "1"]
    rows = pd.DataFrame({"condition": "a", "seed": 0, "layer": 1, "head": [0, 1], "value": [1, 2]})
    assert induction_pair.same_heads(rows, rows.iloc[1:])["value"].tolist() == [2]


def test_what_others_write_without_the_main_head():
    rows = [
        row(measure, value, layer=layer, head=head)
        for layer in (0, 1)
        for head, values in enumerate([(1.0, 3.0), (2.0, 3.0), (9.0, 0.0)])
        for measure, value in zip(
            ("head_direct_effect", "head_direct_effect_without_main"), values, strict=True
        )
    ]
    found = induction_pair.without_main(pd.DataFrame([*rows, row("main_head", 1, layer=1, head=2)]))
    assert list(found.index) == [("two", 0, 1, 0), ("two", 0, 1, 1)]
    assert induction_pair.written_more(found).item() == 2


def test_the_head_that_is_needed_most():
    rows = [
        row(f"without_head_{kind}_loss", value, layer=1, head=head, seed=seed, kind="nats")
        for kind in ("zero", "mean")
        for seed in (0, 1)
        for head, value in enumerate((1.0, 2.0 + seed))
    ]
    found = induction_pair.worst_losses(pd.DataFrame([*rows, row("with_all_loss", 9)]))
    assert list(found["replacement"]) == ["zero", "mean"]
    assert found["mean"].tolist() == [2.5, 2.5]


class TestCopied:
    index = pd.MultiIndex.from_tuples(
        [(name, seed) for name in ("base", "copied", "null") for seed in (0, 1, 2)],
        names=["condition", "seed"],
    )
    formed = [(0, 0), (1, 1), (2, 2), (1, 1), (1, 1), (0, 0), (0, 0), (1, 1), (2, 2)]
    pairs = pd.DataFrame(formed, index, columns=["previous", "induction"])
    found = formed_and_put(pairs, "base", "copied", "null", [0, 1, 2], N_HEADS)

    def test_heads_come_from_the_next_seed(self):
        its = where(self.found, condition="copied")
        assert its["put"].tolist() == [(1, 1), (2, 2), (0, 0)]
        assert its["without"].tolist() == [(0, 0), (1, 1), (2, 2)]

    def test_the_null_has_others(self):
        its = where(self.found, condition="null")
        for put, not_put in zip(its["put"], [(1, 1), (2, 2), (0, 0)], strict=True):
            assert all(one != other for one, other in zip(put, not_put, strict=True))

    def test_how_many_form_there(self):
        same = n_same(self.found, "put").set_index("condition")
        assert same.loc["copied"].tolist() == [2, 3]
        assert n_same(self.found, "without").set_index("condition").loc["null"].tolist() == [3, 3]
