"""Rows about the steps of thoughts, of known answers."""

from __future__ import annotations

import pandas as pd

from onset.notebook import thought_steps as steps
from onset.tasks.reasoning import thought

K = 3
WORLD = thought.generate(
    thought.Settings(name="thought", n_steps=K, n_train=20, n_test=10, n_states=4), 0
)


def rows(columns: str, *values: tuple) -> pd.DataFrame:
    return pd.DataFrame(list(values), columns=columns.split()).assign(kind="share")


def means(found: pd.DataFrame, *columns: str) -> list[list]:
    return found[[*columns, "mean"]].values.tolist()


def test_answers_by_the_step_that_is_changed():
    final = rows(
        "condition seed split measure component value",
        ("whole", 0, "edited", "written_rival", 1, 0.5),
        ("whole", 1, "edited", "written_rival", 1, 1.0),
        ("whole", 0, "edited", "written_rival", None, 0.1),  # of all steps together
        ("whole", 0, "test", "written_rival", 1, 0.2),
        ("whole", 0, "edited", "states_right", 1, 0.3),
        ("filler", 0, "edited", "written_rival", 1, 0.4),
    )
    found = steps.by_step_changed(final, ["whole"])
    wanted = [["whole", "written_rival", 1, 0.75]]
    assert means(found, "condition", "measure", "step_changed") == wanted


def test_what_begins_when():
    measures = rows(
        "condition seed step split measure component value",
        ("whole", 0, 5, "test", "written_right", None, 0.5),
        ("whole", 0, 5, "edited", "written_right", None, 0.1),
        ("whole", 0, 5, "edited", "written_rival", None, 0.7),
        ("whole", 0, 5, "edited", "written_rival", 2, 0.2),
        ("filler", 0, 5, "test", "written_right", None, 0.3),
    )
    assert means(steps.over_training(measures, ["whole"]), "shown", "step") == [
        ["right on new questions", 5, 0.5],
        ["follows a change", 5, 0.7],
    ]


def test_answers_by_the_steps_that_are_kept():
    closer = rows(
        "condition seed measure component value",
        *(("whole", 0, "early_right", kept, kept / 2) for kept in range(K)),
        ("whole", 0, "resumed_right", 0, 0.9),
        ("whole", 0, "resumed_same", 0, 0.8),
        ("hinted", 0, "early_right", 0, 0.7),
    )
    found = steps.by_steps_kept(closer, {"whole": "whole thoughts"})
    named = steps.named_by_steps(found, n_steps=K)
    assert means(named, "measure", "but") == [
        ["early_right", "none", 0.0],
        ["early_right", "but_one", 0.5],
        ["early_right", "all", 1.0],
        ["resumed_right", "none", 0.9],
    ]


def test_places_are_those_of_the_world():
    length = WORLD.length
    names = [WORLD.vocabulary[token] for token in WORLD.splits["test"].tokens[0]]
    closer = rows(
        "condition seed measure layer position value",
        *(("whole", 0, "answer_read", 1, at, at / 100) for at in range(length)),
        ("whole", 0, "place_patched", 1, 0, 0.5),
    )
    found = steps.named_by_place(steps.by_place(closer, steps.READ, ["whole"]), n_steps=K)
    at = found.dropna(subset=["at"]).set_index("at")["position"].to_dict()
    assert names[at["before"]] == ":"
    assert names[at["answer"]] == "="
    assert WORLD.splits["test"].truth["step"][0, at["step"]] == K - 1
    assert at["answer"] == length - 2
    assert len(found) == length


def test_the_head_that_carries_a_step():
    found = []
    for head, (patched, random, looks, earlier) in enumerate(
        [(0.2, 0.0, 0.3, 0.1), (0.7, 0.1, 0.6, 0.0), (0.4, 0.2, 0.1, 0.2)]
    ):
        for measure, value in (
            ("head_patched", patched), ("head_random", random), ("step_attention", looks),
            ("earlier_attention", earlier),
        ):  # fmt: skip
            found.append(("whole", 0, measure, 0, head, value))
            # In the other seed it is a head of the second layer.
            found.append(("whole", 1, measure, 1 - head % 2, head, value if head != 1 else 0.1))
    its = steps.carriers(rows("condition seed measure layer head value", *found))
    assert its[["seed", "layer", "head"]].values.tolist() == [[0, 0, 1], [1, 1, 2]]
    assert its["patched"].tolist() == [0.7, 0.4]
    assert its["second"].tolist() == [0.4, 0.2]
    assert its.loc[0, ["random", "looks", "earlier"]].tolist() == [0.1, 0.6, 0.0]
    assert set(steps.CARRIED) < set(its)
