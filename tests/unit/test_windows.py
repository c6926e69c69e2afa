"""Windows, sizes, signs in order, parts and paired differences: answers known by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.notebook import say
from onset.statistics import milestones, model_parts, order, paired, sizes, windows

DOSES = [8, 16, 32, 64]


def row(size: int, values: list[float], n_seeds: int = 2) -> pd.DataFrame:
    """Of one map, with the same values in all seeds, and doses in disorder."""
    frame = pd.DataFrame(
        {"condition": [f"w{dose}" for dose in DOSES], "width": DOSES, "size": size}
    )
    return frame.assign(**{f"seed_{seed}": values for seed in range(n_seeds)}).iloc[::-1]


def window(size: int, values: list[float]) -> windows.Window:
    best = pd.Series(values, index=[f"w{dose}" for dose in DOSES])
    return windows.window(row(size, values), best, "width", "size", level=0.9)


class TestWindows:
    def test_where_it_begins_and_ends(self):
        its = window(50, [0.0, 1.0, 1.0, 0.0])
        middle = 2**0.5
        assert its.edges["from_half"]["at"].tolist() == pytest.approx([8 * middle] * 2)
        assert its.edges["to_half"].loc[1].tolist() == [32, pytest.approx(32 * middle), 64, True]
        assert (its.best, list(its.doses), its.conditions) == (
            16,
            DOSES,
            ["w8", "w16", "w32", "w64"],
        )

    def test_edges_of_a_power_law_are_foretold_by_the_others(self):
        its = [window(size, [0.0, 1.0, 1.0, 1.0]) for size in (10, 20, 40)]
        edges = [8.0, 16.0, 32.0]  # doubles as the size does
        its = [w._replace(edges=self.of_seeds(e)) for w, e in zip(its, edges, strict=True)]
        found = windows.lower_edges(its, floor=0.0)
        assert found["law"].tolist() == pytest.approx(edges)
        assert found["constant"].tolist() == pytest.approx([2**4.5, 16, 2**3.5])
        assert windows.worst_miss(found, "law") == pytest.approx(1)
        assert windows.worst_miss(found, "constant") == pytest.approx(2**1.5)
        assert np.isnan(windows.worst_miss(found.assign(law=[8, np.nan, 32]), "law"))

    def of_seeds(self, *edges: float) -> dict[str, pd.DataFrame]:
        """Within the grid, where they are numbers."""
        at = np.array([*edges, *edges])
        outside = {"after": 64.0, "at": np.nan, "before": np.inf}
        table = pd.DataFrame({"after": at / 1.2, "at": at, "before": at * 1.2})
        return {"from_half": table.fillna(outside)}

    def test_an_edge_outside_of_the_grid_has_no_mean(self):
        its = window(10, [0.0, 1.0, 1.0, 1.0])
        found = windows.lower_edges([its, its._replace(edges=self.of_seeds(np.nan))], floor=0.0)
        assert found["mean"].notna().tolist() == [True, False]
        assert found["law"].isna().all()

    def test_in_words(self):
        ends = pd.DataFrame({"condition": [f"w{d}" for d in DOSES], "mean": [0.0, 1.0, 0.5, 0.25]})
        words = windows.in_words(
            [window(50, [0.0, 1.0, 0.5, 0.25])], ends.assign(low=np.nan, high=np.nan)
        )
        said = dict(zip(words["what"], words["said"], strict=True))
        assert (said["size"], said["best_width"]) == ("50", "16")
        assert (said["best"], said["widest"], said["fall"]) == ("1.00", "0.25", "0.75 [0.75, 0.75]")
        asked = windows.in_words(
            [window(50, [0.0, 1.0, 0.5, 0.25])], ends.assign(low=np.nan, high=np.nan), n_examples=80
        )
        (fall,) = asked.loc[asked["what"] == "fall", "said"]
        assert fall.startswith("0.75 [")
        assert fall != said["fall"]  # as few questions can't tell it exactly
        (last,) = windows.in_words(
            [window(50, [0, 0, 0, 1.0])], ends.assign(low=np.nan, high=np.nan)
        )["said"].tail(1)
        assert last == "none, it is the widest"


def test_the_smallest_model_passes_on_the_part_that_it_is_chosen_on():
    seeds = {"seed_0": [0.99, 0.5, 0.97], "seed_1": [0.99, 0.99, 0.9]}
    ends = pd.DataFrame({"condition": ["large", "small", "middle"], "mean": 0.9, **seeds})
    validated = ends.assign(seed_1=[0.99, 0.99, 0.96])
    models = sizes.by_size(ends, validated, {"large": 300, "small": 100, "middle": 200}, 0.95)
    assert list(models.index) == ["small", "middle", "large"]
    assert models["passes"].tolist() == [False, True, True]
    assert models["worst"].tolist() == [0.5, 0.96, 0.99]
    assert models["seeds_at_level"].tolist() == [1, 1, 2]
    assert sizes.smallest(models) == "middle"
    assert list(sizes.around(models, "middle", before=1, after=1).index) == ["small", "middle"]
    assert sizes.smallest(models.assign(passes=False)) is None


def test_up_to_which_size_no_model_passes_in_any_seed():
    parameters = {"a": 10, "b": 20, "c": 30, "d": 30, "e": 40}
    validated = pd.DataFrame(
        {
            "condition": list(parameters), "mean": 0.5,
            "seed_0": [0.1, 0.94, 0.96, 0.2, 1.0], "seed_1": [0.2, 0.3, 0.5, 0.2, 1.0],
        }
    )  # fmt: skip
    models = sizes.by_size(validated, validated, parameters, 0.95)
    assert models["fails"].tolist() == [True, True, False, True, False]
    # One of size 30 does in a seed: the other of that size is no proof that such models don't.
    assert list(sizes.too_small(models).index) == ["a", "b"]
    assert sizes.smallest(models) == "e"
    assert len(sizes.too_small(models.assign(fails=True))) == len(models)
    assert sizes.too_small(models.assign(fails=False)).empty


def curve(*values: float, seed: int = 0, split: str = "id") -> pd.DataFrame:
    rows = [
        ("tied", split, seed, 10 * place, "accuracy", "share", its)
        for place, its in enumerate(values)
    ]
    columns = ["condition", "split", "seed", "step", "measure", "kind", "value"]
    return pd.DataFrame(rows, columns=columns)


class TestAlongTraining:
    BOTH = pd.concat(
        [
            curve(0, 0.5, 1),
            curve(0, 0.1, 0.6, seed=1),
            curve(0, 1, 1, seed=7),
            curve(0, 0, 0.9, split="oo"),
        ]
    ).reset_index(drop=True)

    def test_the_last_change(self):
        found = milestones.last_changes(self.BOTH)
        assert found["value"].tolist() == pytest.approx([0.5, 0.5, 0, 0.9])
        assert set(found["step"]) == {20}
        assert set(found["kind"]) == {"signed_share"}

    def test_each_condition_at_the_checkpoint_that_is_best_on_another_split(self):
        chosen_on = pd.concat(
            [curve(0, 0.5, 0.5), curve(0, 0.3, 0.1, seed=1)]  # means 0, 0.4, 0.3
        )
        found = milestones.at_best_step(curve(0.7, 0.8, 0.9), chosen_on)
        assert found[["step", "value"]].to_numpy().tolist() == [[10, 0.8]]
        equal = milestones.at_best_step(curve(0.7, 0.8, 0.9), curve(0, 1, 1))
        assert equal["step"].tolist() == [10]

    def test_the_value_when_another_is_first_there(self):
        signal = pd.concat([curve(0, 0.95, 1), curve(0, 0, 0.5, seed=1)])
        found = milestones.value_when_first(self.BOTH[self.BOTH["split"] == "id"], signal, 0.9)
        values = found.droplevel("condition")
        assert values[0] == 0.5
        assert values[[1, 7]].isna().all()

    def test_that_value_for_each_condition_by_itself(self):
        asked = pd.concat([curve(0.1, 0.2, 0.3), curve(0.4, 0.5, 0.6).assign(condition="late")])
        signal = pd.concat([curve(0, 1, 1), curve(0, 0, 1).assign(condition="late")])
        found = milestones.value_when_first(asked, signal, 0.9)
        assert found.tolist() == [0.2, 0.6]
        assert found.index.unique("condition").tolist()[1] == "late"

    def test_signs_in_order(self):
        signs = {"the bridge's there": curve(0, 1, 1), "answered": curve(0, 0, 1)}
        found = order.halves(signs, last="answered").set_index(["name", "what"])["mean"]
        assert found["the_bridges_there", "half"] == pytest.approx(5)
        assert found["the_bridges_there", "lag"] == 10
        assert ("answered", "lag") not in found.index
        table = order.in_words(order.halves(signs, "answered"), "at", "after")
        assert table.to_numpy().tolist() == [
            ["the bridge's there", "5", "10"],
            ["answered", "15", ""],
        ]
        assert set(order.together(signs)["sign"]) == set(signs)


class TestWorksFrom:
    """Half way between .2, with another question's state, and .8, its own, is .5."""

    WORKS = (0.6, 0.3, 0.5, 0.7, 0.8)  # from step 20 on

    def said(self, *of_runs: tuple[tuple[float, ...], float]) -> str:
        """Of runs: accuracies with the states of five steps, and with another question's."""
        rows = []
        for seed, (accuracies, other) in enumerate(of_runs):
            at_last = zip((0, 10, 20, 30, 40), accuracies, strict=True)
            rows += [("patched_accuracy", seed, 40, step, value) for step, value in at_last]
            rows += [("patched_accuracy", seed, 30, step, 0.0) for step in (0, 10, 20, 30, 40)]
            rows += [("patched_other_accuracy", seed, 40, np.nan, other)]
            rows += [("patched_other_accuracy", seed, 30, np.nan, 0.0)]
        columns = ["measure", "seed", "step", "other_step", "value"]
        compared = pd.DataFrame(rows, columns=columns).assign(condition="tied", layer=1, position=2)
        self.found = order.works_from(compared)
        return say.named(self.found, "{layer}_{position}", say.from_when)["1_2"]

    def test_it_lies_between_the_last_that_fails_and_the_next(self):
        assert self.said((self.WORKS, 0.2)) == "from step 15 on"
        (bracket,) = {order._to_the_end(pd.Series(self.WORKS, [0, 10, 20, 30, 40]), 0.5)}
        assert bracket == (10, 15, 20)

    def test_the_interval_is_never_finer_than_the_checkpoints(self):
        self.said(*[(self.WORKS, 0.2)] * 3)
        (its,) = self.found.itertuples()
        assert its.mean == pytest.approx(15)
        assert its.low < 10
        assert its.high > 20

    def test_what_always_works_does_from_the_start(self):
        assert self.said(((0.8,) * 5, 0.2)) == "from step 0 on"

    def test_a_place_that_loses_little_has_no_part_in_the_answers(self):
        assert self.said((self.WORKS, 0.75)) == "at no step by this rule"
        assert self.said((self.WORKS, 0.2), (self.WORKS, 0.75)) == "from step 15 on (1 of 2 runs)"


