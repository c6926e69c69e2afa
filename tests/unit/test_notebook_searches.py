"""Rows about searches, of known answers."""

from __future__ import annotations

import pandas as pd

from onset.notebook import searches


def rows(columns: str, *values: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(values), columns=columns.split()).assign(kind="share")


def means(found: pd.DataFrame, *columns: str) -> list[list]:
    return found[[*columns, "mean"]].values.tolist()


def test_chance_is_called_what_it_is_the_chance_of():
    final = rows(
        "condition seed split measure component value",
        ("star", 0, "test", "first_by_chance", None, 0.5),
        ("star", 0, "test", "first_by_chance", 3, 0.4),
        ("star", 0, "train", "first_by_chance", None, 0.3),
        ("star", 0, "test", "nearest_by_chance", None, 0.2),
        ("star", 0, "test", "first_right", None, 0.9),
    )
    found = searches.by_chance(final)[["measure", "value"]].values.tolist()
    assert found == [["first_right", 0.5], ["nearest_taken", 0.2]]


def test_by_the_steps_from_start_to_goal():
    final = rows(
        "condition seed split measure component value",
        ("star", 0, "test", "first_right", 2, 0.5),
        ("star", 1, "test", "first_right", 2, 1.0),
        ("star", 0, "test", "first_right", None, 0.1),  # of all together
        ("maze", 0, "test", "first_right", 2, 0.2),
        ("star", 0, "test", "search_reached", 2, 0.3),
    )
    found = searches.by_steps(final, ["first_right"], ["star"])
    assert means(found, "condition", "measure", "apart") == [["star", "first_right", 2, 0.75]]


def test_what_is_read_from_states_and_from_the_ends_alone():
    closer = rows(
        "condition seed measure layer component value",
        ("star", 0, "ahead_read", 1, 2, 0.6),
        ("star", 0, "aside_read", 1, 2, 0.3),
        ("star", 0, "ahead_by_ends", None, 2, 0.2),
        ("star", 0, "distance_read", 1, None, 0.7),
        ("star", 0, "distance_by_ends", None, None, 0.1),
        ("maze", 0, "ahead_read", 1, 2, 0.9),
    )
    found = searches.read_ahead(closer, ["star"])
    assert sorted(means(found, "measure", "read", "steps")) == [
        ["ahead_read", "1", 2, 0.6],
        ["ahead_read", "ends", 2, 0.2],
        ["aside_read", "1", 2, 0.3],
    ]
    assert searches.blocks(found) == {"1": "after 1", "ends": "start and goal alone"}
    known = searches.distances(closer, ["star"])
    assert sorted(means(known, "condition", "read")) == [["star", "1", 0.7], ["star", "ends", 0.1]]


EXCHANGED = rows(
    "condition seed measure layer component value",
    ("star", 0, "exchanged_frontier", 1, 0, 0.6),
    ("star", 0, "exchanged_frontier", 1, 1, 0.3),
    ("star", 1, "exchanged_frontier", 1, 0, 0.5),
    ("star", 1, "exchanged_frontier", 1, 1, 0.7),
    ("star", 0, "exchanged_frontier", 1, 3, 0.9),  # not shown
    ("star", 0, "exchanged_answer", 1, None, 0.1),
    ("star", 0, "exchanged_own", 1, None, 0.2),
    ("star", 0, "moved_frontier", 1, 0, 0.4),
    ("star", 0, "moved_own", 1, None, 0.8),
    ("star", 0, "exchanged_frontier", 2, 0, 0.05),
)


def test_what_is_followed_after_an_exchange():
    found = searches.exchanged(EXCHANGED, ["star"])
    assert sorted(means(found[found["layer"] == 1], "follows")) == [
        ["answer", 0.1],
        ["frontier_0", 0.55],
        ["frontier_1", 0.5],
        ["moved_0", 0.4],
        ["own", 0.2],
    ]
    assert set(found["follows"]) <= set(searches.HELD)


def test_a_step_against_the_goal_alone_after_the_first_block():
    found = searches.one_step_or_none(EXCHANGED, "star")
    assert found.set_index("seed")["value"].round(3).to_dict() == {0: -0.3, 1: 0.2}


def test_doses_are_quarters_of_the_difference():
    closer = rows(
        "condition seed measure layer component value",
        ("maze", 0, "steered_back", 1, -2, 0.5),
        ("maze", 0, "steered_back", 1, 4, 0.7),
        ("maze", 0, "random_back", 1, 4, 0.1),
    )
    found = searches.steered(closer, ["steered_back"])
    assert found[["quarters", "dose"]].values.tolist() == [[-2, -0.5], [4, 1]]
