"""Typeset the paper: gather figures, tables, settings and numbers beside its sources and run LaTeX.

The folder `source` beside the PDF then holds all that the paper is made of, and compiles alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
from pathlib import Path
from typing import Any

from onset.latex import definitions, escape
from onset.latex.conditions import conditions_table
from onset.latex.published import published_numbers, published_table
from onset.latex.settings import settings_tables
from onset.latex.typeset import LatexError, typeset
from onset.latex.values import seeds_in_words
from onset.own_files import left_about
from onset.stages.command import StageError, log, run_stage, settings_argument
from onset.store.atomic import write_bytes, write_text

_HEADER = "% Written by the pipeline; numbers come from the notebooks, settings from config/.\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", type=Path, help="the folder with paper.tex")
    parser.add_argument("results", type=Path, help="the folder with the studies' results")
    parser.add_argument(
        "--settings",
        type=settings_argument,
        required=True,
        help="JSON: `shown`, what there is to see of each study; `studies`, their settings; `seeds`",
    )


def work(arguments: argparse.Namespace) -> None:
    target, settings = arguments.results / "paper", arguments.settings
    source = target / "source"
    if source.exists():
        shutil.rmtree(source)
    shutil.copytree(arguments.sources, source, ignore=left_about)
    for study in settings["shown"]:
        folder = arguments.results / study["name"]
        for kind, suffix in (("figures", "pdf"), ("tables", "tex")):
            (source / kind / study["name"]).mkdir(parents=True)
            for item in study[kind]:
                name = f"{item['name']}.{suffix}"
                shutil.copy(folder / kind / name, source / kind / study["name"] / name)
    references = {
        its["title"]: _rows(arguments.results / its["name"] / "reference.csv")
        for its in settings["studies"]
        if its["has_reference"]
    }
    written = {
        "generated": _generated(arguments.results, settings, references),
        "studies": "".join(_section(source, study) for study in settings["shown"]),
        "settings": settings_tables(settings["studies"]),
        "conditions": "".join(map(conditions_table, settings["studies"])),
        **({"published": published_table(references)} if references else {}),
    }
    for name, text in written.items():
        write_text(source / f"{name}.tex", _HEADER + text)
    try:
        for line in typeset(source):
            log.warning("%s", line)
    except LatexError as error:
        raise StageError(str(error)) from None
    log.info("%s", source / "paper.pdf")
    write_bytes(target / "paper.pdf", (source / "paper.pdf").read_bytes())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _generated(results: Path, settings: dict[str, Any], references: dict[str, Any]) -> str:
    """Every number and caption that the text may ask for."""
    conditions = [its for study in settings["studies"] for its in study["conditions"]]
    of_all = {
        "n_studies": str(len(settings["studies"])),
        "n_conditions": str(len(conditions)),
        "n_runs": str(sum(len(its["seeds"]) for its in conditions)),
        "seeds": seeds_in_words(settings["seeds"]),
        "n_seeds": str(len(settings["seeds"])),
        **published_numbers(references),
    }
    lines = [definitions("onsetdefinenumber", {f"paper/{k}": v for k, v in of_all.items()})]
    for study in settings["shown"]:
        numbers = json.loads((results / study["name"] / "numbers.json").read_text(encoding="utf-8"))
        lines.append(
            definitions(
                "onsetdefinenumber", {f"{study['name']}/{k}": v for k, v in numbers.items()}
            )
        )
        captions = {
            f"{kind}/{study['name']}/{item['name']}": escape(item["caption"])
            for kind in ("figures", "tables")
            for item in study[kind]
        }
        lines.append(definitions("onsetdefinecaption", captions))
    return "".join(lines)


def _section(source: Path, study: dict[str, Any]) -> str:
    """The study's section: as written in sections/, or else its figures and tables under its question."""
    if (source / "sections" / f"{study['name']}.tex").exists():
        return f"\\input{{sections/{study['name']}}}\n"
    lines = [f"\\section{{{escape(study['title'])}}}\n{escape(study['question'])}\n"]
    lines += [
        f"\\onsetfigure{{{study['name']}}}{{{figure['name']}}}\n" for figure in study["figures"]
    ]
    lines += [f"\\onsettable{{{study['name']}}}{{{table['name']}}}\n" for table in study["tables"]]
    return "".join(lines)


if __name__ == "__main__":
    run_stage("paper", __doc__, work, add_arguments)
