"""What the notebook of many networks at once makes of them: tables with answers known by hand."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from onset.figures.style import styles
from onset.figures.superposition import plot_computed
from onset.notebook import two_features, worlds
from onset.notebook.study import NotebookStudy
from onset.notebook.worlds import Worlds
from onset.statistics import feature_swaps, superposition

mpl.use("agg")


def cells(phases: list[str], seed: int = 0, predicted: str = "superposed") -> pd.DataFrame:
    """Of one importance, from dense to sparse."""
    density = [1.0, 0.5, 0.25][: len(phases)]
    its = pd.DataFrame({"seed": seed, "importance": 1.0, "density": density, "phase": phases})
    return its.assign(exact=predicted, candidates="ignored")


class TestMaps:
    def test_how_often_a_phase_is_the_predicted_one(self):
        networks = {
            "trained": pd.concat([cells(["superposed"] * 2), cells(["ignored", "superposed"], 1)])
        }
        found = superposition.agreement(networks, ["exact", "candidates"])
        values = found.set_index(["prediction", "seed"])["value"].to_dict()
        assert values == {
            ("exact", 0): 1, ("exact", 1): 0.5, ("candidates", 0): 0, ("candidates", 1): 0.5,
        }  # fmt: skip

    def test_the_border_lies_between_two_densities(self):
        both = pd.concat([
            cells(["ignored", "ignored", "superposed"]),
            cells(["superposed"] * 3, 1),
            cells(["ignored"] * 3, 2),
        ])  # fmt: skip
        found = superposition.largest_densities(both, "superposed")
        assert found["seed"].tolist() == [0, 1, 2]
        assert found["density"][0] == pytest.approx((0.25 * 0.5) ** 0.5)
        assert found["density"][1:].isna().all()  # beyond the grid, and nowhere

    def test_in_a_dense_world_one_is_kept_and_in_a_sparse_one_both(self):
        asked = pd.DataFrame({"density": [1.0, 0.05, 1.0], "importance": [0.2, 1.2, 5.0]})
        found = two_features.predicted(asked)
        expected = ["ignored", "superposed", "dedicated"]
        assert found["exact"].tolist() == found["candidates"].tolist() == expected
        assert (found["least"] > 0).all()

    def test_borders_of_both_predictions(self):
        lines = two_features.borders([1.0, 0.35])
        assert two_features.border(1.0) == pytest.approx(4 / 7)
        candidates, exact = lines["three candidates"], lines["exact optimum"]
        assert candidates["importance"].tolist() == [0.35, 1.0]
        assert candidates["density"].tolist() == pytest.approx(
            [two_features.border(r) for r in (0.35, 1.0)]
        )
        # Biases and lengths, which the candidates leave out, make room for both earlier.
        assert (exact["density"] >= candidates["density"]).all()

    def test_the_nulls_beside_the_trained(self):
        own, null = two_features.CONDITIONS
        rows = pd.concat([
            cells(["superposed", "superposed", "ignored"]).assign(condition=own, trained=True),
            cells(["neither"] * 3).assign(condition=own, trained=False),
            cells(["dedicated"] * 3).assign(condition=null, trained=True),
        ])  # fmt: skip
        found = two_features.networks(rows)
        assert {name: its["phase"].tolist()[-1] for name, its in found.items()} == {
            "trained": "ignored", "untrained": "neither", "no ReLU": "dedicated",
            "commonest answer": "superposed",
        }  # fmt: skip
        maps = two_features.maps(rows)
        assert maps["three candidates"]["phase"].tolist() == ["ignored"] * 3
        assert maps["exact optimum"]["phase"].tolist() == ["superposed"] * 3


class TestFractions:
    def test_near_one_of_them(self):
        features = pd.DataFrame(
            {
                "condition": "plane", "seed": [0, 0, 1, 1],
                "dimensionality": [0.51, 0.45, 0.4, 0.99],
            }
        )  # fmt: skip
        found = superposition.near_fractions(features, [0.5, 0.4, 1.0], within=0.015)
        assert found["value"].tolist() == [0.5, 1.0]

    def test_by_chance(self):
        drawn = np.random.default_rng(0).uniform(0, 0.9, 20000)
        features = pd.DataFrame({"condition": "c", "seed": 0, "dimensionality": drawn})
        hit = superposition.near_fractions(features, [0.3, 0.6], 0.02)["value"].item()
        assert superposition.near_by_chance([0.3, 0.6], 0.02, 0.9) == pytest.approx(hit, abs=0.01)

    FIGURES = pd.DataFrame(
        [
            ("plane", 0, 0, "digon", 1.0), ("plane", 0, 0, "other", 0.0),
            # Of two kinds: not counted. With features that are ignored: counted.
            ("plane", 0, 1, "digon", 0.5), ("plane", 0, 1, "other", 0.5),
            ("plane", 0, 2, "triangle", 0.5), ("plane", 0, 2, "ignored", 0.5),
        ],
        columns=["condition", "seed", "instance", "figure", "value"],
    )  # fmt: skip

    def test_dimensionality_where_all_are_in_one_figure(self):
        features = pd.DataFrame(
            {
                "condition": "plane", "seed": 0, "instance": [0, 0, 1, 2],
                "dimensionality": [0.4, 0.6, 0.9, 0.66],
            }
        )  # fmt: skip
        found = superposition.dimensionality_in(self.FIGURES, features)
        assert found.set_index("figure")["value"].to_dict() == {"digon": 0.5, "triangle": 0.66}

    def test_instances_that_have_a_figure(self):
        found = superposition.number_with(self.FIGURES).set_index("figure")["n"]
        assert found.to_dict() == {"digon": 2, "ignored": 1, "other": 1, "triangle": 1}


class TestComputing:
    LOSSES = pd.DataFrame(
        [
            (condition, seed, density, value, alone)
            for condition, values in {
                "absolute": [0.9, 0.3, 0.4],
                "linear": [0.9, 0.6, 0.9],
            }.items()
            for density, value, alone in zip([1.0, 0.5, 0.1], values, [0.8, 0.5, 0.5], strict=True)
            for seed in (0, 1)
        ],
        columns=["condition", "seed", "density", "value", "one_by_one"],
    )

    def test_where_it_gains_most_over_both(self):
        other = self.LOSSES.assign(condition="another", one_by_one=0.0)
        found = superposition.largest_gain(pd.concat([other, self.LOSSES]), "absolute", "linear")
        assert found.set_index("what")["said"].to_dict() == {
            "density": "0.5", "ours": "0.30 [0.30, 0.30]", "null": "0.60 [0.60, 0.60]",
            "one_by_one": "0.50", "dense": "0.90",
        }  # fmt: skip
        assert set(found["condition"]) == {"absolute"}

    def test_a_line_for_one_by_one(self):
        drawn = styles(["absolute", "linear"])
        names = {"absolute": "trained", "linear": "null"}
        figure = plot_computed({"|x|": self.LOSSES.assign(kind="ratio")}, drawn, names)
        (line,) = [its for its in figure.axes[0].lines if its.get_label() == "one by one"]
        assert sorted(line.get_ydata()) == [0.5, 0.5, 0.8]
        plt.close(figure)


class TestCourses:
    """Two instances of a seed; the second one's loss falls later, and further."""

    LOSSES = pd.DataFrame([[8, 4, 4, 4, 4.0], [8, 8, 8, 1, 1.0]], columns=[0, 10, 20, 30, 40])
    PLACES = np.array([
        [[1, 0], [0, 1], [0, 1], [0, 1], [0, 1.0]],
        [[1, 0], [1, 0], [1, 0], [0, 1], [0, 1.0]],
    ])  # fmt: skip

    def test_over_instances(self):
        found = feature_swaps.over_instances({7: (self.LOSSES, self.PLACES)})
        assert set(found["seed"]) == {7}
        values = found.set_index("measure")["value"]
        assert values["own"] == pytest.approx(1)
        assert values["others"] == pytest.approx(-1)
        assert values["steepest"] == pytest.approx(1)

    def test_the_latest_fall(self):
        courses = {seed: (self.LOSSES, self.PLACES) for seed in range(4)}
        found = feature_swaps.latest_falls(courses, most=2)
        assert list(found) == ["seed 0", "seed 1"]
        loss, places = found["seed 0"]
        assert loss.tolist() == [8, 8, 8, 1, 1]
        assert places.loc[30].tolist() == [0, 1]
        rows = feature_swaps.as_rows(found)
        assert len(rows) == 10
        assert set(rows["world"]) == {"seed 0", "seed 1"}


