"""A condition looks the same everywhere, and a figure's files are complete and byte-stable."""

from __future__ import annotations

import json
import re
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from onset.figures.curves import legend_below, plot_over_training
from onset.figures.names import name_curves
from onset.figures.rows import name_rows, plot_rows
from onset.figures.save import save_figure, save_table
from onset.figures.style import NEUTRAL, TEXT_WIDTH, styles, use_style
from tests.unit.vision import SEEN_BY, least_difference

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

    def test_any_two_differ_in_colour_or_marker_and_in_grey_in_marker_or_line(self):
        found = styles(str(i) for i in range(40)).values()
        for one, other in combinations(found, 2):
            assert (one.colour, one.marker) != (other.colour, other.marker)
            assert (one.marker, one.line) != (other.marker, other.line)

    @pytest.mark.parametrize("who", SEEN_BY)
    def test_colours_are_told_apart_by(self, who):
        """As many of them as can be: in grey the first three, to everybody else all eight."""
        colours = list(dict.fromkeys(s.colour for s in styles(map(str, range(40))).values()))
        assert len(colours) == 8
        assert least_difference(colours[: 3 if who == "a printer" else 8], who) > 1

    def test_no_condition_has_the_colour_of_controls(self):
        for style in styles(map(str, range(8))).values():
            assert least_difference([style.colour, NEUTRAL], "everybody") > 1

    def test_a_missing_name_tells_the_known_ones(self):
        with pytest.raises(KeyError, match="no style for 'three'; there are styles for: one, two"):
            styles(["one", "two"])["three"]


class TestCurves:
    @pytest.mark.parametrize(
        ("steps", "ticks"),
        [
            ([0, 5, 300], [0, 10, 100]),
            ([0, 10, 100], [0, 20, 50, 100]),  # 10 would touch the 0
            ([0, 10, 300], [0, 20, 50, 100, 200]),
            ([0, 1, 10**7], [0, 10, 10**3, 10**5, 10**7]),
        ],
    )
    def test_steps_are_told_in_plain_figures(self, steps, ticks):
        figure = Figure()
        axis = figure.subplots()
        plot_over_training(axis, CURVES.iloc[:3].assign(step=steps), styles(["one"]))
        figure.draw_without_rendering()
        assert [text.get_text() for text in axis.get_xticklabels()] == list(map(str, ticks))

    def test_steps_in_a_narrow_panel_are_named_as_far_as_there_is_room(self):
        figure = Figure(figsize=(5.5, 4))
        axis = figure.subfigures(2, 1)[0].subplots(1, 3)[0]
        curves = CURVES.iloc[:3].assign(step=[100, 1000, 3000])
        plot_over_training(axis, curves, styles(["one"]))
        figure.draw_without_rendering()
        assert [text.get_text() for text in axis.get_xticklabels()] == ["0", "500", "2000"]

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


class TestLegend:
    def test_it_has_as_many_columns_as_there_is_room_for(self):
        for length, columns in ((10, 3), (30, 2), (60, 1)):
            figure, its = Figure(figsize=(TEXT_WIDTH, 2)), styles("abcdef")
            legend_below(figure, its, {name: name * length for name in its})
            (legend,) = figure.legends
            assert legend._ncols == columns
            assert legend.get_window_extent().width <= figure.bbox.width


