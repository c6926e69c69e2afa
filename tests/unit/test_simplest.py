"""Edges against curves whose edges are known; grids found from settings alone."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from onset.figures.heat import grids_of, plot_heat
from onset.statistics.boundary import (
    Edges,
    edges_of,
    falling_edge,
    fit_threshold,
    format_edge,
    logistic,
    power_law_from_others,
    rising_edge,
)
from onset.statistics.times import estimate

WIDTHS = np.array([8.0, 16.0, 32.0, 64.0])


def edges(*curves: list[float]) -> Edges:
    """Where curves first reach a half."""
    return edges_of(WIDTHS, np.array(curves), 0.5, rising_edge)


class TestEdges:
    @pytest.mark.parametrize(
        ("values", "rises", "falls"),
        [
            ([0.0, 0.5, 1.0, 1.0], (8, 16, 16), (64, None, np.inf)),
            ([0.0, 0.0, 1.0, 0.0], (16, 16 * 2**0.5, 32), (32, 32 * 2**0.5, 64)),
            ([0.9, 0.8, 0.7, 0.6], (0, None, 8), (64, None, np.inf)),
            ([0.9, 0.1, 0.9, 0.1], (0, None, 8), (32, 32 * 2**0.5, 64)),
            ([0.1, 0.2, 0.3, 0.4], (64, None, np.inf), (0, None, 8)),
        ],
    )
    def test_by_hand(self, values, rises, falls):
        for edge, expected in ((rising_edge, rises), (falling_edge, falls)):
            expected = [np.nan if its is None else its for its in expected]
            assert edge(WIDTHS, np.array(values), 0.5) == pytest.approx(expected, nan_ok=True)

    def test_the_interval_is_never_finer_than_the_grid(self):
        its = estimate(edges(*[[0.0, 0.4, 0.6, 1.0]] * 3))
        assert its.mean == pytest.approx(16 * 2**0.5)
        assert its.low < 16
        assert its.high > 32

    @pytest.mark.parametrize(
        ("curves", "said"),
        [
            ([[0.0, 0.0, 1.0, 1.0]], "22.6"),
            ([[0.9, 0.9, 1, 1], [0.9, 0.9, 1, 1]], "< 8"),
            ([[0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4]], "nowhere"),
            (
                [[0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]],
                "22.6 [0.5, > 64] (2/3)",
            ),
        ],
    )
    def test_as_said(self, curves, said):
        assert format_edge(edges(*curves)) == said


class TestThreshold:
    def test_a_known_curve_is_found(self):
        truth = (0.9, 20.0, 5.0)
        values = np.stack([logistic(WIDTHS, truth, 0.05)] * 2)
        assert fit_threshold(WIDTHS, values, 0.05) == pytest.approx(truth, rel=1e-3)

    def test_what_comes_after_the_best_does_not_count(self):
        values = logistic(WIDTHS, (0.9, 12.0, 5.0), 0.05)[None]
        bent = values * [[1, 1, 1, 0.5]]
        assert fit_threshold(WIDTHS, bent, 0.05) == pytest.approx(
            fit_threshold(WIDTHS[:3], values[:, :3], 0.05)
        )

    def test_one_point_is_enough(self):
        assert np.isfinite(fit_threshold(WIDTHS[:1], np.array([[0.1]]), 0.05)).all()


class TestPowerLaw:
    SIZES = np.array([50.0, 100.0, 200.0])

    def test_others_predict_what_follows_the_law(self):
        edges = np.stack([2 * self.SIZES**0.5] * 3, axis=1)
        line, mean = power_law_from_others(self.SIZES, edges)
        assert line == pytest.approx(edges[:, 0])
        assert mean[0] == pytest.approx((edges[1, 0] * edges[2, 0]) ** 0.5)

    def test_its_own_edge_plays_no_part(self):
        edges = np.stack([2 * self.SIZES**0.5] * 3, axis=1)
        edges[1] *= 3
        line, _ = power_law_from_others(self.SIZES, edges)
        assert line[1] == pytest.approx(2 * 100**0.5)

    def test_two_sizes_predict_nothing(self):
        edges = np.array([[10.0], [20.0], [np.nan]])
        assert np.isnan(power_law_from_others(self.SIZES, edges)).all()


def run(n: int = 1, width: int = 2, tied: bool = True, decay: float = 0.0, **more) -> dict:
    return {
        "task": {"n": n, **more},
        "model": {"width": width, "tied": tied},
        "training": {"decay": decay},
        "parent": None,
    }


class TestGrids:
    def test_pairs_come_from_settings_and_share_their_rows(self):
        settings = {
            "whatever": run(),
            "a": run(n=3, width=4),
            "b": run(width=4),
            "c": run(n=3),
            "again": run(width=4),
            "d": run(width=4, decay=1.0),
            "three at once": run(n=3, width=4, decay=1.0),
            "null": run(shuffled=True),
        }
        assert grids_of(settings, "whatever") == {
            ("task.n", "model.width"): {
                "whatever": (1, 2), "a": (3, 4), "b": (1, 4), "c": (3, 2),
            },
            ("model.width", "training.decay"): {"whatever": (2, 0), "b": (4, 0), "d": (4, 1)},
        }  # fmt: skip

    def test_what_only_another_grid_has_stays_there(self):
        settings = {"base": run(), "a": run(n=2, width=4), "b": run(width=4), "c": run(width=8)}
        assert grids_of(settings, "base") == {
            ("task.n", "model.width"): {"base": (1, 2), "a": (2, 4), "b": (1, 4)}
        }

    def test_what_is_no_scalar_is_no_axis(self):
        settings = {"base": run(mix={"x": 1}), "a": run(mix={"x": 0}, width=4)}
        assert grids_of(settings, "base") == {}

    def test_a_value_more_is_a_cell_more(self):
        settings = {"base": run(), "a": run(n=2, tied=False)}
        (before,) = grids_of(settings, "base").values()
        (after,) = grids_of({**settings, "b": run(n=5, tied=False)}, "base").values()
        assert after == {**before, "b": (5, False)}


class TestHeat:
    CELLS = pd.DataFrame(
        {
            "n": [1, 1, 20, 20],
            "tied": [True, False, True, False],
            "mean": [1.0, 0.25, 0.5, np.nan],
            "seed_0": [1.0, 0.2, 0.5, np.nan],
            "seed_1": [1.0, 0.3, 0.5, np.nan],
        }
    )

    def draw(self, level: float = 0.95):
        with mpl.rc_context():
            axis = Figure().subplots()
            image = plot_heat(axis, self.CELLS, "n", "tied", level)
        return axis, image

    def test_every_value_is_in_its_place(self):
        axis, image = self.draw()
        assert image.get_array()[0].tolist()[0] == 0.25
        assert image.get_array()[1].tolist() == [1.0, 0.5]
        assert [text.get_text() for text in axis.get_xticklabels()] == ["1", "20"]
        assert [text.get_text() for text in axis.get_yticklabels()] == ["no", "yes"]
        said = {text.get_text() for text in axis.texts}
        assert {".25", ".20–.30", "1", ".50"} <= said

    def test_only_cells_in_which_all_seeds_reach_the_level_are_framed(self):
        for level, n in ((0.95, 1), (0.4, 2), (0.22, 2), (0.2, 3)):
            axis, _ = self.draw(level)
            assert len(axis.patches) == n
