"""What notebooks make of the learning coefficient: when it changes, what else does, how sure it is."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from onset.notebook.coefficient import Coefficients, sensitivity_cells
from onset.notebook.here import here
from onset.notebook.study import NotebookStudy
from onset.statistics.changes import largest_share, share_between, steepest
from onset.statistics.wording import format_with_error
from tests.files import put_on_record

TOLD = {
    "conditions": ["other", "real", "null"],
    "labels": {"other": "other", "real": "as it is", "null": "null: shuffled"},
    "seeds": [0, 1],
    "extra_seeds": {"real": [7]},
    "compared": ["coefficient", "sensitivity"],
    "analysed": [],
    "reference": {},
    "smoke": False,
    "code": "of a test",
}
STEPS = [0, 100, 200, 300]


def curve(values: list[float], condition: str = "real", seed: int = 0, **of) -> pd.DataFrame:
    """A value every hundred steps."""
    steps = 100 * np.arange(len(values))
    return pd.DataFrame(
        {"condition": condition, "seed": seed, "step": steps, "value": values, **of}
    )


class TestChanges:
    def test_it_is_steepest_between_two_checkpoints_up_or_down(self):
        found = steepest(pd.concat([curve([0, 1, 9, 10]), curve([0, 1, -7, -6], seed=1)]))
        assert found.to_numpy().tolist() == [[100, 150, 200], [100, 150, 200]]

    @pytest.mark.parametrize(
        ("values", "share"),
        [([0, 0, 5, 5], 1), ([0, 1, 2, 3], 1 / 3), ([0, 4, 2, 0], 1 / 2), ([2, 2, 2, 2], np.nan)],
    )
    def test_how_much_of_it_is_one_step(self, values, share):
        its = curve(values).sample(frac=1, random_state=0)
        assert largest_share(its)["real", 0] == pytest.approx(share, nan_ok=True)

    def test_how_much_of_it_is_where_something_else_changes(self):
        when = steepest(curve([0, 0, 1, 1]))
        assert share_between(curve([0, 4, 2, 0]), when)["real", 0] == -2 / 8
        assert share_between(curve([0, 1, 9, 9]), when)["real", 0] == 8 / 9
        assert np.isnan(share_between(curve([3, 3, 3, 3]), when)["real", 0])


@pytest.fixture
def study(tmp_path) -> NotebookStudy:
    """The coefficient rises at step 150 and falls at 250, when questions come to be answered."""
    folder = tmp_path / "alias"
    (folder / "settings").mkdir(parents=True)
    (folder / "settings/notebook.json").write_text(json.dumps(TOLD))
    put_on_record(folder, of="alias")
    its = here("alias", tmp_path)
    found, measured = [], []
    for condition, seed in [("real", 0), ("real", 1), ("null", 0), ("null", 1)]:
        who = {"condition": condition, "seed": seed}
        about = {"comparison": "coefficient", "measure": "learning_coefficient", "kind": "real"}
        found += [
            curve([1, 2, 30, 8 if condition == "real" else 31], **who, **about),
            curve(
                [1, 1, 9, 9],
                **who,
                **{**about, "measure": "attention_learning_coefficient"},
                layer=1,
            ),
        ]
    for condition, seed in [
        ("other", 0),
        ("real", 0),
        ("real", 1),
        ("real", 7),
        ("null", 0),
        ("null", 1),
    ]:
        who = {"condition": condition, "seed": seed}
        right = [0, 0, 0.1, 1] if condition == "real" else [0, 0, 0, 0.1]
        measured += [
            curve([4, 3, 0.5, 0.4], **who, measure="loss", split="trained", kind="nats"),
            curve(right, **who, measure="accuracy", split="asked", kind="share"),
            curve([1, 1, 1, 1], **who, measure="accuracy", split="trained", kind="share"),
        ]
    about = {"comparison": "sensitivity", "kind": "real", "layer": np.nan}
    for name, value in {"": 8.0, "less_pull_": 12.25}.items():
        found += [
            curve([value], **about, measure=f"{name}learning_coefficient"),
            curve([0.5], **about, measure=f"{name}learning_coefficient_error"),
        ]
    its.__dict__.update(comparisons=pd.concat(found), measures=pd.concat(measured))
    return its


class TestCoefficients:
    @pytest.fixture
    def its(self, study) -> Coefficients:
        return Coefficients(study, trained="trained", asked="asked")

    def test_the_same_runs_stand_beside_it(self, its):
        assert its.conditions == ["real", "null"]
        panels = its.panels(logarithmic=True)
        assert list(panels) == ["coefficient", "loss", "accuracy"]
        for panel in panels.values():
            assert set(panel.curves["condition"]) == {"real", "null"}
            assert set(panel.curves["n_seeds"]) == {2}
            assert panel.logarithmic
        assert panels["coefficient"].ylabel == "learning coefficient (n = 2 seeds)"
        last = panels["accuracy"].curves.set_index(["condition", "step"])["mean"]
        assert last["real", 300] == 1

    def test_when_each_changes_most(self, its):
        when = its.steepest().set_index(["sign", "condition"])
        assert when["mean"].round(6).to_dict() == {
            ("coefficient", "real"): 150, ("coefficient", "null"): 150, ("loss", "real"): 150,
            ("loss", "null"): 150, ("accuracy", "real"): 250, ("accuracy", "null"): 250,
        }  # fmt: skip
        later = its.later().set_index(["sign", "condition"])
        assert later.loc[("accuracy", "real"), "mean"] == 100
        assert later.loc[("loss", "real"), "mean"] == 0
        assert later.loc[("loss", "real"), "low"] < 0 < later.loc[("loss", "real"), "high"]

    def test_where_it_is_not_looked_at_nothing_else_is_either(self, study):
        """Of three checkpoints, the accuracy rises between the last two of them."""
        rows = study.comparisons
        study.__dict__["comparisons"] = rows[rows["step"] != 200]
        when = Coefficients(study, trained="trained", asked="asked").steepest()
        found = when.set_index(["sign", "condition"])["mean"]
        assert found["accuracy", "real"] == pytest.approx(200)

    def test_how_much_of_it_is_one_step(self, its):
        shares = its.shares().set_index(["sign", "condition"])["mean"]
        assert shares["coefficient", "real"] == pytest.approx(28 / (1 + 28 + 22))
        assert shares["accuracy", "real"] == pytest.approx(0.9)

    def test_how_much_of_it_is_where_the_others_change(self, its):
        shares = its.shares_meanwhile().set_index(["sign", "condition"])["mean"]
        assert shares["loss", "real"] == pytest.approx(28 / (1 + 28 + 22))
        assert shares["accuracy", "real"] == pytest.approx(-22 / (1 + 28 + 22))

    def test_before_training_and_at_its_end(self, its):
        ends = its.ends().set_index(["place", "condition"])["mean"]
        assert ends.to_dict() == {
            ("start", "real"): 1, ("start", "null"): 1, ("end", "real"): 8, ("end", "null"): 31
        }  # fmt: skip

    def test_where_it_is_largest(self, its):
        assert its.largest().set_index("condition")["mean"].to_dict() == {"real": 30, "null": 31}
        when = its.when_largest().set_index("condition")
        assert when["mean"].to_dict() == pytest.approx({"real": 200, "null": 300})
        assert when.loc["real", "low"] <= 100

    def test_what_becomes_of_it_once_questions_are_answered(self, its):
        assert its.since("asked", 0.1).to_dict() == {
            ("real", 0): 8 - 30, ("real", 1): 8 - 30, ("null", 0): 0, ("null", 1): 0
        }  # fmt: skip
        assert its.since("asked", 0.5)["null"].isna().all()

    def test_parts_by_condition(self, its):
        panels = its.parts()
        assert list(panels) == ["real", "null"]
        assert set(panels["null"].curves["part"]) == {"attention, block 2"}
        assert panels["null"].ylabel == "null: shuffled (n = 2 seeds)"


def test_a_row_per_choice_that_was_made_otherwise(study):
    cells = sensitivity_cells(study).set_index("estimated with")["step 0"]
    assert cells["as chosen"] == "8.0 ± 0.5"
    assert cells["half of the pull γ"] == "12.2 ± 0.5"
    assert len(cells) == 2


def test_a_number_of_which_no_error_is_known():
    assert format_with_error(-1.26, np.nan) == "−1.3"
    assert format_with_error(70.12, 7.06) == "70.1 ± 7.1"
