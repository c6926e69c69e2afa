"""What the atlas makes of measurements: kinds, tables, and a picture of them."""

from __future__ import annotations

import math
from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from onset.collections.atlas.combine import combine
from onset.collections.atlas.kinds import KINDS, kinds_of
from onset.collections.atlas.listing import listing
from onset.collections.atlas.names import BY_CONTENT, BY_PLACE
from onset.figures.mosaic import colour, plot_mosaic
from onset.figures.mosaic_layout import COLUMN, LEGEND, PAGE, Block, pages_of
from onset.figures.style import TEXT_WIDTH, use_style


def scores(**changes: float) -> dict[str, float]:
    """Of a head that looks nowhere in particular and copies nothing."""
    found = {"attention_entropy": 1.0, "copying_score": 0.0}
    for kind in (*BY_PLACE, *BY_CONTENT, *(f"own_{kind}" for kind in BY_PLACE)):
        found |= {f"{kind}_score": 0.4, f"{kind}_chance": 0.4}
    assert changes.keys() <= found.keys()
    return {**found, **changes}


class TestKinds:
    @pytest.mark.parametrize(
        ("changes", "kind"),
        [
            ({}, "other"),
            ({"induction_score": 0.69}, "other"),
            ({"induction_score": 0.71}, "induction"),
            ({"induction_score": 0.9, "duplicate_token_score": 0.8}, "induction"),
            ({"duplicate_token_score": 0.9, "duplicate_token_chance": 0.85}, "other"),
            ({"duplicate_token_score": 1.0, "duplicate_token_chance": 1.0}, "other"),
            ({"own_current_token_score": 0.9}, "current_token"),
            ({"first_token_score": 0.9, "copying_score": 0.9}, "first_token"),
            ({"copying_score": 0.5}, "copying"),
            ({"copying_score": -0.5}, "suppressing"),
            ({"copying_score": math.nan}, "other"),
            ({"induction_score": math.nan, "previous_token_score": 1.0}, "previous_token"),
        ],
    )
    def test_a_head_is_what_it_clearly_is(self, changes, kind):
        assert kinds_of(pd.DataFrame([scores(), scores(**changes)])).tolist() == ["other", kind]


def measured() -> pd.DataFrame:
    """Two heads of one run, before training and after, asked two splits."""
    rows = []

    def add(step: int, measure: str, value: float, split=None, head=None) -> None:
        run = {"study": "s", "condition": "c", "seed": 0, "step": step, "last": step == 9}
        held_out = None if split is None else split == "test"
        place = {"held_out": held_out, "split": split, "layer": None if head is None else 0}
        rows.append({**run, **place, "head": head, "measure": measure, "value": value})

    for step in (0, 9):
        for head in (0, 1):
            its = scores(previous_token_score=1.0 if head and step else 0.4)
            for name, value in its.items():
                splits = ("train", "test") if name.startswith("own_") else (None,)
                for split in splits:
                    add(step, name, value + (split == "test") * 0.2, split, head)
    for split, accuracy, without in (("train", 1.0, (0.9, 1.0)), ("test", 0.5, (0.6, 0.1))):
        add(9, "loss", 1.0, split)
        add(9, "accuracy", accuracy, split)
        for head in (0, 1):
            add(9, "loss_without", 2.0, split, head)
            add(9, "accuracy_without", without[head], split, head)
    return pd.DataFrame(rows)


class TestTables:
    def test_a_row_per_head_with_the_split_that_loses_most(self):
        heads = combine(measured())["heads"]
        assert heads["head"].tolist() == [0, 1]
        assert heads["kind"].tolist() == ["other", "previous_token"]
        assert heads["needed_on"].tolist() == ["train", "test"]
        assert heads["needed"].tolist() == pytest.approx([0.1, 0.4])
        assert heads["accuracy"].tolist() == [1.0, 0.5]
        assert heads["own_current_token_score"].tolist() == pytest.approx([0.5, 0.5])  # of splits

    def test_the_control_is_apart(self):
        untrained = combine(measured())["untrained"]
        assert untrained["step"].tolist() == [0, 0]
        assert untrained["kind"].tolist() == ["other", "other"]
        assert "needed" not in untrained

    @pytest.mark.parametrize("trained", [True, False])
    def test_there_may_be_no_control_or_nothing_but(self, trained):
        """Of a model that others have trained alone, nothing is known before; and without its heads."""
        its = measured()
        its = its[(its["last"] == trained) & ~its["measure"].str.endswith("_without")]
        tables = combine(its)
        assert len(tables["heads"]) == 2 * trained
        assert len(tables["untrained"]) == 2 * (not trained)
        assert tables["ablations"].empty
        assert tables["heads"]["needed"].isna().all()
        assert {"kind", "induction_score", "step"} <= {*tables["heads"]} & {*tables["untrained"]}

    def test_a_row_per_head_and_split(self):
        ablations = combine(measured())["ablations"]
        assert list(zip(ablations["head"], ablations["split"], strict=True)) == [
            (0, "train"), (0, "test"), (1, "train"), (1, "test"),
        ]  # fmt: skip
        assert ablations["held_out"].tolist() == [False, True, False, True]
        assert ablations["accuracy_without"].tolist() == [0.9, 0.6, 1.0, 0.1]


