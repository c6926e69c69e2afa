"""A condition looks the same everywhere, and a figure's files are complete and byte-stable."""

from __future__ import annotations

import json
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.rows import name_rows, plot_rows
from onset.figures.save import save_figure, save_table
from onset.figures.style import TEXT_WIDTH, styles, use_style

STEPS = [0, 10, 100]
CURVES = pd.DataFrame(
    {
        "condition": ["one"] * 3 + ["other"] * 3,
        "step": STEPS * 2,
        "mean": [0.1, 0.5, 0.9, 0.1, 0.2, 0.3],
        "low": [0.0, 0.4, 0.8, 0.0, 0.1, 0.2],
        "high": [0.2, 0.6, 1.0, 0.2, 0.3, 0.4],
        "seed_0": [0.05, 0.45, 0.85, 0.1, 0.15, 0.3],
        "seed_1": [0.15, 0.55, 0.95, 0.1, 0.25, 0.3],
    }
)


@pytest.fixture(autouse=True)
def own_style():
    """The paper's style, and matplotlib as it was afterwards."""
    with mpl.rc_context():
        use_style()
        yield


def drawn() -> Figure:
    figure = Figure(figsize=(TEXT_WIDTH, 2))
    plot_over_training(figure.subplots(), CURVES, styles(["one", "other"]))
    legend_below(figure, styles(["one", "other"]), {"one": "the one", "other": "the other"})
    return figure


class TestStyles:
    def test_a_name_added_at_the_end_changes_no_other(self):
        names = [f"condition_{i}" for i in range(40)]
        for fewer, more in pairwise(names[:n] for n in range(1, 41)):
            before, after = styles(fewer), styles(more)
            assert {name: after[name] for name in fewer} == before

    def test_all_can_be_told_apart_and_by_colour_alone_as_long_as_that_goes(self):
        found = styles(str(i) for i in range(40))
        assert len({(s.colour, s.line) for s in found.values()}) == 40
        assert len({s.colour for s in styles(map(str, range(10))).values()}) == 10

    def test_too_many_are_refused(self):
        with pytest.raises(ValueError, match="41 conditions, but only 40 distinct styles"):
            styles(str(i) for i in range(41))

    def test_a_missing_name_tells_the_known_ones(self):
        with pytest.raises(KeyError, match="no style for 'three'; there are styles for: one, two"):
            styles(["one", "two"])["three"]


class TestCurves:
    def test_what_is_drawn_is_what_was_given(self):
        axis = Figure().subplots()
        style = styles(["one", "other"])
        plot_over_training(axis, CURVES.iloc[::-1], style)
        thin = [line for line in axis.lines if line.get_linewidth() < 1]
        assert [line.get_ydata().tolist() for line in thin] == [
            CURVES.loc[CURVES["condition"] == name, seed].tolist()
            for name in ("one", "other")
            for seed in ("seed_0", "seed_1")
        ]
        for name, line in zip(
            ("one", "other"), (line for line in axis.lines if line not in thin), strict=True
        ):
            curve = CURVES[CURVES["condition"] == name]
            assert line.get_xydata().tolist() == curve[["step", "mean"]].to_numpy().tolist()
            assert (line.get_color(), line.get_linestyle()) == (
                style[name].colour,
                style[name].line,
            )
        for band, (_, curve) in zip(axis.collections, CURVES.groupby("condition"), strict=True):
            heights = band.get_paths()[0].vertices[:, 1]
            assert (heights.min(), heights.max()) == (curve["low"].min(), curve["high"].max())

    def test_the_legend_has_an_entry_per_condition(self):
        (legend,) = drawn().legends
        assert [text.get_text() for text in legend.get_texts()] == ["the one", "the other"]


