"""What is made of models that were trained with hints, on rows whose answers are known."""

from __future__ import annotations

import pandas as pd
import pytest

from onset.notebook import hints


def rows(columns: str, *values: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(values), columns=columns.split())


def test_conditions_are_told_apart_by_their_hints():
    def world(share: float, tells: str) -> dict:
        return {"task": {"hints": share, "tells": tells}}

    settings = {
        "whole": world(0, "nothing"), "hinted": world(0.5, "nothing"),
        "telling": world(0.5, "hints"), "filler": world(0, "nothing"), "freely": world(0, "freely"),
    }  # fmt: skip
    assert hints.by_hints(settings) == (["whole", "filler"], ["hinted"], ["telling", "freely"])


ENDS = {0: 0.1, 1: 0.2, 2: 0.3, 3: 0.4, 4: 0.5}
"""how often each seed follows the hint in the end: as its early loss says; on the way, twice as often"""


@pytest.fixture(scope="module")
def fate():
    found = []
    for seed, end in ENDS.items():
        for step, part in ((0, 0.0), (10, 2.0), (20, 1.0)):
            found += [
                ("quarter", seed, step, "written_rival", "misled", part * end),
                ("quarter", seed, step, "written_right", "test", 0.5 - part * end / 10),
                ("quarter", seed, step, "loss", "test", end),
                ("half", seed, step, "written_rival", "misled", 0.9),
                ("quarter", seed, step, "written_rival", "edited", 0.8),
            ]
    measured = rows("condition seed step measure split value", *found).assign(component=None)
    return hints.fate(measured, "quarter", 5)


class TestFate:
    def test_what_is_known_early_is_on_the_line_between_checkpoints(self, fate):
        of_last = fate.known.loc[("quarter", 4)].to_dict()
        wanted = {"follows the hint": 0.5, "right": 0.45, "loss": 0.5}
        assert of_last == pytest.approx(wanted)

    def test_end_and_peak(self, fate):
        assert fate.end.droplevel("condition").to_dict() == ENDS
        assert (fate.peak / fate.end).tolist() == pytest.approx([2.0] * 5)

    def test_the_end_is_foretold(self, fate):
        assert fate.foretold.error == pytest.approx(0.0)
        assert fate.foretold.p < 0.05

    def test_all_of_it_in_a_table(self, fate):
        assert fate.table.index.tolist() == [0, 1, 2, 3, 4, "rank correlation"]
        last = fate.table.iloc[-1].to_dict()
        wanted = {"follows the hint": 1.0, "right": -1.0, "loss": 1.0, "in the end": 1.0}
        assert last == pytest.approx(wanted)

    def test_in_words(self, fate):
        assert tuple(sorted(fate.said)) == tuple(sorted(hints.FATE))
        assert fate.said["each"] == "0.10, 0.20, 0.30, 0.40, 0.50"
        assert fate.said["n_seeds"] == "5"
        assert fate.said["peak"].startswith("0.60 [")
        assert fate.said["taken_back"].startswith("0.30 [")
        assert fate.said["error"] == "0.00"
        # From the median of the other four: .35, .35, .3, .25, .25.
        assert fate.said["median_error"] == "0.16"


class TestMonitors:
    COMPARED = rows(
        "comparison condition seed measure layer value",
        ("monitors", "freely", 0, "used_word", None, 1.0),
        ("monitors", "freely", 1, "used_word", None, 0.5),
        ("monitors", "freely", 0, "used_earlier_probe", 1, 0.5),
        ("monitors", "freely", 0, "used_earlier_probe", 2, 0.9),
        ("monitors", "freely", 0, "unhinted_chance", 2, 0.1),
        ("others", "freely", 0, "used_word", None, 0.3),
    ).assign(kind="share")

    def test_what_they_notice_of_one_layer(self):
        found = hints.noticed(self.COMPARED, layer=2)
        assert found[["watched", "monitor", "mean"]].values.tolist() == [
            ["freely/used", "word", 0.75],
            ["freely/used", "earlier_probe", 0.9],
            ["freely/unhinted", "chance", 0.1],
        ]

    def test_what_is_watched_has_a_name(self):
        found = hints.noticed(self.COMPARED, layer=2)
        labels = {"telling": "told", "freely": "left open"}
        assert hints.watched(found, labels) == {
            "freely/used": "left open: a hint is followed",
            "freely/unhinted": "left open: no hint",
        }