def heads(n_conditions: int = 2, n_seeds: int = 2, n_layers: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        (study, f"c{condition}", seed, layer, head, KINDS[head], rng.random())
        for study in ("one", "other")
        for condition in range(n_conditions)
        for seed in range(n_seeds)
        for layer in range(n_layers)
        for head in range(4)
    ]
    columns = ["study", "condition", "seed", "layer", "head", "kind", "needed"]
    return pd.DataFrame(rows, columns=columns)


TITLES = {"one": "One study", "other": "The <other> study"}
LABELS = {study: {f"c{i}": f"condition {i}" for i in range(60)} for study in TITLES}


def studies(pages: list[list[list[Block]]]) -> list[list[list[str]]]:
    return [[[block.study for block in column] for column in columns] for columns in pages]


class TestMosaic:
    @pytest.fixture(autouse=True)
    def own_style(self):
        with mpl.rc_context():
            use_style()
            yield
            plt.close("all")

    def test_the_data_has_every_head_in_order_of_need(self):
        data = heads()
        figure, shown = plot_mosaic(data, TITLES, LABELS)
        assert figure.get_size_inches()[0] == TEXT_WIDTH
        assert len(shown) == len(data)
        for _, of_layer in shown.groupby(["study", "condition", "seed", "layer"]):
            assert of_layer.sort_values("place")["needed"].is_monotonic_decreasing
            assert sorted(of_layer["place"]) == [0, 1, 2, 3]

    def test_darkness_is_the_same_for_all_kinds_and_grows_with_need(self):
        def grey(kind: str, needed: float) -> float:
            """CIE luminance."""
            channels = [
                c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                for c in colour(kind, needed)
            ]
            return float(np.dot(channels, [0.2126, 0.7152, 0.0722]))

        for needed in (0.0, 0.3, 1.0):
            of_kinds = [grey(kind, needed) for kind in KINDS]
            assert max(of_kinds) - min(of_kinds) < 0.01
        assert grey("other", 0.0) > grey("other", 0.3) > grey("other", 1.0)

    def test_seeds_that_do_not_fit_go_below_and_no_brick_covers_another(self):
        block = Block.of(
            "one", heads(1, 10).query("study == 'one'").assign(place=lambda t: t["head"])
        )
        (row,) = block.rows
        places = {(brick.left, brick.top) for brick in row.bricks}
        assert len(places) == 10
        assert block.width <= 15
        assert len({top for _, top in places}) == 4
        assert sorted({top for _, top in places})[1] > 2

    def test_large_studies_fill_two_columns_in_their_order(self):
        few, many = (
            [Block.of(s, its.assign(place=its["head"])) for s, its in heads(n).groupby("study")]
            for n in (2, 35)
        )
        assert studies(pages_of(few)) == [[["one", "other"]]]
        assert studies(pages_of(many)) == [[["one"], ["other"]]]

    def test_what_fills_a_page_goes_on_on_the_next(self):
        (block,) = (
            Block.of(study, its.assign(place=its["head"]))
            for study, its in heads(20).query("study == 'one'").groupby("study")
        )
        blocks = [replace(block, study=str(n)) for n in range(9)]
        pages = pages_of(blocks)
        assert [len(columns) for columns in pages] == [2, 2, 1]
        in_order = [name for page in studies(pages) for column in page for name in column]
        assert in_order == [str(n) for n in range(9)]
        for columns in pages:
            for column in columns:
                assert sum(its.height(5.2) for its in column) <= COLUMN

    @pytest.mark.parametrize("n_conditions", [2, 35, 60])
    def test_nothing_lies_beyond_the_page(self, n_conditions):
        figure, _ = plot_mosaic(heads(n_conditions), TITLES, LABELS)
        height = figure.get_size_inches()[1] * 72
        (axis,) = figure.axes
        lowest = max(text.get_position()[1] for text in axis.texts)
        assert lowest < height
        n_pages = math.ceil(height / PAGE)  # as the paper counts them
        assert n_pages == (1 if n_conditions < 60 else 2)
        legends = [t.get_position()[1] for t in axis.texts if "accuracy lost" in t.get_text()]
        assert len(legends) == n_pages
        assert all(at - page * height / n_pages < LEGEND for page, at in enumerate(legends))

    def test_a_kind_without_a_look_is_an_error(self):
        with pytest.raises(KeyError):
            plot_mosaic(heads().assign(kind="odd"), TITLES, LABELS)


def test_the_listing_has_a_row_per_head_and_escapes_what_it_is_told():
    data = combine(measured())["heads"].assign(study="other", condition="c0")
    text = listing(data, TITLES, LABELS)
    assert text.count("<tr") == 1 + len(data)
    assert "The &lt;other&gt; study: 2 heads" in text
    assert "condition 0" in text
