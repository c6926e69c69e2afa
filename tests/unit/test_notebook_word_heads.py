"""Heads for tasks in words: chosen on some questions, measured on others, beside their nulls."""

from __future__ import annotations

import pandas as pd
import pytest

from onset.notebook.study import NotebookStudy
from onset.notebook.word_heads import WordHeads, chosen_elsewhere


def effects(condition: str, values: dict[tuple[str, int], list[float]]) -> pd.DataFrame:
    """What the heads of one layer write, by split and seed."""
    rows = [
        {"condition": condition, "seed": seed, "measure": "head_effect", "split": split, "layer": 2.0,
         "head": float(head), "value": value, "kind": "logits", "n_examples": 12}
        for (split, seed), its in values.items()
        for head, value in enumerate(its)
    ]  # fmt: skip
    return pd.DataFrame(rows)


# By its own questions, seed 1 would choose head 1 and seed 2 head 0; by the others', the other way round.
TRAINED = effects(
    "words",
    {
        ("days", 0): [0.0, 1.0, 0.1],
        ("days", 1): [0.0, 2.2, 0.2],
        ("days", 2): [2.5, 0.5, 0.3],
        ("days_shuffled", 0): [0.0, -1.0, 9.0],
        ("days_shuffled", 1): [0.0, -2.0, 9.0],
        ("days_shuffled", 2): [7.0, 0.25, 9.0],
    },
)


@pytest.mark.parametrize(
    ("answers", "seed", "value"),
    [
        ("right", 0, 1.0),
        ("others", 0, -1.0),
        ("right", 1, 0.0),
        ("right", 2, 0.5),
        ("others", 2, 0.25),
    ],
)
def test_own_questions_have_no_say(answers, seed, value):
    found = chosen_elsewhere(TRAINED).set_index(["answers", "seed"])["value"]
    assert found[answers, seed] == value


def test_one_seed_has_no_others():
    alone = TRAINED[TRAINED["seed"] == 2]
    found = chosen_elsewhere(alone).set_index("answers")["value"]
    assert dict(found) == {"right": 2.5, "others": 7.0}


def test_a_table_beside_an_untrained_model(tmp_path):
    untrained = effects(
        "words_untrained",
        {
            (split, seed): [0.01, 0.03, 0.02]
            for split in ("days", "days_shuffled")
            for seed in range(3)
        },
    )
    study = NotebookStudy(tmp_path, ("words", "words_untrained"), (0, 1, 2))
    study.__dict__["closer"] = pd.concat([TRAINED, untrained])
    of_both = WordHeads(study, "words", "words_untrained")
    table = of_both.in_words({"months": "months", "days": "days of the week"})
    assert table["task"].tolist() == ["days of the week"]
    assert table["head"].tolist() == ["L2H1"]
    assert table["untrained"].tolist() == ["0.03 [0.03, 0.03]"]
    written = of_both.written.set_index("answers")["mean"]
    assert written["right"] == pytest.approx(0.5)
    assert written["others"] == pytest.approx((-1.0 + 0.0 + 0.25) / 3)
