"""When a bridge is needed and when it comes, what predictions are about, and what toys do."""

import json

import numpy as np
import pandas as pd
import pytest

from onset.comparisons.changes.held_by_parts import KINDS
from onset.notebook.facts import (
    beside_toys,
    beyond,
    bridge_in_time,
    outcome,
    two_thirds_on,
)
from onset.notebook.here import here
from onset.notebook.inside_facts import Inside
from onset.notebook.study import NotebookStudy
from onset.statistics.seeds import over_seeds
from tests.files import put_on_record


def rows(**columns):
    return pd.DataFrame({"kind": "share", "n_examples": 4, **columns})


def test_the_bridge_is_needed_up_to_a_block_and_comes_after_one():
    given = [1.0, 1.0, 0.5, 0.0], [1.0, 0.75, 0.5, 0.25]
    read = [0.0, 0.25, 0.25, 1.0], [0.0, 0.0, 0.25, 0.5]
    unharmed = [0.0, 0.5, 0.75, 1.0], [0.25, 0.25, 1.0, 1.0]
    found = pd.concat(
        rows(
            condition="facts", seed=seed, split=split, measure=measure, layer=range(4), value=value
        )
        for measure, of_seeds in {
            "given_bridge_right": given,
            "bridge_first": read,
            "given_stranger_right": unharmed,
        }.items()
        for seed, value in enumerate(of_seeds)
        for split in ("one", "other")
    )
    when = bridge_in_time(found).set_index("when")[["mean", "low", "high"]]
    assert when.loc["needed", "mean"] == 2
    assert when.loc["comes", "mean"] == 3
    assert when.loc["left", "mean"] == 1.5
    assert when.loc["left", "high"] == 3


def test_two_thirds_on_is_where_states_are_written_and_no_further():
    found = pd.concat(
        [
            rows(
                condition="facts", seed=0, split="one", measure=measure, layer=layers, value=values
            )
            for measure, layers, values in [
                ("given_bridge_right", [0, 2, 4], [1.0, 0.75, 0.5]),
                ("bridge_first", [0, 2, 4, 5], [0.0, 0.25, 0.5, 1.0]),
            ]
        ]
    )
    late = two_thirds_on(found).set_index("measure")["mean"]
    assert late.to_dict() == {"given_bridge_right": 0.75, "bridge_first": 0.25}


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


def test_predictions_are_about_what_is_told_and_what_is_beyond_the_null(tmp_path):
    final = pd.concat(
        rows(condition=condition, seed=[0, 1], split=split, measure="right_among", value=values)
        for condition, split, values in [
            ("facts", "boss", [1.0, 0.9]), ("shuffled", "boss", [0.1, 0.1]),
            ("facts", "two_hop", [0.5, 0.25]), ("shuffled", "two_hop", [0.25, 0.5]),
            ("facts", "name", [1.0, 1.0]), ("shuffled", "name", [0.0, 0.0]),
        ]
    )  # fmt: skip
    study = NotebookStudy(tmp_path, ("facts", "shuffled"), (0, 1))
    study.__dict__["measures"] = pd.concat([final.assign(step=9), final.assign(step=0, value=0.5)])
    study.__dict__["summary"] = over_seeds(final, ["condition", "split", "measure"])
    told, follows = ["boss"], ["two_hop", "name"]
    found = outcome(study, "right_among", "shuffled", told, follows).set_index("condition")
    assert found["held"].to_dict() == {"boss": True, "two_hop": True, "name": False}
    assert found.loc["boss", "mean"] == pytest.approx(0.95)
    assert found.loc["name", "mean"] == 1


SUMMARIES = {
    "real": ["facts,name,right,share,2,3,0.25,,", "shuffled,name,right,share,2,3,0.12,,"],
    "toy": ["untied,reversed,right,share,2,3,0,,", "tied,reversed,right,share,2,3,1,,"],
}


def opened(folder, quoted):
    """A study of the real model, and the summary of a toy's study."""
    for name, means in SUMMARIES.items():
        (folder / name / "settings").mkdir(parents=True)
        head = "condition,split,measure,kind,digits,n_seeds,mean,low,high"
        (folder / name / "summary.csv").write_text("\n".join([head, *means, ""]))
        put_on_record(folder / name)
    lists = {key: [] for key in ("conditions", "seeds", "compared", "analysed")}
    maps = {key: {} for key in ("labels", "extra_seeds", "reference")}
    told = {**lists, **maps, "quoted": quoted, "code": "of a test"}
    (folder / "real/settings/notebook.json").write_text(json.dumps(told))
    return here("real", folder)


@pytest.mark.parametrize(("quoted", "toy"), [(["toy"], ["0.00", "1.00"]), ([], ["", ""])])
def test_a_toy_stands_beside_the_real_model_and_its_null(tmp_path, quoted, toy):
    found = {
        "untied": ("untied/reversed/right", "facts/name"),
        "tied": ("tied/reversed/right", None),
    }
    table = beside_toys(opened(tmp_path, quoted), {"toy": found}, "right", null="shuffled")
    assert table.to_dict("list") == {
        "finding": ["untied", "tied"], "toy": toy, "real": ["0.25", ""], "real, shuffled": ["0.12", ""],
    }  # fmt: skip


