"""What the notebook of dictionaries makes of them: rows, regressions and pictures with known answers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from onset.figures import dictionaries as draw
from onset.figures.style import styles
from onset.notebook.dictionaries import Dictionaries
from onset.notebook.study import NotebookStudy
from onset.statistics import logistic
from onset.statistics.logistic import Regression
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

mpl.use("agg")


def rows(values: dict[tuple[str, str, float], float], seeds: int = 2) -> pd.DataFrame:
    """By condition, measure and component, the same in all seeds."""
    found = [
        (condition, seed, 9, measure, "share", "test", component, value)
        for (condition, measure, component), value in values.items()
        for seed in range(seeds)
    ]
    columns = ["condition", "seed", "step", "measure", "kind", "split", "component", "value"]
    return pd.DataFrame(found, columns=columns)


SPARSITIES = {
    "topk": [3, 4, 4, 6], "topk_half": [4], "topk_none": [4], "width_10": [4],
    "alias": [2, 2], "alias_untrained": [2, 2],
}  # fmt: skip
HIERARCHY = {"topk": 1.0, "topk_half": 0.5, "topk_none": 0.0}


@pytest.fixture
def study(tmp_path) -> NotebookStudy:
    its = NotebookStudy(Path(tmp_path), tuple(SPARSITIES), [0, 1])
    vars(its)["settings"] = {
        name: {
            "model": {"sparsities": sparsities, "n_latents": 10 if name == "width_10" else 20},
            "task": {"hierarchy": HIERARCHY.get(name)},
        }
        for name, sparsities in SPARSITIES.items()
    }
    return its


def test_f1_is_the_mean_over_the_features_of_one_dictionary(study):
    vars(study)["settings"]["topk"]["task"] |= {"n_features": 2}
    # Two features of two dictionaries; of the second one, the latter has a latent that is never right.
    quality = {"feature_precision": [0.5, 1.0, 0.5, 0.0], "feature_recall": [0.5, 1.0, 1.0, 0.0]}
    vars(study)["closer"] = rows(
        {("topk", of, place): its[place] for of, its in quality.items() for place in range(4)}
    )
    its = Dictionaries(study)
    assert its.f1("topk", 0)["value"].tolist() == [0.75, 0.75]
    assert its.f1("topk", 1)["value"].tolist() == pytest.approx([1 / 3, 1 / 3])


class TestWhichDictionary:
    def test_the_one_with_a_twin_or_the_only_one(self, study):
        its = Dictionaries(study)
        assert (its.main["topk"], its.main["topk_half"], its.main["alias"]) == (1, 0, 0)
        four = rows({("topk", "dead", place): place / 10 for place in range(4)}, seeds=1)
        assert its.of_main(four)["value"].tolist() == [0.1]
        assert its.without_twins(four)["value"].tolist() == [0.0, 0.1, 0.3]

    def test_values_stand_against_active_latents(self, study):
        vars(study)["measures"] = rows(
            {("topk", "l0", place): 3.0 + place for place in range(4)}
            | {("topk", "recovered", place): place / 10 for place in range(4)}
        )
        found = Dictionaries(study).against_active(["topk"], ["recovered"])
        its = where(found, measure="recovered").sort_values("dose")
        assert its["dose"].tolist() == [3, 4, 6]
        assert its["mean"].tolist() == pytest.approx([0, 0.1, 0.3])

    def test_along_the_hierarchy_all_are_equally_sparse(self, study):
        vars(study)["measures"] = rows(
            {("topk", "absorption", place): place / 10 for place in range(4)}
            | {("topk_half", "absorption", 0): 0.05, ("topk_none", "absorption", 0): 0.01},
            seeds=1,
        )
        found = Dictionaries(study).along_hierarchy(["topk"], ["absorption"])
        assert dict(zip(found["dose"], found["value"], strict=True)) == {
            1: 0.1, 0.5: 0.05, 0: 0.01,
        }  # fmt: skip
        assert set(found["dictionary"]) == {"topk"}

    def test_what_needs_no_dictionary(self, study):
        vars(study)["analyses"] = rows(
            {
                ("topk", "pca_recovered", np.nan): 0.1, ("topk", "pca_explained_variance", 3): 0.5,
                ("topk", "explained", 0): 0.9,
            },
            seeds=1,
        )  # fmt: skip
        found = Dictionaries(study).baselines("topk", ["pca", "random"])
        assert found[["name", "measure", "value"]].to_numpy().tolist() == [
            ["pca", "recovered", 0.1], ["pca", "explained_variance", 0.5],
        ]  # fmt: skip


class TestLearnt:
    def test_a_feature_with_what_is_known_of_it(self, study, monkeypatch):
        truth = {"frequencies": np.array([0.1, 0.01]), "magnitudes": np.array([1.0, 2.0])}
        run = SimpleNamespace(dataset=SimpleNamespace(truth=truth))
        monkeypatch.setattr(NotebookStudy, "run", lambda *_: run)
        # Component: dictionary × features + feature; the wanted one is that of sparsity 4.
        vars(study)["analyses"] = rows(
            {("topk", "feature_cosine", place): 0.95 if place == 2 else 0.5 for place in range(8)}
            | {("width_10", "feature_cosine", place): 0.99 for place in range(2)},
        )
        its = Dictionaries(study)
        widths = its.widths("topk")
        assert widths == {"width_10": 10, "topk": 20}
        found = its.features(widths)
        assert found["seed"].tolist() == [0, 0, 1, 1] * 2
        found = where(found, seed=1).sort_values(["width", "frequencies"], ascending=False)
        assert found["width"].tolist() == [20, 20, 10, 10]
        assert found["learnt"].tolist() == [True, False, True, True]
        assert np.exp(found["frequencies"]).tolist() == pytest.approx([0.1, 0.01] * 2)

    @pytest.fixture
    def things(self) -> pd.DataFrame:
        """Learnt if large; how frequent they are has nothing to do with it."""
        rng = np.random.default_rng(1)
        large, frequent = rng.standard_normal((2, 400))
        seed = np.arange(400) % 2
        return pd.DataFrame(
            {"seed": seed, "large": large, "frequent": frequent, "learnt": large > 0.3}
        )

    def test_what_tells_is_told_from_what_does_not(self, things):
        regressions = {
            "size": Regression(["large"]),
            "frequency": Regression(["frequent"]),
            "null": Regression(["large", "frequent"], degree=2, shuffled=True),
        }
        found = logistic.areas(things, "learnt", regressions)
        assert found.groupby("condition").size().to_dict() == dict.fromkeys(regressions, 2)
        area = found.groupby("condition")["value"].mean()
        assert area["size"] > 0.99
        assert abs(area["frequency"] - 0.5) < 0.1
        assert abs(area["null"] - 0.5) < 0.1
        assert list(found["kind"].unique()) == ["share"]

    def test_products_see_what_no_single_column_does(self, things):
        both = things.assign(learnt=things["large"] * things["frequent"] > 0)
        columns = ["large", "frequent"]
        regressions = {"sum": Regression(columns), "product": Regression(columns, degree=2)}
        area = logistic.areas(both, "learnt", regressions).groupby("condition")["value"].mean()
        assert area["sum"] < 0.65
        assert area["product"] > 0.95

    def test_one_seed_or_one_outcome_tells_nothing(self, things):
        regressions = {"size": Regression(["large"])}
        assert logistic.areas(where(things, seed=0), "learnt", regressions).empty
        assert logistic.areas(things.assign(learnt=True), "learnt", regressions).empty
        assert logistic.weights(things.assign(learnt=True), "learnt", ["large"]).isna().all()

    def test_weights(self, things):
        found = logistic.weights(things, "learnt", ["large", "frequent"])
        assert found["large"] > 10 * abs(found["frequent"])

    def test_shares_in_fifths(self):
        things = pd.DataFrame({"seed": 0, "width": 5, "log": np.log(np.arange(1.0, 11))})
        found = logistic.shares_in_fifths(
            things.assign(learnt=things["log"] > 1.5), "learnt", "log", "width"
        )
        assert found["value"].tolist() == [0, 0, 1, 1, 1]
        assert found["dose"].tolist()[0] == pytest.approx(2**0.5)  # of 1 and 2


class TestStates:
    def test_facts_beside_their_controls(self, study):
        vars(study)["measures"] = rows(
            {
                ("alias", "answer_f1", 0): 0.9, ("alias", "answer_f1_by_chance", 0): 0.2,
                ("alias_untrained", "answer_f1", 0): 0.4, ("alias", "answer_f1", 1): 0.1,
            }
        )  # fmt: skip
        found = Dictionaries(study).facts([("alias", "answer"), ("composition", "bridge")])
        assert found[["condition", "mean", "untrained", "chance"]].to_numpy().tolist() == [
            ["alias/answer", pytest.approx(0.9), pytest.approx(0.4), pytest.approx(0.2)]
        ]

    def test_moves_by_their_names(self, study):
        vars(study)["analyses"] = rows(
            {
                ("alias", "moved_all_latents_50_follows", 0): 0.5,
                ("alias", "moved_whole_natural_follows", 0): 0.7, ("alias", "n_standing", 0): 0.1,
            },
            seeds=1,
        )  # fmt: skip
        found = Dictionaries(study).moves()
        assert found[["move", "dose", "value"]].to_numpy().tolist() == [
            ["all_latents", "50", 0.5], ["whole", "natural", 0.7],
        ]  # fmt: skip


class TestPictures:
    def curves(self, **columns) -> pd.DataFrame:
        its = pd.DataFrame({"seed": [0, 1], "kind": "share", "value": [0.2, 0.4], **columns})
        return over_seeds(its, list(columns))

    def test_a_front_has_its_baselines_in_grey(self):
        front = pd.concat(
            [
                self.curves(condition="topk", measure=measure, component=1).assign(dose=4.0)
                for measure in ("explained_variance", "recovered")
            ]
        )
        names = [
            (name, measure)
            for name in draw.BASELINES
            for measure in ("explained_variance", "recovered")
        ]
        baselines = pd.DataFrame(names, columns=["name", "measure"]).assign(component=4, value=0.7)
        figure = draw.draw_front(front, baselines, styles(["topk"]), {"topk": "TopK"})
        _, right = figure.axes
        assert [text.get_text() for text in figure.legends[0].texts] == [
            "TopK", *draw.BASELINES.values(),
        ]  # fmt: skip
        assert sum(list(line.get_ydata()) == [0.7, 0.7] for line in right.lines) == 3
        plt.close(figure)

    def test_moves_go_by_their_norm_and_stand_at_the_latents_own(self):
        moves = pd.concat(self.curves(move="whole", dose=dose) for dose in ("50", "100", "natural"))
        figure = draw.draw_moves(moves)
        (line,) = [its for its in figure.axes[0].lines if its.get_label() == "whole state"]
        assert list(line.get_xdata()) == [0.5, 1.0]
        assert figure.axes[1].get_yticklabels()[0].get_text() == "whole state"
        plt.close(figure)

    def test_a_curve_per_width_and_a_row_per_regression(self):
        shares = pd.concat(
            self.curves(width=width, dose=dose) for width in (50, 400) for dose in (0.01, 0.02)
        )
        figure = draw.draw_learnt(shares, self.curves(condition="size"), ["size", "null"])
        assert [text.get_text() for text in figure.legends[0].texts] == [
            "50 latents",
            "400 latents",
        ]
        assert [t.get_text() for t in figure.axes[1].get_yticklabels()] == ["size", "null"]
        plt.close(figure)

    def test_a_panel_per_measure_along_the_hierarchy(self):
        curves = pd.concat(self.curves(dictionary="topk", dose=dose) for dose in (0.0, 1.0))
        figure = draw.draw_hierarchy(
            {"absorbed": curves, "cost": curves}, styles(["topk"]), {"topk": "TopK"}
        )
        assert [axis.get_title() for axis in figure.axes] == ["absorbed", "cost"]
        plt.close(figure)
