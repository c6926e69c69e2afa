"""When models of stories learn what, in which order, and whether in one go."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.notebook.story_loss import borne
from onset.notebook.story_neurons import NO_KIND, StoryNeurons
from onset.notebook.story_order import learnt, same_order, sudden


def times(*of_seeds: dict[str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(name, seed, at) for seed, its in enumerate(of_seeds) for name, at in its.items()],
        columns=["shown", "seed", "value"],
    )


class TestSameOrder:
    FIRST = dict(zip("abcdefgh", (1.0, 2.0, 30.0, 4.0, 5.0, 7.0, 8.0, 9.0), strict=True))

    def test_it_is_one_in_the_same_order_and_minus_one_in_the_opposite(self):
        later = {name: 10 + 5 * at for name, at in self.FIRST.items()}
        other = {name: -at for name, at in self.FIRST.items()}
        found = same_order(same=times(self.FIRST, later), opposite=times(self.FIRST, other))
        found = found.set_index("what")
        assert found["mean"].tolist() == pytest.approx([1, -1])
        assert found.loc["same", "p"] < 0.01 < found.loc["opposite", "p"]
        assert found["n_names"].tolist() == [8, 8]

    def test_by_chance_it_is_about_nothing(self):
        rng = np.random.default_rng(0)
        drawn = [dict(enumerate(rng.random(200))) for _ in range(3)]
        found = same_order(drawn=times(*drawn))
        assert abs(found["mean"].item()) < 0.15
        assert found["p"].item() > 0.05

    def test_what_a_seed_lacks_is_left_out(self):
        later = {name: 2 * at for name, at in self.FIRST.items()}
        found = same_order(its=times({**self.FIRST, "z": 0.0}, later))
        assert found["mean"].item() == pytest.approx(1)
        assert found["n_names"].item() == 8
        assert same_order(its=times(self.FIRST)).empty


def test_half_of_the_way_of_a_loss():
    curves = pd.DataFrame(
        [
            ("one_layer", seed, number, step, loss)
            for seed in (0, 1)
            for number, losses in enumerate([(5.0, 1.0, 1.0), (4.0, 3.0, 2.0)])
            for step, loss in zip((0, 10, 20), losses, strict=True)
        ],
        columns=["condition", "seed", "component", "step", "value"],
    )
    found = learnt(curves, ["article", "song"]).set_index(["shown", "seed"])["value"]
    assert found["song", 0] == 10
    assert found["article", 1] == 5


def neurons() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "condition": "one_layer",
            "seed": [0, 0, 0, 0],
            "described": ["topic", "slot", NO_KIND, "silent"],
            "description": ["topic = music", "slot = verb", "token = a", ""],
            "facts": [["topic"], ["slot"], ["token", "next slot"], None],
            "added": [0.2, -0.1, 0.6, 0.0],
            "formed": [10.0, 30.0, np.nan, np.nan],
            "loss_formed": 20.0,
            "sharpness": [0.9, 0.1, 1.0, np.nan],  # that of no clean description doesn't count
            "loss_sharpness": 0.5,
        }
    )


def test_sudden_or_with_the_loss():
    found = sudden(neurons(), ["one_layer"]).set_index("what")["mean"]
    assert found["sharper"] == 0.5
    assert found["later"] == 0.5


def test_who_bears_the_loss():
    found = borne(neurons()).set_index("described")
    assert found["value"].sum() == pytest.approx(1)
    assert found["number"].tolist() == [0.25] * 4
    assert found.loc["topic", "value"] == pytest.approx(0.25)
    assert found.loc["slot", "value"] == 0
    # Of one that nothing fits cleanly, what fits best.
    assert found.loc["none: token or place", "value"] == pytest.approx(0.75)


def test_when_descriptions_began_to_fit():
    library = object.__new__(StoryNeurons)
    library.__dict__["neurons"] = neurons()  # looked through already
    found = library.when("one_layer").set_index("shown")["value"]
    assert found.to_dict() == {"topic = music": 10, "slot = verb": 30}