class TestFiles:
    @pytest.fixture(autouse=True)
    def fixed_date(self, monkeypatch):
        """As the notebook stage sets it."""
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")

    def test_a_figure_has_four_files(self, tmp_path):
        save_figure(drawn(), tmp_path / "figures" / "curves", CURVES, {"study": "s", "seeds": [0]})
        folder = tmp_path / "figures"
        assert sorted(p.name for p in folder.iterdir()) == [
            f"curves.{s}" for s in ("csv", "json", "pdf", "png")
        ]
        pd.testing.assert_frame_equal(pd.read_csv(folder / "curves.csv"), CURVES)
        assert json.loads((folder / "curves.json").read_text()) == {"study": "s", "seeds": [0]}
        assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")

    def test_the_same_figure_gives_the_same_bytes(self, tmp_path):
        for name in ("first", "second"):
            save_figure(drawn(), tmp_path / name / "curves", CURVES, {})
        for suffix in ("pdf", "png", "csv", "json"):
            first, second = (
                (tmp_path / n / f"curves.{suffix}").read_bytes() for n in ("first", "second")
            )
            assert first == second, suffix
        # Two pictures within a second would be the same anyway, were it not for the fixed date.
        assert (
            b"/CreationDate (D:19700101000000Z)" in (tmp_path / "first" / "curves.pdf").read_bytes()
        )

    def test_fonts_are_embedded_as_fonts(self, tmp_path):
        save_figure(drawn(), tmp_path / "curves", CURVES, {})
        content = (tmp_path / "curves.pdf").read_bytes()
        assert b"/FontFile2" in content  # a TrueType font; matplotlib's own default is Type 3
        assert b"/Subtype /Type3" not in content

    def test_it_is_drawn_at_its_final_size(self, tmp_path):
        save_figure(drawn(), tmp_path / "curves", CURVES, {})
        assert (
            f"/MediaBox [ 0 0 {72 * TEXT_WIDTH:g} 144 ]".encode()
            in (tmp_path / "curves.pdf").read_bytes()
        )

    def test_a_table_has_three_files(self, tmp_path):
        table = pd.DataFrame({"condition": ["one"], "accuracy": [np.float64(0.5)]})
        save_table(table, tmp_path / "accuracy", "\\begin{tabular}", {"study": "s"})
        assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
            "accuracy.csv": "condition,accuracy\none,0.5\n",
            "accuracy.json": '{\n "study": "s"\n}\n',
            "accuracy.tex": "\\begin{tabular}",
        }


class TestRows:
    NUMBERS = pd.DataFrame(
        {
            "condition": ["b", "a"],
            "mean": [0.5, 0.9],
            "low": [0.3, 0.8],
            "high": [0.7, 1.0],
            "seed_0": [0.4, 0.85],
            "seed_1": [0.6, 0.95],
        }
    )

    def lines(self, numbers: pd.DataFrame) -> list[tuple[list, list]]:
        axis = Figure().subplots()
        its, controls = styles(["a", "b"]), [c for c in numbers if c == "before"]
        plot_rows(axis, numbers, its, dict.fromkeys(controls, "x"))
        name_rows(axis, its, {"a": "one", "b": "other"})
        assert [label.get_text() for label in axis.get_yticklabels()] == ["one", "other"]
        assert axis.get_ylim() == (1.5, -0.5)  # the first on top
        return [(list(line.get_xdata()), list(line.get_ydata())) for line in axis.lines]

    def test_a_row_has_interval_seeds_and_mean_in_the_order_of_the_styles(self):
        assert self.lines(self.NUMBERS) == [
            ([0.8, 1.0], [0, 0]),
            ([0.85, 0.95], [0, 0]),
            ([0.9], [0]),
            ([0.3, 0.7], [1, 1]),
            ([0.4, 0.6], [1, 1]),
            ([0.5], [1]),
        ]

    def test_a_cross_is_what_was_before(self):
        drawn = self.lines(self.NUMBERS.assign(before=[0.1, 0.2]))
        assert [line for line in drawn if line not in self.lines(self.NUMBERS)] == [
            ([0.2], [0]),
            ([0.1], [1]),
        ]