class TestWithinARun:
    def test_differences_are_paired(self):
        rows = pd.DataFrame(
            {"condition": "tied", "seed": [0, 0, 1, 1, 2], "measure": ["a", "b", "a", "b", "a"],
             "kind": "share", "value": [0.9, 0.5, 0.7, 0.6, 1.0]}
        )  # fmt: skip
        found = paired.difference(rows, "a", "b")
        assert found["seed"].tolist() == [0, 1]
        assert found["value"].tolist() == pytest.approx([0.4, 0.1])
        assert set(found["kind"]) == {"signed_share"}
        assert paired.difference(rows, "a", "c").empty

    def test_a_difference_is_called_as_one_likes(self):
        rows = pd.DataFrame(
            {"condition": "tied", "seed": 0, "split": ["id", "oo"], "kind": "logits",
             "value": [3.0, 1.0]}
        )  # fmt: skip
        (found,) = paired.difference(rows, "id", "oo", of="split", called="gap").itertuples()
        assert (found.measure, found.kind, found.value) == ("gap", "logits", 2)

    def test_numbers_of_a_run_side_by_side(self):
        one, other = (
            pd.DataFrame({"condition": "tied", "seed": seeds, "value": values})
            for seeds, values in (([0, 1], [0.1, 0.2]), ([1, 2], [5.0, 6.0]))
        )
        found = paired.beside(one=one, other=other)
        assert found.to_dict("records") == [
            {"condition": "tied", "seed": 1, "one": 0.2, "other": 5.0}
        ]

    def test_parts(self):
        rows = pd.DataFrame(
            [("attention", 1.0, 1.0, 0, 0.2), ("attention", 1.0, 1.0, 0, 0.4),
             ("attention", 1.0, 0.0, 0, 0.7), ("direct_effect_mlp", 1.0, np.nan, 0, 3.0),
             ("direct_effect_mlp", 0.0, np.nan, 0, 1.0)],
            columns=["measure", "layer", "position", "seed", "value"],
        )  # fmt: skip
        assert model_parts.attention_to(rows, 1, position=1)[0] == pytest.approx(0.3)
        assert model_parts.share_written(rows, "mlp", 1)[0] == pytest.approx(0.75)

    def test_between_what_accuracy_lies_without_a_head(self):
        left = pd.DataFrame(
            [("tied", 0.0, 0, 0.4, 0.2, 0.6), ("tied", 0.0, 1, 0.5, 0.7, np.nan),
             ("tied", 0.0, np.nan, 0.9, 0.9, 0.9), ("untied", 0.0, 0, 0.1, 0.1, 0.1)],
            columns=["condition", "layer", "head", "mean", "seed_0", "seed_1"],
        )  # fmt: skip
        found, other = model_parts.without_a_head(left).itertuples()
        # Of single seeds, not of their means, and without the MLP.
        assert (found.application, found.lowest, found.highest) == (1, 0.2, 0.7)
        assert (other.condition, other.lowest) == ("untied", 0.1)
