"""Execute a study's notebook and render it to HTML that reads offline.

A parameter that the notebook doesn't know, or one that it knows and isn't given, is an error. A
notebook that fails is kept as `notebook.failed.ipynb`, with the error in it.
"""

from __future__ import annotations

import argparse
import copy
import logging
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from onset.parameters import Parameters
from onset.stages.command import StageError, log, run_stage, settings_argument
from onset.store.atomic import write_text

# A fixed date in every file that has one, so that the same results give the same bytes.
_EPOCH = "0"
# People read text and figures; who wants the code of a long cell opens it.
_FOLDED = """{%- extends "basic/index.html.j2" -%}
{%- block input -%}
{%- set lines = cell.source.splitlines() | length -%}
<details class="code"{% if lines <= 12 %} open{% endif %}>
<summary>code, {{ lines }} line{% if lines != 1 %}s{% endif %}</summary>
{{ super() }}
</details>
{%- endblock -%}
"""
_CELL_FILE = re.compile(r"\S*/ipykernel_\d+/(\d+)\.py")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", type=Path, help="the notebook, a Python file in percent format")
    parser.add_argument("study", type=Path, help="the study's folder, results/STUDY")
    parser.add_argument("--parameters", type=settings_argument, required=True, help="JSON")
    parser.add_argument("--figures", nargs="*", default=[], help="figures that it must make")
    parser.add_argument("--tables", nargs="*", default=[], help="tables that it must make")


def work(arguments: argparse.Namespace) -> None:
    notebook = read_notebook(arguments.notebook)
    check_parameters(arguments.notebook, notebook, arguments.parameters)
    # What an earlier call made mustn't pass for made by this one.
    made = arguments.study / "numbers.json"
    for stale in (
        made,
        arguments.study / "reference.csv",
        # The pages about figures, which lie beside them, are made anew later.
        *(p for p in (arguments.study / "figures").glob("*") if p.suffix != ".html"),
        *(arguments.study / "tables").glob("*"),
    ):
        stale.unlink(missing_ok=True)
    executed = execute(notebook, arguments.parameters, arguments.study)
    _check_made(arguments.study / "figures", ".pdf", arguments.figures)
    _check_made(arguments.study / "tables", ".tex", arguments.tables)
    if not made.exists():
        raise StageError(f"{arguments.notebook}: it made no numbers.json (study.save_numbers)")
    write_text(arguments.study / "notebook.ipynb", nbformat.writes(executed) + "\n")
    write_text(arguments.study / "notebook.html", to_html(executed, arguments.study.name))


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook with cell ids that don't change from one reading to the next."""
    notebook = jupytext.read(path, fmt="py:percent")
    if "kernelspec" not in notebook.metadata:
        raise StageError(f"{path}: its header names no kernelspec; copy that of another notebook")
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index:02d}"
    return notebook


def check_parameters(path: Path, notebook: nbformat.NotebookNode, given: Mapping[str, Any]) -> None:
    """Refuse unknown and missing parameters; papermill would only warn.

    Raises:
        StageError: naming them.
    """
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise StageError(f"{path}: expected one cell tagged `parameters`, found {len(cells)}")
    known = set(Parameters.of(cells[0].source).kinds)
    if unknown := sorted(set(given) - known):
        raise StageError(
            f"{path}: unknown parameters: {', '.join(unknown)} (known: {sorted(known)})"
        )
    if missing := sorted(known - set(given)):
        raise StageError(f"{path}: missing parameters: {', '.join(missing)}")


def execute(
    notebook: nbformat.NotebookNode, parameters: Mapping[str, Any], folder: Path
) -> nbformat.NotebookNode:
    """Run the notebook with papermill; the executed notebook, free of times and paths.

    Raises:
        StageError: a cell failed; the notebook up to there is kept as `notebook.failed.ipynb`.
    """
    os.environ.setdefault("SOURCE_DATE_EPOCH", _EPOCH)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    import papermill
    from traitlets.config import Config

    logging.getLogger("papermill").setLevel(logging.WARNING)
    kept = folder / "notebook.failed.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / ".notebook.source.ipynb"
    nbformat.write(notebook, source)
    # Sockets in the file system, which work with the network cut, and in a folder of their own: their
    # names are counted up, and notebooks that start at the same time would take the same ones.
    sockets = tempfile.TemporaryDirectory(prefix="onset-")
    kernel = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets.name}/kernel"}})
    try:
        papermill.execute_notebook(
            source, kept, dict(parameters), progress_bar=False, config=kernel
        )
    except papermill.PapermillExecutionError as error:
        raise StageError(
            f"cell {error.exec_count} failed with {error.ename}: {error.evalue} (see {kept})"
        ) from error
    finally:
        source.unlink()
        sockets.cleanup()
    executed = nbformat.read(kept, as_version=4)
    kept.unlink()
    executed.metadata.pop("papermill", None)
    _forget_the_process(executed)
    for index, cell in enumerate(executed.cells):
        cell["id"] = f"cell-{index:02d}"
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
    return executed


def _forget_the_process(notebook: nbformat.NotebookNode) -> None:
    """A warning names the cell that it comes from by a file that has the kernel's process id in it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "stream":
                output.text = _CELL_FILE.sub(r"cell \1", output.text)


def to_html(notebook: nbformat.NotebookNode, title: str) -> str:
    """A page that needs nothing from the web: pictures, styles and all are in the file."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="basic",
        raw_template=_FOLDED,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )
    from onset.gallery.maths import with_equations
    from onset.gallery.render import notebook_page

    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = with_equations(cell.source)
    body, _ = exporter.from_notebook_node(shown)
    return notebook_page(title, body)


def _check_made(folder: Path, suffix: str, declared: Iterable[str]) -> None:
    made = {path.stem for path in folder.glob(f"*{suffix}")}
    kind = folder.name
    if missing := sorted(set(declared) - made):
        raise StageError(
            f"the notebook didn't make the {kind} {', '.join(missing)}; it made: {sorted(made)}"
        )
    if surplus := sorted(made - set(declared)):
        raise StageError(
            f"the notebook made {kind} that the study doesn't declare: {', '.join(surplus)}"
        )
    log.info("%s: %s", kind, ", ".join(sorted(made)) or "none")


if __name__ == "__main__":
    run_stage("notebook", __doc__, work, add_arguments)