class TestWorlds:
    """Two worlds of two features, one restart each."""

    @pytest.fixture
    def its(self, tmp_path) -> Worlds:
        names = ("plane", "plane_linear")
        study = NotebookStudy(Path(tmp_path), names, [0, 1], labels={n: n for n in names})
        task = {"name": "superposition", "n_features": 2, "densities": [1.0, 0.5]}
        vars(study)["settings"] = {
            name: {
                "task": task, "measures": ["features", "geometry"],
                "model": {"d_hidden": 3, "output_activation": activation},
            }
            for name, activation in zip(names, ("relu", "none"), strict=True)
        }  # fmt: skip
        vars(study)["measures"] = self.measures()
        return Worlds(study)

    def measures(self) -> pd.DataFrame:
        rows = [
            (condition, seed, step, measure, component, value + step)
            for condition in ("plane", "plane_linear")
            for seed in (0, 1)
            for step in (0, 10)
            for measure, values in {
                "loss": [1.0, 2.0], "in_digon": [0.0, -8.0], "in_ignored": [-9.0, -10.0],
                "random_in_digon": [-10.0, -10.0], "random_in_ignored": [-10.0, -9.0],
                "feature_norm": [-9.0, -9.9, -9.2, -8.0], "dimensionality": [0.1, 0.2, 0.3, 0.4],
                "interference": [0.0] * 4,
            }.items()
            for component, value in enumerate(values)
        ]  # fmt: skip
        columns = ["condition", "seed", "step", "measure", "component", "value"]
        return pd.DataFrame(rows, columns=columns)

    def test_what_they_are(self, its):
        assert its.n_networks == 8
        assert its.titles("geometry") == {"plane": "2 in 3", "plane_linear": "2 in 3, no ReLU"}
        assert its.titles("instances") == {}
        assert its.what_was_run().loc["plane", "densities"] == "0.5 to 1.0"

    def test_features_are_of_their_instance(self, its):
        found = its.represented(["plane"])
        of_seed = found[found["seed"] == 0]
        # Lengths are 1, .1, .8 and 2 at the last checkpoint.
        columns = ["instance", "feature", "density", "dimensionality"]
        assert of_seed[columns].to_numpy().tolist() == [
            [0, 0, 1.0, 10.1], [1, 0, 0.5, 10.3], [1, 1, 0.5, 10.4],
        ]  # fmt: skip

    def test_how_many_features_share_how_many_dimensions(self, its):
        found = its.in_dimensions("plane")
        first, second = (found[found["instance"] == its] for its in (0, 1))
        # Lengths are 1 and .1 in the first, .8 and 2 in the second, in three dimensions.
        np.testing.assert_allclose(first["held"], 1.01)
        np.testing.assert_allclose(second["held"], 4.64)
        np.testing.assert_allclose(second["per_feature"], 3 / 4.64)
        np.testing.assert_allclose(second["capacity"], (10.3 + 10.4) / 3)
        assert (len(first), set(second["density"])) == (2, {0.5})

    def test_shares_of_figures(self, its):
        found = its.figures(["plane"], ["digon", "ignored"])
        assert set(found["condition"]) == {"plane"}
        table = worlds.by_density(found[found["which"] == "in"], ["digon", "ignored"])
        assert table.loc[0.5].tolist() == [1, 0]
        assert table.loc[1.0].tolist() == [5, 0.5]
        means = worlds.of_seeds(found[found["which"] == "random_in"])
        assert means.set_index(["seed", "figure"])["value"].to_dict() == {
            (0, "digon"): 0, (1, "digon"): 0, (0, "ignored"): 0.25, (1, "ignored"): 0.25,
        }  # fmt: skip
        assert set(means["n_examples"]) == {2}  # instances

    def test_courses_are_instance_by_step_by_feature(self, its):
        courses = its.courses("plane")
        assert list(courses) == [0, 1]
        losses, places = courses[1]
        assert losses.to_numpy().tolist() == [[1, 11], [2, 12]]
        np.testing.assert_allclose(places[1], [[0.3, 0.4], [10.3, 10.4]])
