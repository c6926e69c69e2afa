"""A condition's page: its settings, how its runs learn, what its models look at, and its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from onset.gallery.curves import learning_curves
from onset.gallery.means import Quantities, one_by_one, side_by_side
from onset.gallery.render import render
from onset.statistics.means import Means
from onset.statistics.spread import MOST_LINES
from onset.store.layout import RunFolder
from onset.store.reading import read_json, read_text
from onset.store.tables import load_table

_STAGES = ("dataset", "training", "measures", "analyses")


def condition_page(
    folder: Path,
    study: Mapping[str, Any],
    condition: Mapping[str, Any],
    means: Means,
    quantities: Quantities,
) -> str:
    """The page of one condition.

    Args:
        folder: of the study, `results/STUDY`.
        study: as the pages' job is told of it.
        condition: as the study has it, one of its `conditions`.
        means: of the study.
        quantities: of the study.
    """
    name = condition["name"]
    its_means = [its for its in means.values() if its.condition == name]
    runs = [RunFolder(folder / name / f"seed_{seed}") for seed in condition["seeds"]]
    curves = learning_curves(
        [load_table(run.training_log)[0] for run in runs],
        [load_table(run.measures)[0] for run in runs],
        quantities,
    )
    views = folder / name / "views.json"
    return render(
        "condition.html",
        title=f"{study['title']}: {condition['label']}",
        path=[("Onset", "../../index.html"), (study["title"], "../index.html")],
        study=study,
        condition=condition,
        curves=curves,
        most_lines=MOST_LINES,
        by_split=side_by_side(its_means, quantities),
        means=one_by_one(its_means, quantities),
        runs=[_files(run) for run in runs],
        settings=_settings(runs[0]),
        views=read_text(views) if condition["has_heads"] else None,
    )


def _files(run: RunFolder) -> dict[str, Any]:
    """What a person may want to download from a run, by what it is."""
    files = {
        **{f"{stage}.yaml": run.settings(stage) for stage in _STAGES},
        "dataset": run.dataset,
        "training log": run.training_log,
        "measures": run.measures,
        "analyses": run.analyses,
    }
    there = {kind: path.name for kind, path in files.items() if path.exists()}
    index = read_json(run.checkpoint_index)
    steps = sorted(map(int, index["checkpoints"]))
    checkpoints = [(step, run.checkpoint(step).name) for step in steps]
    return {"seed": run.seed, "files": there, "checkpoints": checkpoints}


def _settings(run: RunFolder) -> Sequence[tuple[str, str]]:
    """Each stage's settings as they were, defaults spelled out, without the record's first line."""
    return [
        (stage, read_text(path).split("\n", 1)[1])
        for stage in _STAGES
        if (path := run.settings(stage)).exists()
    ]