class TestNames:
    """Names at the ends of curves, or a legend."""

    def named(self, ends: dict[str, float], last_step: int = 100, label: str = "{}") -> Figure:
        figure = Figure(figsize=(TEXT_WIDTH, 2), layout="constrained")
        axis = figure.subplots()
        curves = pd.DataFrame(
            [
                (name, step, end * step / 100)
                for name, end in ends.items()
                for step in STEPS
                if step <= last_step or name != "a"
            ],
            columns=["condition", "step", "mean"],
        )
        curves = curves.assign(low=curves["mean"], high=curves["mean"], seed_0=curves["mean"])
        plot_over_training(axis, curves, styles(ends))
        axis.set(ylim=(0, 1))
        name_curves(axis, styles(ends), {name: label.format(name) for name in ends})
        return figure

    def test_each_name_is_at_the_end_of_its_curve(self):
        ends = {"a": 0.9, "b": 0.2, "c": 0.6}
        figure = self.named(ends, label="the {}")
        assert not figure.legends
        assert {text.get_text(): text.xy for text in figure.axes[0].texts} == {
            f"the {name}": (100, end) for name, end in ends.items()
        }

    def test_names_keep_clear_of_each_other(self):
        figure = self.named({"a": 0.5, "b": 0.45, "c": 0.1})
        figure.draw_without_rendering()
        boxes = sorted((t.get_window_extent() for t in figure.axes[0].texts), key=lambda b: b.y0)
        assert len(boxes) == 3
        assert all(below.y1 <= above.y0 + 1 for below, above in pairwise(boxes))

    @pytest.mark.parametrize(
        "crowded",
        [
            pytest.param({"ends": {"a": 0.9, "b": 0.9}}, id="one end for two"),
            pytest.param({"ends": {"a": 0.9, "b": 0.2}, "last_step": 10}, id="one ends early"),
            pytest.param(
                {"ends": {"a": 0.9, "b": 0.2}, "label": "a long name of the condition {}"},
                id="long names",
            ),
        ],
    )
    def test_where_they_would_be_crowded_there_is_a_legend(self, crowded):
        figure = self.named(**crowded)
        assert len(figure.legends) == 1
        assert not figure.axes[0].texts
        thick = [line for line in figure.axes[0].lines if line.get_linewidth() > 1]
        assert len(thick) == 2  # no end is marked

    def test_a_curve_that_is_not_there_is_named_in_a_legend(self):
        figure = Figure(figsize=(TEXT_WIDTH, 2), layout="constrained")
        axis, its = figure.subplots(), styles(["one", "other", "third"])
        plot_over_training(axis, CURVES, its)
        name_curves(axis, its, {name: name for name in its}, below=False)
        assert [text.get_text() for text in axis.get_legend().get_texts()] == list(its)


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

    @pytest.mark.parametrize(
        ("data", "numbers"),
        [
            ({"condition": ["a", "b", "b"], "n_seeds": [3, 10, 10]}, [3, 10]),
            ({"condition": ["a", "a", "b"], "seed": [0, 1, 0]}, [1, 2]),
            ({"condition": ["a", "a"], "seed": [0, 1]}, [2]),
            ({"seed": [0, 1, 1, 2]}, [3]),
            ({"condition": ["a"], "n_seeds": [float("nan")]}, None),
            ({"x": [1.0]}, None),
        ],
    )
    def test_how_many_seeds_its_rows_are_over_is_kept(self, tmp_path, data, numbers):
        save_figure(drawn(), tmp_path / "curves", pd.DataFrame(data), {})
        assert json.loads((tmp_path / "curves.json").read_text()).get("n_seeds") == numbers

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
        fonts = len(re.findall(rb"/Type /FontDescriptor", content))
        assert fonts
        # TrueType, all of them; matplotlib's own default is Type 3.
        assert len(re.findall(rb"/FontFile2 ", content)) == fonts
        assert b"/Subtype /Type3" not in content

    def test_it_is_drawn_at_its_final_size(self, tmp_path):
        save_figure(drawn(), tmp_path / "curves", CURVES, {})
        assert (
            f"/MediaBox [ 0 0 {72 * TEXT_WIDTH:g} 144 ]".encode()
            in (tmp_path / "curves.pdf").read_bytes()
        )

    def test_one_wider_than_the_text_is_refused(self, tmp_path):
        figure = Figure(figsize=(6, 2))
        with pytest.raises(
            ValueError, match=r"the figure 'wide' is 6 inches wide, the paper's text 5.5"
        ):
            save_figure(figure, tmp_path / "wide", CURVES, {})
        assert list(tmp_path.iterdir()) == []

    def test_one_with_tiny_text_is_refused(self, tmp_path):
        figure = drawn()
        figure.text(0.5, 0.5, "tiny", fontsize=4)
        with pytest.raises(
            ValueError, match="the figure 'tiny' says 'tiny' in 4 points; less than 5"
        ):
            save_figure(figure, tmp_path / "tiny", CURVES, {})

    def test_one_that_sticks_out_is_kept_with_a_warning(self, tmp_path):
        figure = drawn()
        figure.text(0.9, 0.5, "a label that is cut off at the right end")
        with pytest.warns(UserWarning, match=r"'cut' sticks out of its canvas by \d\.\d\d inches"):
            save_figure(figure, tmp_path / "cut", CURVES, {})
        assert (tmp_path / "cut.pdf").exists()

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
