"""Parts of a circuit over training: which head plays one, when it is half way, and when it isn't there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from onset.statistics.name_parts import (
    DUPLICATE,
    INDUCTION,
    INHIBITION,
    LOOKS,
    MOVER,
    NEGATIVE,
    PREVIOUS,
    lags,
    parts_of,
    risen,
    when_half,
)

RIGHT, RIVAL, REPEAT = "end_to_right", "end_to_rival", "end_to_repeat"


def heads(*rows: dict) -> pd.DataFrame:
    """Of one run with two layers of one head each, at one step; 0, where nothing is said."""
    found = []
    for step, said in enumerate(rows):
        for layer in (0, 1):
            for measure in (*LOOKS.values(), RIGHT, RIVAL, "writes_lead"):
                value = said.get((measure, layer), 0.0)
                found.append(("one", 0, "ioi", 10 * step, measure, layer, 0, value))
    columns = ["condition", "seed", "split", "step", "measure", "layer", "head", "value"]
    return pd.DataFrame(found, columns=columns).drop_duplicates()


def part(rows: pd.DataFrame, name: str) -> list[float]:
    return rows.loc[rows["part"] == name].sort_values("step")["value"].tolist()


def test_a_part_is_as_far_as_the_head_that_plays_it_most():
    found = parts_of(
        heads({("to_previous", 0): 0.2, ("to_previous", 1): 0.7, ("repeat_to_first", 1): 0.3})
    )
    assert part(found, PREVIOUS) == [0.7]
    assert part(found, DUPLICATE) == [0.3]
    assert part(found, INDUCTION) == [0.0]
    assert set(found["kind"]) == {"share", "logits"}


def test_nothing_in_the_last_layer_inhibits():
    found = parts_of(heads({(REPEAT, 0): 0.3, (REPEAT, 1): 0.9}))
    assert part(found, INHIBITION) == [0.3]


@pytest.mark.parametrize(
    ("looks", "writes", "mover", "negative"),
    [
        ({RIGHT: 0.6, RIVAL: 0.2}, 1.5, 1.5, 0),
        ({RIGHT: 0.6, RIVAL: 0.2}, -1.5, 0, 1.5),
        ({RIGHT: 0.2, RIVAL: 0.6}, 1.5, 0, 0),  # looks at the other one
        ({RIGHT: 0.4, RIVAL: 0.3, REPEAT: 0.2}, 1.5, 0, 0),
    ],
)
def test_movers_look_at_the_right_name_and_write(looks, writes, mover, negative):
    said = {(measure, 1): value for measure, value in looks.items()}
    found = parts_of(heads({**said, ("writes_lead", 1): writes}))
    assert (part(found, MOVER), part(found, NEGATIVE)) == ([mover], [negative])


def test_heads_of_the_first_layer_move_nothing():
    found = parts_of(heads({(RIGHT, 0): 0.9, ("writes_lead", 0): 2.0}))
    assert part(found, MOVER) == [0]


def curve(*values: float, seed: int = 0) -> pd.DataFrame:
    steps = 10 * np.arange(len(values))
    told = {"condition": "one", "seed": seed, "step": steps, "value": values}
    return pd.DataFrame(told)


def test_half_way_is_between_the_first_value_and_the_last():
    (its,) = risen(curve(0.2, 0.3, 0.5, 0.6), 0.1).itertuples()
    assert (its.after, its.at, its.before) == (10, pytest.approx(15), 20)


def test_what_hasnt_grown_comes_after_the_last_checkpoint():
    (its,) = risen(curve(0.2, 0.5, 0.25), 0.1).itertuples()
    assert (its.after, its.before) == (20, np.inf)
    assert np.isnan(its.at)


def test_lags_are_below_zero_where_a_part_comes_sooner():
    parts = curve(0.0, 1.0, 1.0, 1.0).assign(part=PREVIOUS, kind="share")
    lead = risen(curve(0.0, 0.0, 0.0, 1.0), 0.2)
    found = lags(when_half(parts), lead)[PREVIOUS]
    assert found["at"].item() == pytest.approx(-20)
    assert found["before"].item() < 0
