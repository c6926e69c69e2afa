"""What is left without a part, what parts write, learning curves: tables of known answers, drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from onset.figures.learning import learning_curves, plot_learning
from onset.figures.mechanism import (
    ABLATIONS,
    accuracy_without_parts,
    direct_effects,
    follows_donor,
    plot_attention,
    plot_direct_effects,
    plot_parts,
)
from onset.figures.style import styles

COLUMNS = ["measure", "value", "layer", "head", "position", "step"]


def table(*rows: tuple, kind: str = "share") -> pd.DataFrame:
    """One condition, split and checkpoint; a row per seed and measurement, all of one kind."""
    named = pd.DataFrame([(*row, 9) for row in rows], columns=["seed", *COLUMNS])
    return named.assign(condition="one", split="oo", kind=kind)


class TestParts:
    ANALYSES = table(
        *((seed, "with_all_accuracy", 0.9 + seed / 10, None, None, None) for seed in (0, 1)),
        *((seed, "without_head_zero_accuracy", 0.2 * seed, 0, 1, None) for seed in (0, 1)),
        *((seed, "without_mlp_resample_accuracy", 0.1, 1, None, None) for seed in (0, 1)),
        (0, "attention", 1.0, 0, 0, 0),
    )

    def test_each_part_and_replacement_is_a_row_beside_the_whole(self):
        left = accuracy_without_parts(self.ANALYSES)
        rows = left[["replacement", "layer", "head", "mean", "whole"]].replace({np.nan: None})
        assert [tuple(row) for row in rows.to_numpy()] == [
            ("zero", 0, 1, pytest.approx(0.1), pytest.approx(0.95)),
            ("resample", 1, None, pytest.approx(0.1), pytest.approx(0.95)),
        ]

    def test_heads_come_before_the_mlp_of_their_application(self):
        axis = Figure().subplots()
        plot_parts(axis, accuracy_without_parts(self.ANALYSES))
        assert [label.get_text() for label in axis.get_xticklabels()] == ["1.h1", "2.mlp"]

    def test_a_kind_of_ablation_has_its_seeds_and_its_mean(self):
        axis = Figure().subplots()
        plot_parts(axis, accuracy_without_parts(self.ANALYSES))
        its = styles(ABLATIONS)
        drawn = [
            (line.get_marker(), line.get_ydata().tolist())
            for line in axis.lines
            if line.get_color() == its["zero"].colour
        ]
        zero = [(".", [0]), (".", [pytest.approx(0.2)]), (its["zero"].marker, [pytest.approx(0.1)])]
        assert drawn == zero


class TestDirectEffects:
    ANALYSES = table(
        *((seed, "direct_effect_token_embedding", -1.0, None, None, None) for seed in (0, 1)),
        *((seed, "direct_effect_attention", 4.0 + seed, 1, None, None) for seed in (0, 1)),
        kind="logits",
    )

    def test_a_logit_difference_is_not_cut_at_one(self):
        effects = direct_effects(self.ANALYSES).set_index("part")
        assert effects.loc["token", "mean"] == -1
        assert effects.loc["2.attention", "mean"] == 4.5
        assert effects.loc["2.attention", "low"] < 4.5 < effects.loc["2.attention", "high"]

    def test_embeddings_come_first(self):
        axis = Figure().subplots()
        plot_direct_effects(axis, direct_effects(self.ANALYSES), styles(["one"]))
        assert [label.get_text() for label in axis.get_xticklabels()] == ["token", "2.attention"]
        *seeds, mean = [line.get_ydata().tolist() for line in axis.lines[1:]]
        assert seeds == [[-1, 4], [-1, 5]]
        assert mean == [-1, 4.5]


def test_what_follows_the_donor_is_told_by_place_and_replacement():
    analyses = table(
        *((seed, "patch_written_follows", 0.5 + seed / 10, 1, None, 1) for seed in (0, 1)),
        *((seed, "patch_random_follows", 0.1, 1, None, 1) for seed in (0, 1)),
        (0, "patch_written_follows", 0.9, 0, None, 1),
        (0, "patch_written_follows", 0.9, 1, None, 0),
        (0, "patch_written_keeps", 0.9, 1, None, 1),
    )
    found = follows_donor(analyses, layer=1, position=1)
    assert found["replacement"].tolist() == ["written", "random"]
    assert found["mean"].tolist() == pytest.approx([0.55, 0.1])


def test_attention_is_divided_among_positions():
    rows = [
        (seed, "attention", share, 0, head, position)
        for seed in (0, 1)
        for head, shares in enumerate([(0.2, 0.8), (0.4, 0.6)])
        for position, share in enumerate(shares)
    ]
    axis = Figure().subplots()
    plot_attention(axis, table(*rows), styles(["one"]))
    assert [bar.get_width() for bar in axis.patches] == pytest.approx([0.3, 0.7])
    (borders,) = [line.get_xdata().tolist() for line in axis.lines]
    assert borders == [0.2, 0.4, 0.2, 0.4]


class TestLearning:
    MEASURES = pd.DataFrame(
        [
            ("one", seed, step, split, measure, value)
            for seed in (0, 1)
            for step in (0, 10)
            for split in ("train", "oo")
            for measure, value in (("loss", 10.0 ** (seed - 1)), ("accuracy", 0.5), ("rank", 3.0))
        ],
        columns=["condition", "seed", "step", "split", "measure", "value"],
    ).assign(kind=lambda its: its["measure"].map({"loss": "nats", "accuracy": "share"}))

    def test_losses_have_a_geometric_mean(self):
        curves = learning_curves(self.MEASURES).set_index(["measure", "split", "step"])
        assert set(curves.index.get_level_values("measure")) == {"loss", "accuracy"}
        first = curves.loc["loss", "oo", 0]
        assert first[["mean", "seed_0", "seed_1"]].tolist() == pytest.approx([10**-0.5, 0.1, 1])
        assert first["low"] * first["high"] == pytest.approx(0.1)  # the logarithm's isn't cut at 0
        assert curves.loc["accuracy", "oo", 0]["mean"] == 0.5

    def test_a_loss_of_zero_can_be_drawn(self):
        none = self.MEASURES.assign(value=0.0)
        assert (learning_curves(none).query("measure == 'loss'")["mean"] > 0).all()

    def test_a_column_per_split(self):
        curves = learning_curves(self.MEASURES)
        splits = {"train": "trained", "oo": "held out"}
        figure = plot_learning(curves, splits, styles(["one"]), {"one": "the one"}, decay_start=5)
        above = figure.axes[:2]
        assert [axis.get_title() for axis in above] == ["trained", "held out"]
        assert {axis.get_yscale() for axis in above} == {"log"}
        assert figure.axes[2].get_ylabel() == "accuracy (n = 2 seeds)"
