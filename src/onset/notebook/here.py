"""The first line of every notebook: opens its study, for everything that is drawn and made from it.

from onset.notebook.here import here

study = here(study_name, results)
"""

from __future__ import annotations

import json
from pathlib import Path

from onset.figures.style import use_style
from onset.notebook.predictions import Predicted
from onset.notebook.study import NotebookStudy
from onset.notebook.summary_table import MeanOf
from onset.store.layout import ELSEWHERE, results_with

__all__ = ["MeanOf", "Predicted", "here"]


def here(study_name: str, results: str | Path = "results") -> NotebookStudy:
    """Open the study that a notebook is about, and set matplotlib up for the paper.

    What there is of it (conditions with their labels, seeds, analyses, what the literature says), and with
    what code it is looked at, is in
    `results/STUDY/settings/notebook.json`, which Snakemake writes before the notebook runs.

    Args:
        study_name: its name.
        results: the folder of results; from where a notebook lies, it is looked for above, too.

    Raises:
        FileNotFoundError: there is no such file.
    """
    folder = results_with(study_name, results) / study_name
    path = folder / "settings" / "notebook.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"no {path}, in which the conditions of the study stand: "
            f"`snakemake --cores all {folder}/notebook.html` makes it and all else; {ELSEWHERE}"
        )
    use_style()
    told = json.loads(path.read_text(encoding="utf-8"))
    variants = told.get("variants", {})
    return NotebookStudy(
        folder=folder,
        conditions=tuple(name for name in told["conditions"] if name not in variants),
        variants={name: variants[name] for name in told["conditions"] if name in variants},
        seeds=tuple(told["seeds"]),
        code=told["code"],
        analysed=tuple(name for name in told["analysed"] if name not in variants),
        extra_seeds=told["extra_seeds"],
        compared=tuple(told["compared"]),
        quoted=tuple(told.get("quoted", ())),
        labels=told["labels"],
        reference=told["reference"],
        smoke=told.get("smoke", False),
    )
