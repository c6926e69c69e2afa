"""Typeset the paper: gather figures, tables and numbers beside its sources and run latexmk.

The folder `source` beside the PDF then holds all that the paper is made of, and compiles alone.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from onset.latex import definitions, escape
from onset.stages.command import StageError, log, run_stage, settings_argument
from onset.store.atomic import write_bytes, write_text

_MOST_LINES = 12  # of LaTeX's errors that are shown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sources", type=Path, help="the folder with paper.tex")
    parser.add_argument("results", type=Path, help="the folder with the studies' results")
    parser.add_argument("--settings", type=settings_argument, required=True, help="JSON: `studies`")


def work(arguments: argparse.Namespace) -> None:
    target = arguments.results / "paper"
    source = target / "source"
    if source.exists():
        shutil.rmtree(source)
    shutil.copytree(arguments.sources, source)
    studies = arguments.settings["studies"]
    for study in studies:
        folder = arguments.results / study["name"]
        for kind, suffix in (("figures", "pdf"), ("tables", "tex")):
            (source / kind / study["name"]).mkdir(parents=True)
            for item in study[kind]:
                name = f"{item['name']}.{suffix}"
                shutil.copy(folder / kind / name, source / kind / study["name"] / name)
    write_text(source / "generated.tex", _generated(arguments.results, studies))
    write_text(source / "studies.tex", "".join(_section(source, study) for study in studies))
    _typeset(source)
    write_bytes(target / "paper.pdf", (source / "paper.pdf").read_bytes())


def _generated(results: Path, studies: list[dict[str, Any]]) -> str:
    """Every number and caption that the text may ask for."""
    lines = ["% Written by the pipeline; numbers come from the notebooks.\n"]
    for study in studies:
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


def _typeset(source: Path) -> None:
    """Run latexmk.

    Raises:
        StageError: with LaTeX's own words.
    """
    command = [
        "latexmk",
        "-pdf",
        "-interaction=nonstopmode",
        "-halt-on-error",
        "-file-line-error",
        "paper.tex",
    ]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    try:
        result = subprocess.run(
            command, cwd=source, env=environment, capture_output=True, text=True, errors="replace"
        )
    except FileNotFoundError:
        raise StageError(
            "latexmk isn't installed; `make setup` tells how, `paper: false` does without"
        ) from None
    if result.returncode:
        lines = result.stdout.splitlines()
        wrong = [i for i, line in enumerate(lines) if line.startswith("!") or ".tex:" in line]
        start = wrong[0] if wrong else max(len(lines) - _MOST_LINES, 0)
        raise StageError("LaTeX failed:\n" + "\n".join(lines[start : start + _MOST_LINES]))
    log.info("%s", source / "paper.pdf")


if __name__ == "__main__":
    run_stage("paper", __doc__, work, add_arguments)
