"""A condition's page: its settings, how its runs learn, what its models look at, and its files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from onset.gallery.curves import learning_curves
from onset.gallery.render import render
from onset.gallery.tables import interval, rows_of
from onset.store.layout import RunFolder
from onset.store.tables import load_table

_IN_SHORT = ("accuracy", "loss")
_FILES = {
    "settings": [f"{stage}.yaml" for stage in ("dataset", "training", "measures", "analyses")],
    "dataset": ["dataset.safetensors"],
    "training log": ["training.parquet"],
    "measures": ["measures.parquet"],
    "analyses": ["analyses.parquet"],
}


def condition_page(folder: Path, study: Mapping[str, Any], condition: Mapping[str, Any]) -> str:
    """The page of one condition.

    Args:
        folder: of the study, `results/STUDY`.
        study: as the pages' job is told of it.
        condition: as the study has it, one of its `conditions`.
    """
    name = condition["name"]
    runs = [RunFolder(folder / name / f"seed_{seed}") for seed in condition["seeds"]]
    curves = learning_curves(
        [load_table(run.training_log)[0] for run in runs],
        [load_table(run.measures)[0] for run in runs],
    )
    views = folder / name / "views.json"
    return render(
        "condition.html",
        title=f"{study['title']}: {condition['label']}",
        path=[("Onset", "../../index.html"), (study["title"], "../index.html")],
        study=study,
        condition=condition,
        curves=curves,
        final=_final(folder / "summary.csv", name),
        runs=[_files(run) for run in runs],
        settings=_settings(runs[0]),
        views=views.read_text(encoding="utf-8") if condition["has_heads"] else None,
    )


def _final(summary: Path, condition: str) -> dict[str, Any]:
    """Accuracy and loss at the last checkpoint: a row per split, an interval per measure."""
    by_split: dict[str, dict[str, str]] = {}
    for row in rows_of(summary, condition=condition):
        if row["measure"] in _IN_SHORT and row["split"]:
            by_split.setdefault(row["split"], {})[row["measure"]] = interval(row)
    measures = [its for its in _IN_SHORT if any(its in row for row in by_split.values())]
    rows = [[split, *(its.get(m, "") for m in measures)] for split, its in by_split.items()]
    return {"columns": ["split", *measures], "rows": rows}


def _files(run: RunFolder) -> dict[str, Any]:
    """What a person may want to take home of a run, by what it is."""
    there = {
        kind: [name for name in names if (run.path / name).exists()]
        for kind, names in _FILES.items()
    }
    index = json.loads(run.checkpoint_index.read_text(encoding="utf-8"))
    steps = sorted(map(int, index["checkpoints"]))
    checkpoints = [(step, run.checkpoint(step).name) for step in steps]
    return {"seed": run.seed, "files": there, "checkpoints": checkpoints}


def _settings(run: RunFolder) -> Sequence[tuple[str, str]]:
    """Each stage's settings as they were, defaults spelled out, without the record's first line."""
    stages = [stage.removesuffix(".yaml") for stage in _FILES["settings"]]
    return [
        (stage, path.read_text(encoding="utf-8").split("\n", 1)[1])
        for stage in stages
        if (path := run.settings(stage)).exists()
    ]