class TestInside:
    """Of two runs, with numbers whose differences are known."""

    @pytest.fixture
    def inside(self, tmp_path):
        def table(**columns) -> pd.DataFrame:
            its = pd.DataFrame(columns)
            twice = pd.concat([its.assign(seed=seed) for seed in (0, 1)], ignore_index=True)
            usual = {"condition": "facts", "layer": 0.0, "position": np.nan, "step": 9}
            usual |= {"kind": "share", "n_examples": 4}
            return twice.assign(**{name: its for name, its in usual.items() if name not in twice})

        found = ["probed_as_token", "control_as_token"]
        probed = [
            table(split=split, position=place, layer=float(layer), measure=found, value=values)
            for split, place, layer, values in (
                ("boss", 2, 0, [0.1, 0.1]), ("boss", 5, 0, [0.3, 0.1]), ("boss", 5, 2, [0.5, 0.1]),
                ("boss", 5, 3, [0.9, 0.0]), ("two_hop", 1, 0, [0.2, 0.1]), ("two_hop", 4, 3, [0.1, 0.2]),
            )
        ]  # fmt: skip
        gains = [
            table(
                split=split, position=place, layer=float(layer), kind="logits",
                measure=["recall_of_mlps", "recall_of_mlps_before"], value=[now, before],
            )
            for split in ("boss", "city")
            for place in (1, 4)
            for layer, now, before in ((0, 1.0, 1.0), (3, 5.0 - place, 1.0))
        ]  # fmt: skip
        cosines = [
            table(
                split="reliable", position=place, layer=float(layer), step=step, kind="cosine",
                measure=["state_cosine", "state_cosine_null"], value=[0.5 + 0.01 * step, 0.5],
            )
            for place in (1, 4)
            for layer in range(4)
            for step in (0, 9)
        ]  # fmt: skip
        mlp = KINDS.index("mlp")
        parts = [
            table(
                comparison="parts", component=mlp, step=step, layer=3.0, split=split,
                measure=["part_alone_right", "part_missing_right"], value=[alone, 1.0],
            )
            for step, split, alone in ((5, "boss", 0.0), (9, "boss", 0.2), (9, "city", 0.4))
        ]  # fmt: skip
        # The last is in the last third, and what is read out there says how deep the model is.
        follows = [
            table(
                split="two_hop", layer=[0.0, 2.0, 3.0, 3.0],
                measure=["given_other_follows"] * 3 + ["bridge_first"], value=[0.4, 0.8, 0.0, 1.0],
            )
        ]  # fmt: skip
        study = NotebookStudy(tmp_path, ("facts",), (0, 1))
        study.__dict__.update(
            analyses=pd.concat([*probed, *gains, *follows]),
            measures=pd.concat(cosines),
            comparisons=pd.concat(parts),
        )
        return Inside(study)

    def test_a_probe_is_set_against_its_control(self, inside):
        found = inside.selectivity().set_index(["split", "place", "when"])["mean"]
        assert found["boss", "end", "early"] == pytest.approx(0.3)
        assert found["boss", "end", "last"] == pytest.approx(0.9)
        assert found["two_hop", "person", "early"] == pytest.approx(0.1)
        assert found["two_hop", "end", "last"] == pytest.approx(-0.1)

    def test_another_bridge_is_followed_in_the_first_two_thirds(self, inside):
        found = inside.followed().set_index("measure")["mean"]
        assert dict(found) == {"given_other_follows": pytest.approx(0.6)}

    def test_what_is_written_counts_beyond_what_was_written_before(self, inside):
        found = inside.gained().set_index(["part", "place"])
        assert found.loc[("mlps", "person"), "mean"] == pytest.approx(3)
        assert found.loc[("mlps", "person"), "layer"] == 3
        assert found.loc[("mlps", "end"), "mean"] == pytest.approx(0)
        both = inside.recalled().set_index(["place", "layer"])
        assert both.loc[("person", 3), ["mean", "before"]].tolist() == [4, 1]

    def test_cosines_are_followed_and_taken_beyond_others(self, inside):
        found = inside.meeting().set_index(["place", "layer", "step"])["mean"]
        assert {layer for _, layer, _ in found.index} == {0, 1, 2, 3}
        assert found["person", 3, 0] == pytest.approx(0)
        assert found["end", 1, 9] == pytest.approx(0.09)
        assert inside.nearer()["mean"].tolist() == pytest.approx([0.09])

    def test_parts_are_averaged_over_facts_but_for_the_extremes(self, inside):
        held = inside.held().set_index(["measure", "step"])["mean"]
        assert held["part_alone_right", 5] == 0
        assert held["part_alone_right", 9] == pytest.approx(0.3)
        at_end = inside.held_at_end().set_index(["measure", "split"])["mean"]
        assert at_end["part_alone_right", "city"] == pytest.approx(0.4)
