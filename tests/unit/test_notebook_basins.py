"""What the notebook of joined trainings asks of its comparisons: rows made by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from onset.notebook.basins import ALONG, Pairs
from onset.notebook.study import NotebookStudy

SEEDS = (0, 1)


def row(
    condition: str, measure: str, value: float, seed: int, split="test", component=None
) -> dict:
    kind = "nats" if measure.startswith("loss") else "logits"
    return {"condition": condition, "measure": measure, "value": value, "seed": seed, "split": split,
            "component": component, "kind": kind}  # fmt: skip


@pytest.fixture
def pairs(tmp_path: Path) -> Pairs:
    """A narrow pair with a barrier of 4, or 2 if matched, and a wide one with a quarter of that."""
    rows = []
    for seed in SEEDS:
        for pair, size in (("narrow", 4.0), ("wide", 1.0)):
            for way, part in (("unmoved", 1.0), ("by_weights", 0.5)):
                rows.append(row(pair, f"barrier_{way}", size * part, seed))
                rows.append(row(pair, f"barrier_{way}", 99.0, seed, split="train"))
            rows.append(row(pair, "repaired_by_weights", size / 8, seed))
            rows.append(row(pair, "repaired_unmoved", 99.0, seed))
            for point in range(3):
                rows.append(row(pair, "loss_by_weights", point, seed, component=point))
            for name, value in (
                ("tuning", 0.9),
                ("tuning_at_random", 0.1),
                ("tuning_untrained", 0.2),
            ):
                rows.append({**row(pair, name, value, seed, split=None), "kind": "cosine"})
    study = NotebookStudy(tmp_path, ("narrow", "wide"), list(SEEDS), labels={})
    vars(study).update(comparisons=pd.DataFrame(rows))
    return Pairs(study)


def test_barriers_are_those_on_held_out_questions_by_where_units_are_put(pairs):
    its = pairs.barrier(["narrow", "wide"]).set_index(["condition", "way"])["mean"]
    assert its["narrow", "unmoved"] == 4
    assert its["narrow", "by_weights"] == 2
    assert its["wide", "repaired"] == 0.125
    assert set(its.index.get_level_values("way")) == set(ALONG)


def test_a_number_of_each_pair_goes_across(pairs):
    its = pairs.against({"narrow": 128, "wide": 512})
    assert its.set_index(["step", "way"])["mean"][512.0, "unmoved"] == 1


def test_the_way_goes_from_one_to_the_other(pairs):
    its = pairs.along(["narrow"])
    assert its["step"].tolist() == [0, 0.5, 1]
    assert its["mean"].tolist() == [0, 1, 2]


def test_nulls_stand_beside_what_is_matched(pairs):
    its = pairs.matched(["wide"])
    assert its[["measure", "mean", "at_random", "untrained"]].values.tolist() == [
        ["tuning", 0.9, 0.1, 0.2]
    ]
    assert its["in_frequency"].isna().all()


def test_parts_and_powers_of_barriers(pairs):
    assert pairs.less("narrow", "repaired", "by_weights").tolist() == [0.75, 0.75]
    assert pairs.ratio(("narrow", "by_weights"), ("wide", "by_weights")).tolist() == [4, 4]
    found = pairs.power(["narrow", "wide"], [128, 512], "by_weights")
    assert found.tolist() == pytest.approx([1, 1])
