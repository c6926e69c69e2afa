"""Of which model a notebook speaks, and where its states reveal positions."""

from __future__ import annotations

import pandas as pd
import pytest

from onset.notebook.real_model import as_typeset, positions, the_model
from onset.notebook.study import NotebookStudy
from tests import checkpoints


def study_of(folder, **columns) -> NotebookStudy:
    its = NotebookStudy(folder, ("asked", "other"), (0, 1))
    its.__dict__.update(columns)
    return its


def test_the_model_of_the_first_condition_is_named(tmp_path):
    models = {
        name: {
            "name": "pretrained",
            "checkpoint": str(checkpoints.save("llama", tmp_path / folder)),
        }
        for name, folder in (("asked", "my_own"), ("other", "theirs"))
    }
    settings = {name: {"model": model} for name, model in models.items()}
    found = the_model(study_of(tmp_path, settings=settings)).set_index("what")
    assert found.loc["name", "said"] == "my_own"
    assert as_typeset(found.loc["name"]) == r"my\_own"


@pytest.mark.parametrize(
    ("depth", "thirds", "last"), [(3, 2.0, 3.0), (30, 20.0, 30.0), (2, 1.0, 2.0)]
)
def test_positions_are_told_early_late_and_last(depth, thirds, last, tmp_path):
    """What is read off after so many blocks is their number, and one more in the other seed."""
    rows = [
        {"condition": "asked", "seed": seed, "step": 0, "measure": measure, "split": None,
         "layer": float(layer), "kind": "real", "value": layer + seed}
        for seed in (0, 1)
        for measure in ("position_explained", "position_explained_by_kernel", "loss")
        for layer in range(depth + 1)
    ]  # fmt: skip
    found = positions(study_of(tmp_path, final=pd.DataFrame(rows)), ["asked"])
    assert set(found["measure"]) == {"position_explained", "position_explained_by_kernel"}
    linear = found[found["measure"] == "position_explained"].set_index("when")["mean"]
    assert dict(linear) == {"first": 1.5, "thirds": thirds + 0.5, "last": last + 0.5}
